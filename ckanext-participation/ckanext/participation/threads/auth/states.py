"""Who may change what becomes of a conversation: who may see it; the action asks for the asker or the organisation's staff."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights
from ckanext.participation.threads.auth.conversations import reads, reads_thread

__all__ = ["participation_organization_policy_set", "participation_organization_policy_show", "participation_thread_answer_set",
           "participation_thread_assign", "participation_thread_problem_set", "participation_thread_state_set"]


@tk.auth_disallow_anonymous_access
def participation_thread_state_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread; the action asks for the asker or the organisation's staff."""
    return reads_thread(context, data_dict.get("id"))


@tk.auth_disallow_anonymous_access
def participation_thread_problem_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread; the action asks for the organisation's staff."""
    return reads_thread(context, data_dict.get("id"))


@tk.auth_disallow_anonymous_access
def participation_thread_answer_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread; the action asks for the asker or the organisation's staff."""
    return reads_thread(context, data_dict.get("id"))


@tk.auth_disallow_anonymous_access
def participation_thread_assign(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread; the action asks for the organisation's staff."""
    return reads_thread(context, data_dict.get("id"))


@tk.auth_allow_anonymous_access
def participation_organization_policy_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the organisation."""
    return reads(context, "organization", data_dict.get("id"))


@tk.auth_disallow_anonymous_access
def participation_organization_policy_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the organisation."""
    return {"success": rights.administers(context, data_dict.get("id")),
            "msg": tk._("Only administrators of the organisation change this.")}
