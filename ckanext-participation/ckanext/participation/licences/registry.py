"""What this room enters into the shared registry: the licence fields of a dataset's search document."""

from __future__ import annotations

from ckanext.participation.common.registry import Registry

from .index import index_fields


def register(registry: Registry) -> None:
    """Enter the licence fields."""
    registry.add_index_fields("participation_licence", index_fields)
