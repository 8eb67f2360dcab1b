"""Who may upload, take back and see pictures. A posted picture is seen by those who may read its message."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation.threads import attachments

__all__ = ["participation_attachment_create", "participation_attachment_delete", "participation_attachment_show"]


@tk.auth_disallow_anonymous_access
def participation_attachment_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in."""
    return {"success": True}


@tk.auth_disallow_anonymous_access
def participation_attachment_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Anyone signed in; the action finds only the person's own pictures that are not posted yet."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_attachment_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Who may read the message that shows it; before it is posted, who uploaded it. Others are not told whether it exists."""
    try:
        attachments.visible(context, data_dict.get("id") or "")
    except tk.ObjectNotFound as error:
        return {"success": False, "msg": str(error)}
    return {"success": True}
