"""The search learns of datasets after they are committed: documents as CKAN and its plugins build them, one request for a batch.

Each write leaves a mark in its own transaction (`common.indexing`). It is settled when the search server took the document, and only if
nobody wrote since it was read; what a killed process or an absent server left is sent by `run`, the chore of the sending process.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import ckan.lib.search as ckan_search
import ckan.lib.search.index as ckan_index
import pysolr
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import indexing, silence
from ckanext.participation.common.model import IndexMark, now
from ckanext.participation.harvesting.batches import loading, origins, prefetched, showing

log = logging.getLogger(__name__)

DATASET = "dataset"
BATCH = 250
# Longer than a batch takes from its commit to the search: until then the mark is its own process's to settle.
PATIENCE = timedelta(seconds=60)
# A document that the search server refuses is tried again so much later.
LATER = timedelta(hours=1)
# While a harvest goes on; at its end `show` makes the rest visible. A view for each batch costs Solr as much again as the reading of it.
VISIBLE_WITHIN_MS = 10_000


class SearchAway(Exception):
    """The search server did not take the documents; they stay marked."""


@dataclass
class Collected:
    """What CKAN's building of documents would have sent, document by document."""

    documents: list[dict[str, Any]] = field(default_factory=list)
    deletions: list[str] = field(default_factory=list)

    def add(self, docs: Sequence[dict[str, Any]], **_: Any) -> None:
        self.documents += docs

    def delete(self, q: str, **_: Any) -> None:
        self.deletions.append(q)


_collecting: ContextVar[Collected | None] = ContextVar("participation_collecting", default=None)


def mark(ids: Collection[str]) -> dict[str, int]:
    """Say in the transaction under way that the search does not know these datasets; return the numbers of their marks."""
    if not ids:
        return {}
    indexing.mark(DATASET, ids)
    rows = model.Session.execute(sa.select(IndexMark.ref, IndexMark.number).where(IndexMark.kind == DATASET, IndexMark.ref.in_(list(ids))))
    return {row.ref: row.number for row in rows}


def index(numbers: dict[str, int], user: str = "") -> dict[str, tuple[Any, dict[str, Any]]]:
    """Send the datasets that are marked so, settle their marks, and commit; return CKAN's objects and what is shown of each, by id.

    Raises SearchAway. A document that the server refuses stays marked, and costs no other.
    """
    packages = loading.packages(numbers, resources=False)
    collected = Collected()
    shown: dict[str, tuple[Any, dict[str, Any]]] = {}
    silent = silence.about(packages)
    with prefetched.validators(), _collect(collected), silence.known(silent), origins.known(origins.of(packages)):
        builder = ckan_search.index_for("Package")
        for package, (plain, custom) in zip(packages.values(), showing.both(list(packages.values()), user), strict=True):
            shown[package.id] = package, custom
            builder.update_dict({**origins.last(plain), "with_custom_schema": origins.last(custom)}, defer_commit=True)
        for identifier in numbers.keys() - packages.keys():
            builder.remove_dict({"id": identifier})
    # Nothing is held while the server is waited for.
    model.Session.commit()
    refused = _send(collected)
    # Whoever began to speak of a dataset meanwhile is not in the document that was sent.
    again = refused | (silent - silence.about(silent))
    _settle({ref: number for ref, number in numbers.items() if ref not in again}, packages)
    _put_off(refused)
    model.Session.commit()
    return shown


def run() -> None:
    """Send what batches left: the chore of the sending process."""
    try:
        while numbers := _left():
            index(numbers)
    except SearchAway as error:
        log.warning("Harvested datasets do not reach the search: %s. They stay marked.", error)
    finally:
        model.Session.rollback()


def show() -> None:
    """Let the search show at once what was sent; a server that is away does so when it is back."""
    try:
        ckan_index.make_connection().commit(softCommit=True)
    except (pysolr.SolrError, OSError) as error:
        log.warning("What was harvested is shown later: the search is away (%s).", str(error)[:200])


def _left() -> dict[str, int]:
    rows = model.Session.execute(
        sa.select(IndexMark.ref, IndexMark.number).where(IndexMark.kind == DATASET, IndexMark.since <= now() - PATIENCE)
        .order_by(IndexMark.since).limit(BATCH)).all()
    return {row.ref: row.number for row in rows}


def _settle(numbers: dict[str, int], sent: dict[str, Any]) -> None:
    """Forget the marks, but not of a dataset that somebody changed while its document was on its way."""
    package = model.package_table.c
    there = {row.id: row.metadata_modified for row in model.Session.execute(
        sa.select(package.id, package.metadata_modified).where(package.id.in_(list(numbers))))}
    same = [ref for ref in numbers if there.get(ref) == (sent[ref].metadata_modified if ref in sent else None)]
    model.Session.execute(
        sa.text("""DELETE FROM participation_index_mark AS mark
            USING unnest(CAST(:refs AS text[]), CAST(:numbers AS integer[])) AS v (ref, number)
            WHERE mark.kind = :kind AND mark.ref = v.ref AND mark.number = v.number"""),
        {"kind": DATASET, "refs": same, "numbers": [numbers[ref] for ref in same]})


def _put_off(refused: Collection[str]) -> None:
    if refused:
        model.Session.execute(
            sa.update(IndexMark).where(IndexMark.kind == DATASET, IndexMark.ref.in_(list(refused))).values(since=now() + LATER))


@contextmanager
def _collect(collected: Collected) -> Iterator[None]:
    """Let CKAN's building of a document end in `collected`; only here, and not for other threads."""
    original = ckan_index.make_connection

    def connection(*args: Any, **kw: Any) -> Any:
        return _collecting.get() or original(*args, **kw)

    token = _collecting.set(collected)
    ckan_index.make_connection = connection
    try:
        yield
    finally:
        ckan_index.make_connection = original
        _collecting.reset(token)


def _send(collected: Collected) -> set[str]:
    """Send everything; return the ids of datasets whose documents the server refuses. Raises SearchAway."""
    connection = ckan_index.make_connection()
    refused: set[str] = set()
    try:
        for query in collected.deletions:
            connection.delete(q=query, commit=False)
        pending = [collected.documents] if collected.documents else []
        while pending:
            documents = pending.pop()
            try:
                connection.add(documents, commit=False, commitWithin=str(VISIBLE_WITHIN_MS))
            except pysolr.SolrError as error:
                if "(HTTP 400)" not in str(error):
                    raise
                if len(documents) == 1:
                    log.error("The search refuses the dataset %s: %s", documents[0]["id"], str(error)[:1000])
                    refused.add(documents[0]["id"])
                else:
                    middle = len(documents) // 2
                    pending += [documents[:middle], documents[middle:]]
    except (pysolr.SolrError, OSError) as error:
        raise SearchAway(str(error)[:200]) from error
    return refused
