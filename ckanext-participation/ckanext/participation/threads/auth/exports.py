"""Who may export what people said: who may read it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import subjects

__all__ = ["participation_thread_export"]


@tk.auth_allow_anonymous_access
def participation_thread_export(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the subject; the action leaves out the datasets of an organisation that the reader may not see."""
    ref = data_dict.get("subject_id")
    try:
        subjects.type_of(data_dict.get("subject_type") or "dataset").check_read(context, ref if isinstance(ref, str) else "")
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return {"success": False, "msg": tk._("You may not see what was said about this.")}
    return {"success": True}
