"""Who may see and choose the licences of an organisation."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights

__all__ = ["participation_licence_policy_report", "participation_licence_policy_set", "participation_licence_policy_show"]


@tk.auth_allow_anonymous_access
def participation_licence_policy_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the organisation."""
    return rights.reads(context, "organization", data_dict.get("id"), tk._("You may not see this organisation."))


@tk.auth_disallow_anonymous_access
def participation_licence_policy_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the organisation."""
    return {"success": rights.administers(context, data_dict.get("id")),
            "msg": tk._("Only administrators of the organisation change this.")}


@tk.auth_disallow_anonymous_access
def participation_licence_policy_report(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Editors and administrators of the organisation."""
    return {"success": rights.speaks_for(context, data_dict.get("id")),
            "msg": tk._("Only editors and administrators of the organisation see this.")}
