"""Who may read the register: everybody. A credit line needs the right to see its dataset."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = [
    "participation_licence_credit",
    "participation_licence_list",
    "participation_licence_recognise",
    "participation_licence_show",
]


@tk.auth_allow_anonymous_access
def participation_licence_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_licence_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_licence_recognise(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_licence_credit(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may see the dataset."""
    tk.check_access("package_show", context, {"id": data_dict["id"]})
    return {"success": True}
