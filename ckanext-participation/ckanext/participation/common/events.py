"""The record of what happened: one append-only row per write, in the same transaction, and its announcement in the outbox."""

from __future__ import annotations

from typing import Any

from ckan import model

from ckanext.participation.common.model import Event, Outbox
from ckanext.participation.common.registry import registry


def write(type_: str, *, actor_id: int | None, target: tuple[str, Any], subject_id: int | None = None,
          data: dict[str, Any] | None = None, announce: bool = True) -> Event:
    """Add the event of the write under way to its transaction, without committing.

    `target` is `(type, id)` of what was written. With `announce`, and when the event type has recipients, an outbox row goes
    with it. Raises KeyError for an event type that no room entered in the registry.
    """
    entry = registry.event_types[type_]
    event = Event(type=type_, actor_id=actor_id, subject_id=subject_id, target_type=target[0], target_id=str(target[1]),
                  data=data or {})
    model.Session.add(event)
    model.Session.flush()
    if announce and entry.recipients is not None:
        model.Session.add(Outbox(event_id=event.id, kind="announce"))
    return event


def as_dict(event: Event) -> dict[str, Any]:
    """Return the event as the registry's functions and other extensions see it."""
    return {"id": event.id, "type": event.type, "at": event.at.isoformat(), "actor_id": event.actor_id,
            "subject_id": event.subject_id, "target_type": event.target_type, "target_id": event.target_id, "data": event.data}
