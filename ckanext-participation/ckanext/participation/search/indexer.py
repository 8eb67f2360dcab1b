"""Brings what people say to the search: settles the marks that every write leaves (`common/indexing.py`).

Killed at any instant, nothing is lost: a mark is deleted after the search server took the document, and only while nobody has written
since the mark was read. A thread of a million messages whose title changes is sent in batches, each behind the marks of others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation import config
from ckanext.participation.common import indexing
from ckanext.participation.common.model import Indexed, IndexMark, now
from ckanext.participation.common.registry import Part, Searchable, registry
from ckanext.participation.search import documents, server

log = logging.getLogger(__name__)

BATCH = 200
# Messages of all walks together in one batch; each walk gets at least FEWEST.
MOST_PARTS = 5000
FEWEST = 100
# One process sends at a time, so that an older text never overwrites a newer one.
ONE_AT_A_TIME = 7_203_003
# The sending process has mails to send, too.
SECONDS_IN_A_ROUND = 20

# Each mark is looked up by its key: whatever the planner thinks of a table that is empty most of the time, it reads no other.
_SETTLE = sa.text("""
DELETE FROM participation_index_mark WHERE ctid = ANY(ARRAY(
    SELECT m.ctid FROM unnest(CAST(:kinds AS text[]), CAST(:refs AS text[]), CAST(:numbers AS integer[])) AS v (kind, ref, number)
    CROSS JOIN LATERAL (SELECT ctid FROM participation_index_mark old WHERE old.kind = v.kind AND old.ref = v.ref AND old.number = v.number
        FOR UPDATE SKIP LOCKED) m))""")

_KEEP = sa.text("""
INSERT INTO participation_indexed AS old (kind, id, about, said, walking, walked)
SELECT :kind, v.* FROM unnest(CAST(:ids AS bigint[]), CAST(:about AS text[]), CAST(:said AS text[]), CAST(:walking AS text[]),
    CAST(:walked AS integer[])) AS v (id, about, said, walking, walked)
