"""What is known of a dataset that a harvest removed."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import paging, removed, subjects
from ckanext.participation.harvesting import sources

__all__ = ["participation_removed_dataset_show"]


@tk.side_effect_free
def participation_removed_dataset_show(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Show what everybody may know of a dataset that a harvest removed, because its source no longer offers it.

    :param id: id or name that the dataset had
    :type id: string
    :returns: `{"id", "name", "title", "removed": since when, "organization": {"id", "name", "title", "url"} or null, "source": the harvest
        source's {"title", "url"}, or null where the reader may not see it}`; addresses of its files are not told
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: there is no such dataset, it is not removed, it was not public, or somebody deleted it by hand
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_removed_dataset_show", context, data_dict)
    package = model.Package.get(ref) if "\x00" not in ref else None
    removal = removed.of(package)
    if package is None or removal is None:
        # An administrator of the site comes this far with any id.
        raise tk.ObjectNotFound(tk._("No dataset with this id or name was removed by a harvest."))
    found = subjects.type_of("dataset").load(package.id) or {}
    return {"id": package.id, "name": package.name, "title": found["label"], "removed": found["removed"],
            "organization": _organization(context, package.owner_org), "source": sources.shown(context, removal.source_id)}


def _organization(context: Context, organization_id: str | None) -> dict[str, Any] | None:
    try:
        found = subjects.read(context, "organization", organization_id or "")
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    return {"id": found["ref"], "name": found["name"], "title": found["label"], "url": found["url"]}
