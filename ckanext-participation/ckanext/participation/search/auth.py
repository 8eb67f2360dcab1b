"""Who may search conversations: anyone; each finds what they may read."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

__all__ = ["participation_discussion_search"]


@tk.auth_allow_anonymous_access
def participation_discussion_search(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone; the action finds only what the reader may see."""
    return {"success": True}