ON CONFLICT (kind, id) DO UPDATE SET about = excluded.about, said = excluded.said, walking = excluded.walking, walked = excluded.walked""")

# Behind the marks of others, and due at once.
_LATER = sa.text("""
INSERT INTO participation_index_mark AS old (kind, ref, since, number)
SELECT :kind, ref, :since, 1 FROM unnest(CAST(:refs AS text[])) AS v (ref) ON CONFLICT (kind, ref) DO UPDATE SET since = excluded.since""")


@dataclass
class Round:
    """What one batch of one kind of entry does: documents to send and to take out, and what is known of the entries afterwards."""

    entry: Searchable
    send: list[dict[str, Any]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    entries_gone: list[str] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    unfinished: list[int] = field(default_factory=list)


def run() -> None:
    """Send what is due: the chore of the sending process. While the search server is away, marks stay."""
    if not server.is_set_up():
        return
    end = time.monotonic() + SECONDS_IN_A_ROUND
    try:
        while index() and time.monotonic() < end:
            pass
    except server.SearchAway as error:
        log.warning("What people say does not reach the search: %s. It stays marked.", error)
    finally:
        model.Session.rollback()


def index(*, seconds: float | None = None, limit: int = BATCH) -> int:
    """Send what is marked for longer than `seconds` (default: `participation.search.index_seconds`); commit; return how many marks
    were looked at. Returns 0 while another process sends. Raises SearchAway.
    """
    before = now() - timedelta(seconds=config.index_seconds() if seconds is None else seconds)
    marks = _due(before, limit)
    if any(mark.kind == indexing.SUBJECT for mark in marks):
        _spread([mark for mark in marks if mark.kind == indexing.SUBJECT])
        return len(marks)
    rounds = [_work(entry, marks) for entry in registry.searchables.values()]
    for work in rounds:
        server.send(work.send, gone=work.gone, entries_gone=work.entries_gone)
    # From here on rows are held, and nothing is waited for any more.
    for work in rounds:
        _keep(work, before)
    left = {(work.entry.name, str(identifier)) for work in rounds for identifier in work.unfinished}
    _forget([mark for mark in marks if (mark.kind, mark.ref) not in left])
    model.Session.commit()
    return len(marks)


def forget() -> None:
    """Forget what the search holds, and commit: everything that is marked is then sent whole."""
    model.Session.execute(sa.update(Indexed).values(said="", walking=None, walked=0))
    model.Session.commit()


def waiting() -> int:
    """Return how many marks there are."""
    return model.Session.scalar(sa.select(sa.func.count()).select_from(IndexMark).where(IndexMark.kind.in_(_kinds()))) or 0


def _due(before: datetime, limit: int) -> list[Any]:
    """Return marks, oldest first, and with them the right to send until the commit; nothing while another process has it."""
    if not model.Session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(ONE_AT_A_TIME))):
        model.Session.rollback()
        return []
    marks = model.Session.execute(sa.select(IndexMark.kind, IndexMark.ref, IndexMark.number)
                                  .where(IndexMark.since <= before, IndexMark.kind.in_(_kinds()))
                                  .order_by(IndexMark.since).limit(limit)).all()
    if not marks:
        model.Session.rollback()
    return list(marks)


def _kinds() -> list[str]:
    """Return what this process sends; marks of other kinds, such as datasets, are settled by those who leave them."""
    return [indexing.SUBJECT, *(kind for entry in registry.searchables.values() for kind in (entry.name, entry.part))]


def _spread(marks: list[Any]) -> None:
    """Mark the entries about subjects instead of the subjects; committed at once, so that no writer waits for what is sent."""
    for entry in registry.searchables.values():
        entry.mark_about([int(mark.ref) for mark in marks])
    _forget(marks)
    model.Session.commit()


def _keep(work: Round, before: datetime) -> None:
    rows = work.known
    if rows:
        model.Session.execute(_KEEP, {"kind": work.entry.name, "ids": [row["id"] for row in rows], **{
            name: [row[name] for row in rows] for name in ("about", "said", "walking", "walked")}})
    if work.unfinished:
        refs = [str(identifier) for identifier in work.unfinished]
        model.Session.execute(_LATER, {"kind": work.entry.name, "refs": refs, "since": before})


def _work(entry: Searchable, marks: list[Any]) -> Round:
    """Find out what is to be sent: single messages, and all of a thread when what they say alike has changed."""
    work = Round(entry)
    pairs = [documents.read_reference(mark.ref) for mark in marks if mark.kind == entry.part]
    ids = sorted({pair[0] for pair in pairs} | {int(mark.ref) for mark in marks if mark.kind == entry.name})
    if not ids:
        return work
    now_ = entry.entries(ids)
    held = {row.id: row for row in model.Session.execute(
        sa.select(Indexed.id, Indexed.about, Indexed.said, Indexed.walking, Indexed.walked)
        .where(Indexed.kind == entry.name, Indexed.id.in_(ids)))}
    walks: list[tuple[int, int]] = []
    for identifier in ids:
        found, before = now_.get(identifier), held.get(identifier)
        if found is None or found.fields is None:
            said = found.said if found else "gone"
            if before is None or before.said != said or before.walking:
                work.entries_gone.append(f"{entry.name}:{identifier}")
            work.known.append(_row(identifier, found.about if found else "gone", said))
        elif before is None or before.said != found.said or before.walking:
            walks.append((identifier, before.walked if before and before.walking == found.said else 0))
        elif before.about != found.about:
            work.known.append(_row(identifier, found.about, found.said))
    _add(work, now_, entry.these([pair for pair in pairs if (now_.get(pair[0]) and now_[pair[0]].fields) is not None]))
    _walk(work, now_, held, walks)
    return work


def _walk(work: Round, entries: dict[int, Any], held: dict[int, Any], walks: list[tuple[int, int]]) -> None:
    most = max(FEWEST, MOST_PARTS // max(1, len(walks)))
    found: dict[int, list[Part]] = {}
    for part in work.entry.parts(walks, most):
        found.setdefault(part.entry_id, []).append(part)
    for identifier, _after in walks:
        parts, entry, before = found.get(identifier, []), entries[identifier], held.get(identifier)
        _add(work, entries, parts)
        if len(parts) < most:
            work.known.append(_row(identifier, entry.about, entry.said))
        else:
            # The rights and words that some documents have already, and others not yet: in between neither is what the search holds.
            work.known.append(_row(identifier, "walking", before.said if before else "", walking=entry.said, walked=parts[-1].number))
            work.unfinished.append(identifier)


def _add(work: Round, entries: dict[int, Any], parts: Iterable[Part]) -> None:
    for part in parts:
        made = documents.document(server.site_id(), work.entry.name, entries[part.entry_id], part)
        if made is None:
            work.gone.append(documents.key(server.site_id(), work.entry.name, part.entry_id, part.number))
        else:
            work.send.append(made)


def _row(identifier: int, about: str, said: str, *, walking: str | None = None, walked: int = 0) -> dict[str, Any]:
    return {"id": identifier, "about": about, "said": said, "walking": walking, "walked": walked}


def _forget(marks: list[Any]) -> None:
    if marks:
        model.Session.execute(_SETTLE, {"kinds": [mark.kind for mark in marks], "refs": [mark.ref for mark in marks],
                                        "numbers": [mark.number for mark in marks]})
