"""Who may rate a dataset and keep a reading mark: who may see what it is about; writing needs an account."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights

__all__ = ["participation_rating_set", "participation_rating_show", "participation_thread_mark_read"]


@tk.auth_disallow_anonymous_access
def participation_rating_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the dataset."""
    return _reads_dataset(context, data_dict)


@tk.auth_allow_anonymous_access
def participation_rating_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the dataset."""
    return _reads_dataset(context, data_dict)


@tk.auth_disallow_anonymous_access
def participation_thread_mark_read(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in who may see the thread."""
    try:
        tk.check_access("participation_thread_show", {**context}, {"id": data_dict.get("thread_id")})
    except tk.NotAuthorized as error:
        return {"success": False, "msg": str(error)}
    return {"success": True}


def _reads_dataset(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return rights.reads(context, "dataset", data_dict.get("subject_id"), tk._("There is no such dataset, or you may not see it."))
