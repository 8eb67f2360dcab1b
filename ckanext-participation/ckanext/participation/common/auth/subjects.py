"""Who may look after lost subjects."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["participation_subject_attach", "participation_subject_orphans", "participation_subject_sweep"]


@tk.auth_disallow_anonymous_access
def participation_subject_sweep(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only."""
    return _administrators()


@tk.auth_disallow_anonymous_access
def participation_subject_orphans(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only: among the lost are conversations about private datasets."""
    return _administrators()


@tk.auth_disallow_anonymous_access
def participation_subject_attach(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site only."""
    return _administrators()


def _administrators() -> AuthResult:
    # CKAN asks nobody else: administrators pass before this.
    return {"success": False, "msg": tk._("Only administrators of the site look after lost conversations.")}
