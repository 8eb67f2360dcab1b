"""ckanext-harvest's list of sources, without what is for a source's own people."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.participation.harvesting import secrets

__all__ = ["harvest_source_list"]


@tk.chained_action
@tk.side_effect_free
def harvest_source_list(next_action: Any, context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """List the harvest sources, as ckanext-harvest does; a source's settings only to those who may change it: they may hold a key.

    :returns: as ckanext-harvest's action of this name; raises and may be called by whom it says
    """
    tk.check_access("harvest_source_list", context, data_dict)
    found = next_action(context, data_dict)
    for source in found:
        secrets.listed(context, source)
    return found
