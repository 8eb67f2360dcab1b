"""What auth functions and pages of several rooms ask about rights."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context

from ckanext.participation.common import people, subjects


def reads(context: Context, type_name: Any, ref: Any, refusal: str, *, removed: bool = False) -> AuthResult:
    """Allow who may see the object `ref` (id or name); others read `refusal`, whether there is such an object or not.

    With `removed` also an object that a harvest removed, for those who only want to read what was said about it.
    """
    try:
        subjects.allow(context, type_name, ref if isinstance(ref, str) else "", removed=removed)
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return {"success": False, "msg": refusal}
    return {"success": True}


def allowed(context: Context, action: str, data: dict[str, Any]) -> bool:
    """Say whether the caller may do something, as its auth function says; whoever calls it asks for another thing than what is checked."""
    own: Any = {"user": context.get("user", ""), "ignore_auth": False}
    try:
        tk.check_access(action, own, data)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return False
    return True


def speaks_for(context: Context, organization: Any) -> bool:
    """Say whether the caller speaks for the organisation (id or name), as `people.speaks_for` says it."""
    user = _caller(context)
    return bool(user and _storable(organization) and people.speaks_for(user.id, organization))


def reader_speaks_for(organization_id: str | None) -> bool:
    """Say whether a page's reader speaks for the organisation, or administers the site."""
    reader = tk.current_user
    return bool(reader.is_authenticated and (getattr(reader, "sysadmin", False) or people.speaks_for(reader.id, organization_id)))


def administers(context: Context, organization: Any) -> bool:
    """Say whether the caller is an administrator of the organisation (id or name) itself, not only of one above it."""
    user, row = _caller(context), model.Group.get(organization) if _storable(organization) else None
    return bool(user and row and row.is_organization and authz.users_role_for_group_or_org(row.id, user.name) == "admin")


def _caller(context: Context) -> model.User | None:
    name = context.get("user")
    return model.User.get(name) if name else None


def _storable(ref: Any) -> bool:
    # The database can't be asked for a text with a NUL in it.
    return isinstance(ref, str) and "\x00" not in ref
