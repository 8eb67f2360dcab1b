"""Who may look at what a source would bring."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["participation_harvest_preview_accept", "participation_harvest_preview_create", "participation_harvest_preview_show",
           "participation_harvest_source_switch"]


@tk.auth_disallow_anonymous_access
def participation_harvest_preview_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may add a harvest source to the organisation."""
    owner = data_dict.get("owner_org")
    try:
        if not isinstance(owner, str) or "\x00" in owner:
            raise tk.NotAuthorized
        tk.check_access("harvest_source_create", context, {"owner_org": owner})
    except tk.NotAuthorized:
        return {"success": False, "msg": tk._("Only people who may publish for the organisation add sources to it.")}
    return {"success": True}


@tk.auth_disallow_anonymous_access
def participation_harvest_preview_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody who is signed in; the action gives each only one's own."""
    return {"success": True}


@tk.auth_disallow_anonymous_access
def participation_harvest_preview_accept(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody who is signed in; the action adds one's own only, and CKAN asks again whether one may add it to the organisation."""
    return {"success": True}


@tk.auth_disallow_anonymous_access
def participation_harvest_source_switch(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may edit the harvest source."""
    source = data_dict.get("id")
    try:
        if not isinstance(source, str) or "\x00" in source:
            raise tk.NotAuthorized
        tk.check_access("harvest_source_update", context, {"id": source})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return {"success": False, "msg": tk._("Only people who may edit this harvest source change its type.")}
    return {"success": True}
