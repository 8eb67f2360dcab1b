"""What people said as flat records, one message each: about a dataset with its files, or an organisation with its datasets and
their files.

An export holds exactly what its reader could open one by one. Held messages are not in it; hidden and removed ones are places
without text. A page of records costs a bounded number of rows however long a thread is: numbers are dense, so a page is cut into
ranges of message numbers before any message is read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import paging, people, removed, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.readers import Gate
from ckanext.participation.threads import rules

MOST = 1000
# Threads looked at in one statement, and statements in one call: a reader who may see few of an organisation's datasets gets short
# pages rather than a long wait.
CHUNK = 500
LOOKS = 10

PROBLEM = ("resource_id", "field", "row", "wrong", "expected")
FIELDS = ("subject_type", "subject_id", "subject_title", "dataset_id", "thread", "kind", "thread_state", "problem_state",
          *(f"problem_{name}" for name in PROBLEM), "title", "message", "parent", "depth", "state", "created", "edited", "language",
          "author", "official", "organization_id", "organization", "is_answer", "useful", "text", "translation_language",
          "translation", "permalink")

Mark = tuple[int, int]
START: Mark = (0, 0)
Window = tuple[int, int, int]

# Subjects of an export: (id, type, ref, title, uri, dataset_id). Ownership is CKAN's own, not the copy that the subject keeps. What is
# lost is left out, unless a harvest removed it: the gate knows who may read that.
_DATASET = """
  SELECT s.id, s.type, s.ref, s.title, s.uri, s.ref AS dataset_id FROM participation_subject s WHERE s.type = 'dataset' AND s.ref = :ref
    AND (s.lost_at IS NULL OR s.ref IN (SELECT dataset_id FROM participation_removed_dataset))
  UNION ALL SELECT s.id, s.type, s.ref, s.title, s.uri, r.package_id FROM resource r
    JOIN participation_subject s ON s.type = 'resource' AND s.ref = r.id
    AND (s.lost_at IS NULL OR r.package_id IN (SELECT dataset_id FROM participation_removed_dataset)) WHERE r.package_id = :ref"""
_RESOURCE = """
  SELECT s.id, s.type, s.ref, s.title, s.uri, r.package_id AS dataset_id FROM participation_subject s JOIN resource r ON r.id = s.ref
  WHERE s.type = 'resource' AND s.ref = :ref
    AND (s.lost_at IS NULL OR r.package_id IN (SELECT dataset_id FROM participation_removed_dataset))"""
_ORGANIZATION = """
  SELECT s.id, s.type, s.ref, s.title, s.uri, p.id AS dataset_id FROM package p
    JOIN participation_subject s ON s.type = 'dataset' AND s.ref = p.id
    AND (s.lost_at IS NULL OR p.id IN (SELECT dataset_id FROM participation_removed_dataset)) WHERE p.owner_org = :ref
  UNION ALL SELECT s.id, s.type, s.ref, s.title, s.uri, p.id FROM package p JOIN resource r ON r.package_id = p.id
    JOIN participation_subject s ON s.type = 'resource' AND s.ref = r.id
    AND (s.lost_at IS NULL OR p.id IN (SELECT dataset_id FROM participation_removed_dataset)) WHERE p.owner_org = :ref
  UNION ALL SELECT s.id, s.type, s.ref, s.title, s.uri, NULL FROM participation_subject s WHERE s.type = 'organization' AND s.ref = :ref
    AND s.lost_at IS NULL"""
_OTHER = """
  SELECT s.id, s.type, s.ref, s.title, s.uri, NULL AS dataset_id FROM participation_subject s WHERE s.type = :type AND s.ref = :ref
    AND s.lost_at IS NULL"""
_ABOUT = {"dataset": _DATASET, "resource": _RESOURCE, "organization": _ORGANIZATION}

_THREADS = """
SELECT t.id, t.kind, t.state, t.problem_state, t.problem, t.title, t.next_seq, t.last_seq, t.answer_seq,
       a.type, a.ref, a.title AS subject_title, a.uri, a.dataset_id
FROM ({about}) AS a JOIN participation_thread t ON t.subject_id = a.id
WHERE t.visibility = 'visible' AND t.id >= :after ORDER BY t.id LIMIT :limit"""
_FINGERPRINT = """
SELECT count(*), sum(t.version), max(t.id), max(t.last_at), max(a.id), min(a.title)
FROM ({about}) AS a JOIN participation_thread t ON t.subject_id = a.id WHERE t.visibility = 'visible'"""
# A text that may not be shown does not even leave the database.
_MESSAGES = """
SELECT c.thread_id, c.seq, c.parent_seq, c.depth, c.state, c.created, c.edited, c.lang, c.n_support, c.on_behalf_of, c.signed,
       CASE WHEN c.state = 'visible' THEN c.author_id END AS author_id, CASE WHEN c.state = 'visible' THEN c.body END AS body,
       CASE WHEN c.state = 'visible' THEN c.translation END AS translation, coalesce(nullif(g.title, ''), g.name) AS organization
