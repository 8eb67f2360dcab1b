"""Who may know of a dataset that a harvest removed: everybody, as when it was there."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context

from ckanext.participation.common import removed

__all__ = ["participation_removed_dataset_show"]


@tk.auth_allow_anonymous_access
def participation_removed_dataset_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody, of one that everybody could see; whether there is another one is not told."""
    ref = data_dict.get("id")
    package = model.Package.get(ref) if isinstance(ref, str) and "\x00" not in ref else None
    return {"success": removed.of(package) is not None, "msg": tk._("No dataset with this id or name was removed by a harvest.")}
