"""Who may support and follow: anyone signed in who may see what it is about."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common.registry import Followable, Supportable, registry

__all__ = ["participation_follow_list", "participation_follow_set", "participation_follow_show", "participation_support_list",
           "participation_support_set"]


@tk.auth_disallow_anonymous_access
def participation_support_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the target."""
    return _reads(registry.supportables, context, data_dict)


@tk.auth_disallow_anonymous_access
def participation_follow_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the target."""
    return _reads(registry.followables, context, data_dict)


@tk.auth_disallow_anonymous_access
def participation_follow_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the target."""
    return _reads(registry.followables, context, data_dict)


@tk.auth_disallow_anonymous_access
def participation_support_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in; the action tells one's own word only."""
    return {"success": True}


@tk.auth_disallow_anonymous_access
def participation_follow_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in; the action gives one's own list only."""
    return {"success": True}


def _reads(known: dict[str, Supportable] | dict[str, Followable], context: Context, data_dict: dict[str, Any]) -> AuthResult:
    try:
        entry = known[str(data_dict.get("target_type"))]
        entry.check_read(context, entry.read_id(data_dict.get("target_id")))
    except (KeyError, tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return {"success": False, "msg": tk._("There is no such thing, or you may not see it.")}
    return {"success": True}