FROM unnest(CAST(:ids AS bigint[]), CAST(:lows AS integer[]), CAST(:highs AS integer[])) AS w(id, low, high)
JOIN participation_comment c ON c.thread_id = w.id AND c.seq > w.low AND c.seq <= w.high
LEFT JOIN "group" g ON g.id = c.on_behalf_of
WHERE c.state <> 'held' ORDER BY c.thread_id, c.seq"""


def limit_of(data: dict[str, Any]) -> int:
    """Return the asked number of messages, 1 to 1000; a named error otherwise."""
    limit = paging.integer_of(data, "limit", required=False)
    limit = MOST if limit is None else limit
    if not 1 <= limit <= MOST:
        raise field_error("limit", tk._("Must be a whole number from 1 to {most}.").format(most=MOST))
    return limit


def mark_of(raw: str | None) -> Mark:
    """Return `(thread, message)` after which a page begins; a named error for what no page gave."""
    found = re.fullmatch(r"(\d{1,18})~(\d{1,9})", raw or "0~0", re.ASCII)
    if not found:
        raise field_error("after", tk._("Must be the `next` of the page before."))
    return int(found[1]), int(found[2])


def windows(sizes: Iterable[Mark], after: Mark, limit: int) -> list[Window]:
    """Cut `limit` messages after `after` out of threads given as `(id, number of the last message)`: `(id, above, up to)` each.

    A thread of a million messages gives no more than the others: nothing is read that the page does not show.
    """
    cut: list[Window] = []
    for thread_id, last in sizes:
        low = after[1] if thread_id == after[0] else 0
        high = min(last, low + limit)
        if high > low:
            cut.append((thread_id, low, high))
            limit -= high - low
        if limit == 0:
            break
    return cut


def page(context: Context, type_name: str, ref: str, *, after: Mark, limit: int) -> tuple[list[dict[str, Any]], Mark | None]:
    """Return `(records, mark of the next page)`; rights to the subject itself are the caller's to check.

    A page may be shorter than `limit` although more follow: what the reader may not see is left out.
    """
    gate = Gate(context)
    gone: set[str] = set()
    cut: list[Window] = []
    threads: dict[int, Any] = {}
    statement = sa.text(_THREADS.format(about=_ABOUT.get(type_name, _OTHER)))
    following: Mark | None = after
    for _ in range(LOOKS):
        rows = model.Session.execute(statement, {"type": type_name, "ref": ref, "after": after[0], "limit": CHUNK}).all()
        about = {row.dataset_id for row in rows if row.dataset_id}
        seen = gate.passes(about)
        gone |= removed.among(about - seen)
        seen |= gone
        mine = [row for row in rows if row.dataset_id is None or row.dataset_id in seen]
        found = windows(((row.id, row.next_seq - 1) for row in mine), after, limit)
        threads |= {row.id: row for row in mine}
        cut += found
        limit -= sum(high - low for _, low, high in found)
        if limit == 0:
            following = found[-1][0], found[-1][2]
            break
        if len(rows) < CHUNK:
            following = None
            break
        following = after = rows[-1].id, rows[-1].next_seq - 1
    return _records(cut, threads, gone), following


def fingerprint(type_name: str, ref: str) -> str | None:
    """Return a short text that changes with the export's content, in one statement; None for organisations, where it would cost more
    than it saves and depends on the reader."""
    if type_name == "organization":
        return None
    row = model.Session.execute(sa.text(_FINGERPRINT.format(about=_ABOUT.get(type_name, _OTHER))), {"type": type_name, "ref": ref}).one()
    return hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:24]


def release() -> None:
    """Give the database connection back between two pages: a reader who takes an hour to fetch a file keeps none for an hour."""
    model.Session.rollback()


def _records(cut: list[Window], threads: dict[int, Any], gone: set[str]) -> list[dict[str, Any]]:
    if not cut:
        return []
    rows = model.Session.execute(sa.text(_MESSAGES), {
        "ids": [row[0] for row in cut], "lows": [row[1] for row in cut], "highs": [row[2] for row in cut]}).all()
    # Somebody who answers for an organisation may leave the own name out.
    names = people.public_names({row.author_id for row in rows if row.author_id and (row.signed or not row.on_behalf_of)})
    base = tk.url_for("participation_threads.show", thread_id=0, locale="default", _external=True).removesuffix("0")
    return [_record(row, thread, _title(thread, gone), names, base) for row in rows for thread in (threads[row.thread_id],)]


def _title(thread: Any, gone: set[str]) -> str:
    """Return what a thread is about; of a removed dataset no file's address, which is the title of a file without a name."""
    return "" if thread.type == "resource" and thread.dataset_id in gone and thread.subject_title == thread.uri else thread.subject_title


def _record(row: Any, thread: Any, title: str, names: dict[int, dict[str, Any]], base: str) -> dict[str, Any]:
    shown = row.state == visibility.VISIBLE
    official = shown and row.on_behalf_of is not None
    signed = shown and (row.signed or not official)
    problem = (thread.problem or {}) if shown and row.seq == 1 else {}
    translation = row.translation or {}
    anchor = f"{row.seq}" if max(row.seq, thread.last_seq) <= rules.PER_PAGE else f"?at={row.seq}#{row.seq}"
    values = (
        thread.type, thread.ref, title, thread.dataset_id, row.thread_id, thread.kind, thread.state, thread.problem_state,
        *(problem.get(name) or None for name in PROBLEM), thread.title, row.seq, row.parent_seq, row.depth, row.state,
        _moment(row.created), _moment(row.edited), row.lang, (names.get(row.author_id, {}).get("name") or None) if signed else None,
        official, row.on_behalf_of if official else None, row.organization if official else None,
        shown and thread.answer_seq == row.seq, row.n_support, row.body, translation.get("lang"), translation.get("body"),
        f"{base}{row.thread_id}{anchor if anchor.startswith('?') else '#' + anchor}")
    return dict(zip(FIELDS, values, strict=True))


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def write_mark(mark: Mark | None) -> str | None:
    """Return a page's `next`."""
    return f"{mark[0]}~{mark[1]}" if mark else None
