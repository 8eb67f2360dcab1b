"""Whether the search documents of datasets say of their conversations what was counted, and sending those again that do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import make_connection
from ckan.logic import index_update_package

from ckanext.participation.common.registry import Finding, Registry
from ckanext.participation.threads import counting
from ckanext.participation.threads.records import SubjectCount

EXAMPLES = 5
BATCH = 500
FIELDS = ("participation_threads", "participation_threads_open", "participation_comments", "participation_talk")

# What waits for the counting job, or for the index, may differ.
_EXPECTED = """
SELECT s.id, s.ref, k.threads, k.threads_open, k.questions_open, k.problems_open, k.comments, k.answered
FROM participation_subject_count k JOIN participation_subject s ON s.id = k.subject_id AND s.type = 'dataset'
JOIN package p ON p.id = s.ref AND p.state = 'active' AND p.type = 'dataset'
WHERE k.indexed_at IS NOT NULL AND s.id > :last ORDER BY s.id LIMIT :limit"""


def register(registry: Registry) -> None:
    """Enter what this module can verify."""
    registry.add_verifier("search", search)


def search(repair: bool) -> Iterator[Finding]:
    """Compare all datasets' search documents with their counts, and look for documents that claim conversations without any."""
    counting.commit_search()
    behind: dict[str, tuple[int, str]] = {}
    talked: set[str] = set()
    for rows in _counted():
        found = _documents([row.ref for row in rows])
        for row in rows:
            expected = counting.document(dict(row._mapping))
            talked |= {row.ref} if expected else set()
            said = found.get(row.ref)
            if said != expected:
                behind[row.ref] = (row.id, f"dataset {row.ref}: {said} in the search, {expected} counted" if said is not None
                                   else f"dataset {row.ref} is not in the search")
    waiting = set(model.Session.scalars(sa.text(
        "SELECT s.ref FROM participation_subject_count k JOIN participation_subject s ON s.id = k.subject_id WHERE k.indexed_at IS NULL")))
    model.Session.rollback()
    invented = [identifier for identifier in _claiming() if identifier not in talked | waiting]
    mended = _mend(behind, invented) if repair else 0
    words = [sentence for _, sentence in behind.values()]
    words += [f"dataset {ref}: conversations in the search, none counted" for ref in invented]
    yield Finding("search.counts", len(words), mended, tuple(words[:EXAMPLES]))


def _counted() -> Iterator[list[Any]]:
    last = 0
    while True:
        rows = list(model.Session.execute(sa.text(_EXPECTED), {"last": last, "limit": BATCH}).all())
        model.Session.rollback()
        if not rows:
            return
        last = rows[-1].id
        yield rows


def _documents(ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the search says of these datasets, by their ids; one that it does not know is missing."""
    found = make_connection().search("*:*", fq=[_site(), "{!terms f=id}" + ",".join(ids)], fl=",".join(("id", *FIELDS)), rows=len(ids))
    return {row["id"]: _said(row) for row in found}


def _claiming() -> Iterator[str]:
    """Yield the ids of the datasets that have conversations, says the search."""
    # The answer fetches its next page by itself.
    for row in make_connection().search("*:*", fq=[_site(), "participation_threads:[1 TO *]"], fl="id", rows=BATCH, sort="index_id asc",
                                        cursorMark="*"):
        yield row["id"]


def _site() -> str:
    return 'site_id:"{}"'.format(str(tk.config["ckan.site_id"]).replace('"', ""))


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(row[name]) if isinstance(row[name], list) else row[name] for name in FIELDS if row.get(name) is not None}


def _mend(behind: dict[str, tuple[int, str]], invented: list[str]) -> int:
    model.Session.execute(sa.update(SubjectCount).where(SubjectCount.subject_id.in_([identifier for identifier, _ in behind.values()]))
                          .values(indexed_at=None))
    model.Session.commit()
    counting.index()
    for ref in invented:
        try:
            index_update_package({"ignore_auth": True}, ref, defer_commit=True)
        except tk.ObjectNotFound:
            # It is gone, and so must its document be.
            from ckan.lib import search as index

            index.clear(ref)
    model.Session.rollback()
    counting.commit_search()
    left = model.Session.scalar(sa.select(sa.func.count()).where(
        SubjectCount.subject_id.in_([identifier for identifier, _ in behind.values()]), SubjectCount.indexed_at.is_(None))) or 0
    return len(behind) + len(invented) - left
