"""Who may read the register: everybody. What is said of a dataset needs the right to see it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = [
    "participation_licence_compatibility",
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


@tk.auth_allow_anonymous_access
def participation_licence_compatibility(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever may see each of the datasets; of plain licences, anyone."""
    given = data_dict.get("id") or []
    for name in given if isinstance(given, list) else [given]:
        tk.check_access("package_show", of_another_dataset(context), {"id": name})
    return {"success": True}


def of_another_dataset(context: Context) -> Context:
    """Return the context without the dataset that CKAN put into it: it would answer for the next one too."""
    return {key: value for key, value in context.items() if key != "package"}  # type: ignore[return-value]
