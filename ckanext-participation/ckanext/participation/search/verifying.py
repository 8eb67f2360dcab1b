"""Whether the search holds what people say: every document compared with the tables, in the order of threads and messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import indexing
from ckanext.participation.common.model import IndexMark
from ckanext.participation.common.registry import Entry, Finding, Part, Searchable, registry
from ckanext.participation.search import documents, indexer, server

EXAMPLES = 5
ENTRIES = 200
MOST = 500

Wrong = dict[str, str]


def conversations(repair: bool) -> Iterator[Finding]:
    """Compare the documents of all messages with the tables; what waits to be sent may differ. A mended one is marked, and sent at once."""
    if not server.is_set_up():
        return
    while indexer.index(seconds=0):
        pass
    server.commit()
    for entry in registry.searchables.values():
        missing = _missing(entry)
        strange = _strange(entry)
        mended = _mend(entry, missing, strange) if repair else 0
        words = [*missing.values(), *strange.values()]
        yield Finding(f"search.{entry.name}", len(words), mended, tuple(words[:EXAMPLES]))
    model.Session.rollback()


def _missing(entry: Searchable) -> Wrong:
    """Return the messages of which the search has no document, or another one."""
    wrong: Wrong = {}
    last = 0
    while ids := entry.ids(last, ENTRIES):
        last = ids[-1]
        entries = {identifier: found for identifier, found in entry.entries(ids).items() if found.fields}
        walks = [(identifier, 0) for identifier in entries]
        while walks:
            most = max(1, MOST // len(walks))
            parts = entry.parts(walks, most)
            wrong |= _compared(entry, [made for part in parts if (made := _document(entry, entries[part.entry_id], part))])
            counts = Counter(part.entry_id for part in parts)
            ends = {part.entry_id: part.number for part in parts}
            walks = [(identifier, number) for identifier, number in ends.items() if counts[identifier] == most]
        model.Session.rollback()
    return wrong


def _document(entry: Searchable, about: Entry, part: Part) -> dict[str, Any] | None:
    return documents.document(server.site_id(), entry.name, about, part)


def _compared(entry: Searchable, made: list[dict[str, Any]]) -> Wrong:
    held = _checksums([document["index_id"] for document in made])
    differs = {document["id"]: document["index_id"] for document in made if held.get(document["index_id"]) != document["checksum"]}
    waiting = _waiting(entry, list(differs))
    return {ref: f"message {ref} {'differs' if key in held else 'is missing'}" for ref, key in differs.items() if ref not in waiting}


def _strange(entry: Searchable) -> Wrong:
    """Return the documents of what must not be found."""
    wrong: Wrong = {}
    rows: list[str] = []
    for document in server.everything(fq=[f"type:{server.phrase(entry.name)}"], fl="id"):
        rows.append(document["id"])
        if len(rows) == MOST:
            wrong |= _out_of_sight(entry, rows)
            rows = []
    return wrong | _out_of_sight(entry, rows)


def _out_of_sight(entry: Searchable, refs: list[str]) -> Wrong:
    pairs = [documents.read_reference(ref) for ref in refs]
    entries = entry.entries(sorted({pair[0] for pair in pairs}))
    shown = {(part.entry_id, part.number) for part in entry.these(pairs)
             if part.fields and part.entry_id in entries and entries[part.entry_id].fields}
    model.Session.rollback()
    gone = [ref for ref, pair in zip(refs, pairs, strict=True) if pair not in shown]
    waiting = _waiting(entry, gone)
    return {ref: f"message {ref} is in the search and must not be found" for ref in gone if ref not in waiting}


def _checksums(keys: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in server.chunks(keys):
        rows = server.ask("*:*", fq=["{!terms f=index_id separator='\n' v=$keys}"], keys="\n".join(part), rows=len(part),
                          fl="index_id,checksum")
        found |= {row["index_id"]: row.get("checksum", "") for row in rows.docs}
    return found


def _waiting(entry: Searchable, refs: list[str]) -> set[str]:
    """Return those that were written meanwhile: their marks say so."""
    if not refs:
        return set()
    alike = {ref.partition("#")[0] for ref in refs}
    marks = model.Session.execute(sa.select(IndexMark.kind, IndexMark.ref).where(sa.or_(
        sa.and_(IndexMark.kind == entry.part, IndexMark.ref.in_(refs)), sa.and_(IndexMark.kind == entry.name, IndexMark.ref.in_(alike)),
        IndexMark.kind == indexing.SUBJECT))).all()
    if any(mark.kind == indexing.SUBJECT for mark in marks):
        return set(refs)
    parts = {mark.ref for mark in marks if mark.kind == entry.part}
    whole = {mark.ref for mark in marks if mark.kind == entry.name}
    return {ref for ref in refs if ref in parts or ref.partition("#")[0] in whole}


def _mend(entry: Searchable, missing: Wrong, strange: Wrong) -> int:
    for refs in server.chunks(list(missing)):
        indexing.mark(entry.part, refs)
        model.Session.commit()
    server.send([], gone=[documents.key(server.site_id(), entry.name, *documents.read_reference(ref)) for ref in strange])
    while indexer.index(seconds=0):
        pass
    server.commit()
    left = sum(len(_waiting(entry, refs)) for refs in server.chunks(list(missing)))
    return len(missing) - left + len(strange)
