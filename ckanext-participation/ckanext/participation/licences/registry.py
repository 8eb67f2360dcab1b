"""What this room enters into the shared registry: the licence fields of a dataset's search document."""

from __future__ import annotations

from typing import Any

from ckanext.participation.common.registry import Registry

from . import further
from .index import index_fields


def register(registry: Registry) -> None:
    """Enter the licence fields."""
    registry.add_index_fields("participation_licence", with_all_names)


def with_all_names(dataset: dict[str, Any]) -> dict[str, str]:
    """Return the licence fields of a dataset, by all names of licences that this site knows."""
    return index_fields(dataset, further.names())
