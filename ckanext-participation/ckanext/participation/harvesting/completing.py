"""What a source's settings add to its records, with what has to be looked up for it."""

from __future__ import annotations

from typing import Any

from ckanext.participation.harvesting import choices, groups, settings
from ckanext.participation.harvesting.record import Mapper, Record


def completed(record: Record, mapper: Mapper, source: Any) -> Record:
    """The record with the groups, keywords and extras that the source's settings ask for."""
    chosen = settings.read(source.config)
    said = {"harvest_source_id": str(getattr(source, "id", "") or ""), "harvest_source_url": source.url.strip("/")}
    return choices.applied(record, chosen, mapper, groups.here(chosen), said)
