"""Who may read and write messages: who may see the thread; whose message it is, the action asks once it knows it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.threads.auth.conversations import reads_thread

__all__ = ["participation_comment_create", "participation_comment_delete", "participation_comment_edit",
           "participation_comment_history", "participation_comment_list", "participation_comment_show", "participation_comment_translate"]


@tk.auth_allow_anonymous_access
def participation_comment_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the thread's subject."""
    return reads_thread(context, data_dict.get("thread_id"))


@tk.auth_allow_anonymous_access
def participation_comment_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the thread's subject."""
    return reads_thread(context, data_dict.get("thread_id"))


@tk.auth_allow_anonymous_access
def participation_comment_history(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the thread's subject."""
    return reads_thread(context, data_dict.get("thread_id"))


@tk.auth_disallow_anonymous_access
def participation_comment_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread's subject."""
    return reads_thread(context, data_dict.get("thread_id"))


@tk.auth_disallow_anonymous_access
def participation_comment_edit(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread's subject; the action asks whose message it is."""
    return reads_thread(context, data_dict.get("thread_id"))


@tk.auth_disallow_anonymous_access
def participation_comment_translate(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread's subject; the action asks for the organisation's staff."""
    return reads_thread(context, data_dict.get("thread_id"))


@tk.auth_disallow_anonymous_access
def participation_comment_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread's subject; the action asks whose message it is."""
    return reads_thread(context, data_dict.get("thread_id"))
