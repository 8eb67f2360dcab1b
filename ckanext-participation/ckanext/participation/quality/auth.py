"""Who may read what datasets lack."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights

__all__ = ["participation_quality_list", "participation_quality_show", "participation_quality_summary"]


@tk.auth_allow_anonymous_access
def participation_quality_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the dataset."""
    return rights.reads(context, "dataset", data_dict.get("id"), tk._("There is no such dataset, or you may not see it."))


@tk.auth_disallow_anonymous_access
def participation_quality_summary(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Editors and administrators of the organisation: private datasets are among those counted."""
    return _staff(context, data_dict)


@tk.auth_disallow_anonymous_access
def participation_quality_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Editors and administrators of the organisation: private datasets are among those listed."""
    return _staff(context, data_dict)


def _staff(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return {"success": rights.speaks_for(context, data_dict.get("id")),
            "msg": tk._("Only editors and administrators of the organisation see this.")}
