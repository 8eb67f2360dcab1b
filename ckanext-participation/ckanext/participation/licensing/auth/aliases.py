"""Who may see what nobody recognises, and name it: administrators of the site, to whom CKAN allows everything."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = [
    "participation_licence_alias_create",
    "participation_licence_alias_delete",
    "participation_licence_alias_list",
    "participation_licence_unrecognised_list",
]


@tk.auth_disallow_anonymous_access
def participation_licence_alias_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site: it changes what every dataset of it is said to be under."""
    return _nobody_else()


@tk.auth_disallow_anonymous_access
def participation_licence_alias_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site."""
    return _nobody_else()


@tk.auth_disallow_anonymous_access
def participation_licence_alias_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site."""
    return _nobody_else()


@tk.auth_disallow_anonymous_access
def participation_licence_unrecognised_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site: private datasets are among those counted."""
    return _nobody_else()


def _nobody_else() -> AuthResult:
    return {"success": False, "msg": tk._("Only administrators of the site see this and change it.")}
