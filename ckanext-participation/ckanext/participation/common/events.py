"""The record of what happened: one append-only row per write, in the same transaction, and its announcement in the outbox."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import indexing
from ckanext.participation.common.model import Event, now
from ckanext.participation.common.registry import registry

# One round trip for the event and its announcement, built once: every write of the site runs it.
_WRITE = sa.text("""
    WITH event AS (
        INSERT INTO participation_event (type, at, actor_id, subject_id, target_type, target_id, data)
        VALUES (:type, :at, :actor, :subject, :target_type, :target_id, CAST(:data AS jsonb)) RETURNING id)
    INSERT INTO participation_outbox (event_id, kind, recipient, created, not_before, attempts)
    SELECT id, 'announce', '', :at, :at, 0 FROM event WHERE :announce""")
_WRITE_MANY = sa.text("""
    WITH event AS (
        INSERT INTO participation_event (type, at, actor_id, subject_id, target_type, target_id, data)
        SELECT :type, :at, :actor, v.subject_id, v.target_type, v.target_id, CAST(v.data AS jsonb)
        FROM unnest(CAST(:subjects AS bigint[]), CAST(:types AS text[]), CAST(:targets AS text[]), CAST(:data AS text[]))
            AS v(subject_id, target_type, target_id, data) RETURNING id)
    INSERT INTO participation_outbox (event_id, kind, recipient, created, not_before, attempts)
    SELECT id, 'announce', '', :at, :at, 0 FROM event WHERE :announce""")


def write(type_: str, *, actor_id: int | None, target: tuple[str, Any], subject_id: int | None = None,
          data: dict[str, Any] | None = None, announce: bool = True) -> None:
    """Add the event of the write under way to its transaction, without committing.

    `target` is `(type, id)` of what was written. With `announce`, and when the event type has recipients, an outbox row goes
    with it. Raises KeyError for an event type that no room entered in the registry.
    """
    entry = registry.event_types[type_]
    model.Session.flush()
    model.Session.execute(_WRITE, {
        "type": type_, "at": now(), "actor": actor_id, "subject": subject_id, "target_type": target[0], "target_id": str(target[1]),
        "data": json.dumps(data or {}), "announce": announce and entry.recipients is not None})
    indexing.mark_for(type_, target)


def write_many(type_: str, rows: list[dict[str, Any]], *, actor_id: int | None = None) -> None:
    """Add many events of one type and their announcements, without committing: `[{"subject_id", "target", "data"}]`."""
    entry = registry.event_types[type_]
    if rows:
        # One statement with lists: a statement for every thousand rows takes ten times as long.
        model.Session.execute(_WRITE_MANY, {
            "type": type_, "at": now(), "actor": actor_id, "announce": entry.recipients is not None,
            "subjects": [row.get("subject_id") for row in rows], "types": [row["target"][0] for row in rows],
            "targets": [str(row["target"][1]) for row in rows], "data": [json.dumps(row.get("data") or {}) for row in rows]})
        indexing.mark_rows(type_, rows)


def as_dict(event: Event) -> dict[str, Any]:
    """Return the event as the registry's functions and other extensions see it."""
    return {"id": event.id, "type": event.type, "at": event.at.isoformat(), "actor_id": event.actor_id,
            "subject_id": event.subject_id, "target_type": event.target_type, "target_id": event.target_id, "data": event.data}
