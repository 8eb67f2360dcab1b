"""Who may call common's actions."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.common import rights, visibility
from ckanext.participation.common.registry import registry

__all__ = ["participation_queue_list", "participation_text_preview", "participation_visibility_set"]


def participation_text_preview(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in: it stores nothing, but it costs work."""
    return {"success": bool(context.get("user"))}


@tk.auth_disallow_anonymous_access
def participation_queue_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site; with `organization_id`, those who speak for that organisation."""
    return {"success": rights.speaks_for(context, data_dict.get("organization_id")),
            "msg": tk._("Only administrators of the site, or the organisation’s staff, see the queue.")}


@tk.auth_disallow_anonymous_access
def participation_visibility_set(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Administrators of the site; those who speak for the organisation that the text's place belongs to, to show or hide it."""
    kind, identifier = data_dict.get("kind"), data_dict.get("id")
    entry = registry.moderation_kinds.get(kind) if isinstance(kind, str) else None
    allowed = bool(entry and isinstance(identifier, str) and data_dict.get("state") in (visibility.VISIBLE, visibility.HIDDEN)
                   and rights.speaks_for(context, entry.owner(identifier)))
    return {"success": allowed, "msg": tk._("Only administrators of the site, or the organisation’s staff, change what is shown.")}
