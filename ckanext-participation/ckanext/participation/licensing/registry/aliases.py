"""The names that administrators give to licences: for whatever recognises one, with their events and the chore that counts."""

from __future__ import annotations

from ckanext.participation.common.registry import EventType, Registry
from ckanext.participation.licensing import aliases, counting

__all__ = ["register"]


def register(registry: Registry) -> None:
    """Enter the names, their events and the chore."""
    registry.add_licence_names("aliases", aliases.names)
    for name in ("licence.alias_added", "licence.alias_taken_back"):
        registry.add(EventType(name))
    registry.add_chore("licence statements", counting.run, counting.seconds)
