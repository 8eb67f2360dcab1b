"""What is known of a source's records: loaded for a run, and kept in step by what the import does with each of them.

The functions about one record write in the transaction of their caller.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestObject
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.harvesting.engine import hashing
from ckanext.participation.harvesting.engine.handing import Taken
from ckanext.participation.harvesting.engine.model import HarvestHeld, HarvestPage, HarvestRun, HarvestState
from ckanext.participation.harvesting.engine.rules import Known, Row
from ckanext.participation.harvesting.record import MAPPING_VERSION
from ckanext.participation.licences import further
from ckanext.participation.licences.register import bundled_folder

_FETCH = 5000
_FILL = """
INSERT INTO participation_harvest_state
  (source_id, guid, package_id, source_modified, content_hash, mapped_digest, mapped_with, page, due, errors)
SELECT DISTINCT ON (o.guid) o.harvest_source_id, o.guid, o.package_id, '', '', coalesce(e.value, ''), '', 0, false, 0
FROM harvest_object o LEFT JOIN harvest_object_extra e ON e.harvest_object_id = o.id AND e.key = 'digest'
WHERE o.harvest_source_id = :source AND o.current AND o.package_id IS NOT NULL AND o.guid IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM participation_harvest_state WHERE source_id = :source)
ORDER BY o.guid, o.gathered DESC
ON CONFLICT DO NOTHING
"""
# A dataset that was purged, or went with `harvest_source_clear`, is as if its record had never been seen.
_FORGET = """
DELETE FROM participation_harvest_state s WHERE source_id = :source AND package_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM package p WHERE p.id = s.package_id)
"""
_LOAD = """
SELECT s.guid, s.source_modified, s.content_hash, s.page, s.due, s.mapped_with, h.state, s.package_id IS NOT NULL,
  s.mapped_digest, s.seen_run = :run, s.package_id IS NOT NULL AND p.id IS NULL
FROM participation_harvest_state s LEFT JOIN participation_harvest_held h ON h.id = s.held_id LEFT JOIN package p ON p.id = s.package_id
WHERE s.source_id = :source
"""


@functools.lru_cache(maxsize=8)
def names(_job_id: str) -> Mapping[str, str]:
    """The names of licences that the site added: in one run the same for every record, as this process read them at its first one."""
    return further.names(fresh=True)


def basis(source: Any, job_id: str) -> str:
    """A hash of all that decides what a record becomes, besides the record: when it is another one, records are mapped anew."""
    said = [
        MAPPING_VERSION,
        source.type,
        source.url,
        source.config or "",
        tk.config.get("ckan.locale_default") or "",
        tk.config.get("ckanext.dcat.rdf.profiles") or "",
        _register(),
        sorted(names(job_id).items()),
    ]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()[:16]


@functools.cache
def _register() -> str:
    whole = hashlib.sha256()
    for path in sorted(bundled_folder().glob("**/*.yaml")):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def load(source_id: str, mapped_with: str, run_id: int) -> Known:
    """All that is known of a source, for a run; rows come in portions, so that half a million do not fill the memory."""
    known, is_purged = _known(source_id, mapped_with, run_id)
    if len(known) and not is_purged:
        return known
    _fill(source_id)
    return _known(source_id, mapped_with, run_id)[0]


def _known(source_id: str, mapped_with: str, run_id: int) -> tuple[Known, bool]:
    """What is known, and whether a dataset of it is no longer here."""
    is_purged = False

    def rows() -> Iterator[Row]:
        nonlocal is_purged
        for row in _stream(_LOAD, source_id, run_id):
            is_purged = is_purged or row[10]
            yield Row(row[0], row[1], row[2], row[3], row[4], row[5] != mapped_with, row[6] or "", row[7], row[8], bool(row[9]))

    known = Known(rows())
    return known, is_purged


def _fill(source_id: str) -> None:
    """Learn a source's records from its harvest objects, on its first run with this engine, whatever its type was before."""
    model.Session.execute(sa.text(_FILL), {"source": source_id})
    forgotten: Any = model.Session.execute(sa.text(_FORGET), {"source": source_id})
    if forgotten.rowcount:
        model.Session.execute(sa.delete(HarvestPage).where(HarvestPage.source_id == source_id))
    model.Session.commit()


def gone(source_id: str, known: Known) -> Iterator[tuple[str, str, str]]:
    """(guid, id of the dataset or "", how a person decided) of what the source no longer lists."""
    query = _LOAD.replace("SELECT s.guid", "SELECT s.guid, s.package_id, h.state AS decided")
    for row in _stream(query, source_id, 0):
        if known.is_gone(row[0]):
            yield row[0], row[1] or "", row[2] or ""


def _stream(query: str, source_id: str, run_id: int) -> Iterator[Any]:
    options = {"stream_results": True, "yield_per": _FETCH}
    yield from model.Session.execute(sa.text(query), {"source": source_id, "run": run_id}, execution_options=options)


def hand_on(rows: list[dict[str, Any]]) -> None:
    """Note that these records were handed to the import: they stay due until it succeeds."""
    if rows:
        statement = insert(HarvestState)
        fresh = {name: statement.excluded[name] for name in ("due", "page", "seen_run")}
        update = statement.on_conflict_do_update(index_elements=["source_id", "guid"], set_=fresh)
        model.Session.execute(update, rows)


def settle(source_id: str, guid: str, **values: Any) -> None:
    """Change what is known of one record."""
    own = (HarvestState.source_id == source_id, HarvestState.guid == guid)
    model.Session.execute(sa.update(HarvestState).where(*own).values(**values), execution_options={"synchronize_session": False})


