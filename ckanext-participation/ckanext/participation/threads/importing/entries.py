"""What the import enters in the registry: its events, which nobody is mailed about."""

from __future__ import annotations

from ckanext.participation.common.registry import EventType, Registry

THREAD = "thread.imported"
COMMENT = "comment.imported"


def register(registry: Registry) -> None:
    """Enter the events of the import."""
    registry.add(EventType(THREAD))
    registry.add(EventType(COMMENT))
