"""What templates ask about the whole catalogue's files."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.participation.harvesting.offering import files

__all__ = ["participation_feeds"]

_NAMES = {"data.json": "DCAT-US data.json", "data.ttl": "DCAT-AP Turtle", "data.jsonld": "DCAT-AP JSON-LD"}


def participation_feeds() -> list[dict[str, str]]:
    """Return the files of the whole catalogue: `url`, `type` (media type) and `title`."""
    return [{"url": tk.url_for(f"participation_feeds.{name.replace('.', '_')}", locale="default", qualified=True),
             "type": kind.partition(";")[0], "title": _NAMES[name]} for name, kind in files.FEEDS.items()]