def note(rows: list[dict[str, Any]]) -> None:
    """Note what is now known of several records, in one statement; no record twice."""
    if rows:
        statement = insert(HarvestState)
        fresh = {name: statement.excluded[name] for name in rows[0] if name not in {"source_id", "guid"}}
        model.Session.execute(statement.on_conflict_do_update(index_elements=["source_id", "guid"], set_=fresh), rows)


def nothing_here(source_id: str, guid: str, modified: str, content: str, mapped_with: str, page: int) -> None:
    """Note a record that is nothing for us, so that it is not asked for again while it stays the same."""
    values = {"source_modified": modified, "content_hash": content, "mapped_with": mapped_with, "page": page, "due": False}
    statement = insert(HarvestState).values(source_id=source_id, guid=guid, **values)
    model.Session.execute(statement.on_conflict_do_update(index_elements=["source_id", "guid"], set_=values))


def known_by(source_id: str, record: Taken, mapped_with: str) -> dict[str, Any]:
    """What is known of a record once its dataset is as it says, for `note`: nothing is due any more."""
    return {"source_id": source_id, "guid": record.guid, "source_modified": record.modified, "content_hash": record.content_hash,
            "mapped_with": mapped_with, "page": record.page, "due": False, "errors": 0, "last_error": None}


def written(harvest_object: Any, package_id: str, digest: str) -> None:
    """Note that a record was imported, or was found to be what is here already."""
    note([imported(harvest_object, package_id, digest)])


def imported(harvest_object: Any, package_id: str, digest: str) -> dict[str, Any]:
    """The row of a record that was imported, for `note`."""
    seen = hashing.fingerprint(json.loads(harvest_object.content))
    return {
        "source_id": harvest_object.harvest_source_id,
        "guid": harvest_object.guid,
        "package_id": package_id,
        "source_modified": seen.modified,
        "content_hash": seen.content,
        "mapped_digest": digest,
        "mapped_with": basis(harvest_object.source, harvest_object.harvest_job_id),
        "due": False,
        "errors": 0,
        "last_error": None,
    }


def failed(harvest_object: Any, reason: str) -> None:
    """Note that a record could not be imported; the next run tries it again."""
    _failed(harvest_object.harvest_source_id, harvest_object.guid, {"due": True, "last_error": reason})


def not_imported(source_id: str, guid: str, run_id: int, reason: str, page: int) -> None:
    """Note a record that was read and could not be made a dataset; the next run tries it again."""
    _failed(source_id, guid, {"due": True, "last_error": reason, "seen_run": run_id, "page": page})


def dealt_with(source_id: str, run_id: int, guids: Collection[str]) -> set[str]:
    """Which of these records the run has imported or reported."""
    of_these = (HarvestState.source_id == source_id, HarvestState.guid.in_(guids), HarvestState.seen_run == run_id)
    return set(model.Session.scalars(sa.select(HarvestState.guid).where(*of_these)))


def missing(source_id: str, guid: str, run_id: int, reason: str) -> None:
    """Note a record that the source lists and does not give."""
    _failed(source_id, guid, {"due": True, "last_error": reason, "seen_run": run_id})


def _failed(source_id: str, guid: str, values: dict[str, Any]) -> None:
    statement = insert(HarvestState).values(source_id=source_id, guid=guid, errors=1, **values)
    again = {**values, "errors": HarvestState.errors + 1}
    model.Session.execute(statement.on_conflict_do_update(index_elements=["source_id", "guid"], set_=again))


def removed(harvest_object: Any) -> None:
    """Forget a record whose dataset was removed: when it comes back it is read like a new one, and finds its dataset."""
    forget_record(harvest_object.harvest_source_id, harvest_object.guid)


def rename(source_id: str, before: str, guid: str) -> None:
    """Know a record, and what was harvested of it, by another identifier from now on."""
    own = sa.update(HarvestState).where(HarvestState.source_id == source_id, HarvestState.guid == before)
    objects = sa.update(HarvestObject).where(HarvestObject.harvest_source_id == source_id, HarvestObject.guid == before)
    for statement in (own, objects):
        model.Session.execute(statement.values(guid=guid), execution_options={"synchronize_session": False})
    model.Session.commit()


def forget_record(source_id: str, guid: str) -> None:
    """Forget all about one record."""
    forget_records(source_id, [guid])


def forget_records(source_id: str, guids: Collection[str]) -> None:
    """Forget all about several records."""
    if guids:
        model.Session.execute(
            sa.delete(HarvestState).where(HarvestState.source_id == source_id, HarvestState.guid.in_(guids)),
            execution_options={"synchronize_session": False})


def package_of(source_id: str, guid: str) -> str | None:
    """The id of the dataset that the record became."""
    return packages_of(source_id, [guid]).get(guid)


def packages_of(source_id: str, guids: Collection[str]) -> dict[str, str]:
    """The ids of the datasets that these records became; records without one are left out."""
    of_these = (HarvestState.source_id == source_id, HarvestState.guid.in_(guids), HarvestState.package_id.isnot(None))
    rows = model.Session.execute(sa.select(HarvestState.guid, HarvestState.package_id).where(*of_these))
    return dict(tuple(row) for row in rows)


def forget(source_id: str) -> None:
    """Forget all about a source, as when it is cleared."""
    for table in (HarvestState, HarvestPage, HarvestHeld, HarvestRun):
        model.Session.execute(sa.delete(table).where(table.source_id == source_id))
