"""Who may call common's actions."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["participation_queue_list", "participation_subject_orphans", "participation_subject_sweep",
           "participation_text_preview", "participation_visibility_set"]


def participation_text_preview(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in: it stores nothing, but it costs work."""
    return {"success": bool(context.get("user"))}


@tk.auth_disallow_anonymous_access
def participation_queue_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only, until the moderation room brings agencies in."""
    return {"success": False, "msg": tk._("Only administrators of the site see the queue.")}


@tk.auth_disallow_anonymous_access
def participation_visibility_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only."""
    return {"success": False, "msg": tk._("Only administrators of the site change what is shown.")}


@tk.auth_disallow_anonymous_access
def participation_subject_sweep(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only."""
    return {"success": False}


@tk.auth_disallow_anonymous_access
def participation_subject_orphans(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only."""
    return {"success": False}
