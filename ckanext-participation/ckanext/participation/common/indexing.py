"""What the search does not know yet: marks that every write leaves in its own transaction, for the process that sends documents.

`mark_for` is called with every event, so no write can forget it. The process reads the marks, sends documents and deletes those marks
whose number is still the one it read: what was written meanwhile stays marked. It holds no row while it waits for the search server,
so nobody who posts ever waits for that.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from flask import has_request_context
from sqlalchemy.exc import OperationalError

from ckanext.participation.common.model import now
from ckanext.participation.common.registry import registry

__all__ = ["SUBJECT", "mark", "mark_apart", "mark_for", "mark_rows"]

log = logging.getLogger(__name__)

SUBJECT = "subject"

_MARK = sa.text("""
INSERT INTO participation_index_mark AS old (kind, ref, since, number)
SELECT :kind, ref, :since, 1 FROM unnest(CAST(:refs AS text[])) AS v(ref) ORDER BY ref
ON CONFLICT (kind, ref) DO UPDATE SET number = old.number + 1""")


def mark(kind: str, refs: Iterable[Any], *, since: datetime | None = None) -> None:
    """Say, in the transaction under way, that what the search holds of these is out of date: `mark("thread", [42])`.

    A mark that is there already is made newer, and is locked until the commit, so that it can't be settled without this write.
    """
    model.Session.execute(_MARK, _values(kind, refs, since))


def mark_for(type_: str, target: tuple[str, Any]) -> None:
    """Mark what an event of this type is about, if the search holds anything of it."""
    if _is_searched(type_, target[0]):
        mark(target[0], [target[1]])


def mark_rows(type_: str, rows: list[dict[str, Any]]) -> None:
    """Mark what many events of one type are about: `[{"target"}]`."""
    for kind in sorted({row["target"][0] for row in rows}):
        if _is_searched(type_, kind):
            mark(kind, {str(row["target"][1]) for row in rows if row["target"][0] == kind})


def mark_apart(kind: str, refs: list[Any]) -> None:
    """Mark in a transaction of its own, and within a request in the one under way as well: for callers that may have committed already.

    Whoever is called when CKAN indexes a dataset can't know: some of its actions commit before, some after, `search-index rebuild` never,
    and would hold the marks for hours.
    """
    try:
        with model.meta.engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            connection.execute(_MARK, _values(kind, refs, None))
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) != "55P03":
            raise
        # Somebody holds the mark, perhaps the transaction under way here: once that commits the mark is newer, which is what was wanted.
        log.debug("The marks of %s %s are held by another write", kind, refs)
    if has_request_context():
        mark(kind, refs)


def _values(kind: str, refs: Iterable[Any], since: datetime | None) -> dict[str, Any]:
    return {"kind": kind, "refs": sorted({str(ref) for ref in refs}), "since": since or now()}


def _is_searched(type_: str, kind: str) -> bool:
    entries = registry.searchables.values()
    known = kind == SUBJECT or any(kind in (entry.name, entry.part) for entry in entries)
    return known and not any(type_ in entry.silent for entry in entries)
