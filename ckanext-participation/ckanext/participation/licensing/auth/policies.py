"""Who may see and choose the licences of an organisation."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
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
    return {"success": _role(context, data_dict.get("id")) == "admin", "msg": tk._("Only administrators of the organisation change this.")}


@tk.auth_disallow_anonymous_access
def participation_licence_policy_report(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Editors and administrators of the organisation."""
    return {"success": _role(context, data_dict.get("id")) in {"admin", "editor"},
            "msg": tk._("Only editors and administrators of the organisation see this.")}


def _role(context: Context, ref: Any) -> str | None:
    row = model.Group.get(ref) if isinstance(ref, str) and "\x00" not in ref else None
    user = model.User.get(context.get("user"))
    return authz.users_role_for_group_or_org(row.id, user.name) if row and row.is_organization and user else None
