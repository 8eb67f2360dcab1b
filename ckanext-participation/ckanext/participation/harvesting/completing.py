"""What a source's settings add to its records."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ckanext.participation.harvesting import choices, settings
from ckanext.participation.harvesting.record import Mapper, Record

# A run asks for each of its records.
_read = lru_cache(maxsize=32)(settings.read)


def completed(record: Record, mapper: Mapper, source: Any) -> Record:
    """The record with the groups, keywords and extras that the source's settings ask for."""
    chosen = _read(source.config)
    said = {"harvest_source_id": str(getattr(source, "id", "") or ""), "harvest_source_url": source.url.strip("/")}
    return choices.applied(record, chosen, mapper, mapper.groups, said)
