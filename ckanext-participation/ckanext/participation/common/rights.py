"""What the auth functions of several rooms ask."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import subjects


def reads(context: Context, type_name: Any, ref: Any, refusal: str) -> AuthResult:
    """Allow who may see the object `ref` (id or name); others read `refusal`, whether there is such an object or not."""
    try:
        subjects.allow(context, type_name, ref if isinstance(ref, str) else "")
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return {"success": False, "msg": refusal}
    return {"success": True}
