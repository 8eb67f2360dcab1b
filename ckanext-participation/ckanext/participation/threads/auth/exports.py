"""Who may export what people said: who may read it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights

__all__ = ["participation_thread_export"]


@tk.auth_allow_anonymous_access
def participation_thread_export(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may see the subject; the action leaves out the datasets of an organisation that the reader may not see."""
    return rights.reads(context, data_dict.get("subject_type") or "dataset", data_dict.get("subject_id"),
                        tk._("You may not see what was said about this."), removed=True)
