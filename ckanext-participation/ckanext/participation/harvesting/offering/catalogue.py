"""Which datasets the feeds hold, and what an anonymous reader gets of each: from the search index, a thousand at a time.

A dataset is in when both say so: its row (active, not private, an ordinary dataset) and the index, asked as nobody in particular,
which also knows what extensions hide. Where the index is behind the row, CKAN is asked for the dataset itself; one that the index
does not have yet waits for the next build.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

ROWS = 1000
# Sorting the ids as bytes has no index: one statement for many.
MANIFEST = 20_000
# A dataset's dictionary may be large: so many are in memory at once.
DICTIONARIES = 100
_OF_ORGANISATIONS = ("email", "url", "dcat_type", "identifier")


@dataclass(frozen=True)
class Row:
    """A dataset that is public: its id, the moment of its last change as CKAN writes it, its organisation's id."""

    id: str
    modified: str
    organisation: str


@dataclass(frozen=True)
class Organisation:
    """An organisation: a stamp of its state, what is shown of it, and whether it is."""

    stamp: str
    shown: dict[str, Any]
    active: bool


@dataclass(frozen=True)
class Batch:
    """The public datasets between two ids: after `first`, up to `last`; and how many the index does not have yet."""

    first: str
    last: str
    rows: list[Row]
    waiting: int


def state() -> str:
    """Return what changes whenever a public dataset comes, changes or goes, or an organisation changes: two statements."""
    session = model.Session
    package, group = model.Package, model.Group
    datasets = session.execute(sa.select(sa.func.count(), sa.func.max(package.metadata_modified)).where(*_public())).one()
    # `md5` of each row, summed: an organisation has no date of its last change.
    whole = sa.func.concat_ws("\x1f", group.id, group.title, group.name, group.state, sa.cast(group.extras, sa.Text))
    organisations = session.execute(
        sa.select(sa.func.md5(sa.func.string_agg(sa.func.md5(whole), sa.text("',' ORDER BY \"group\".id"))))
        .where(group.is_organization)).scalar()
    return f"{datasets[0]} {datasets[1]} {organisations}"


def organisations() -> dict[str, Organisation]:
    """Return each organisation by its id: they are in its datasets' pieces."""
    group = model.Group
    rows = model.Session.execute(sa.select(group.id, group.name, group.title, group.state, group.extras).where(group.is_organization))
    return {row[0]: Organisation(
        hashlib.sha256(repr(tuple(row)).encode()).hexdigest()[:16],
        {"id": row[0], "name": row[1], "title": row[2] or "", **{key: (row[4] or {}).get(key) for key in _OF_ORGANISATIONS}},
        row[3] == "active") for row in rows}


def those_public(before: datetime.datetime) -> str:
    """Return what changes when one of the datasets made before a moment is not public any more: one statement, whatever their number."""
    package = model.Package
    count, whole = model.Session.execute(
        sa.select(sa.func.count(), sa.func.sum(sa.func.hashtextextended(package.id, 0)))
        .where(*_public(), package.metadata_created < before)).one()
    return f"{before.isoformat()} {count} {whole or 0}"


def _public() -> tuple[Any, ...]:
    package = model.Package
    return package.state == "active", package.private.is_(False), package.type == "dataset"


def batches() -> Iterator[Batch]:
    """Yield the whole catalogue in the order of ids (of their bytes, as the index has them)."""
    last = ""
    while some := _rows(last):
        for start in range(0, len(some), ROWS):
            rows = some[start:start + ROWS]
            found = _in_index(rows[0].id, rows[-1].id)
            public = [row for row in rows if row.id in found]
            yield Batch(last, rows[-1].id, public, len(rows) - len(public))
            last = rows[-1].id


def _rows(last: str) -> list[Row]:
    package = model.Package
    plain = sa.collate(package.id, "C")
    rows = model.Session.execute(sa.select(package.id, package.metadata_modified, package.owner_org)
                                 .where(*_public(), plain > last).order_by(plain).limit(MANIFEST)).all()
    # Nothing of the database is held while pieces are made.
    model.Session.rollback()
    return [Row(row[0], _moment(row[1]), row[2] or "") for row in rows]


def datasets(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Yield the dictionaries of these datasets as an anonymous reader gets them; without one that is not public any more."""
    wanted = list(rows)
    for start in range(0, len(wanted), DICTIONARIES):
        some = wanted[start:start + DICTIONARIES]
        asked = " OR ".join(_quoted(row.id) for row in some)
        found = {one["id"]: one for one in _search(f"+id:({asked})", len(some))["results"]}
        for row in some:
            dataset = found.get(row.id)
            if dataset is not None and dataset.get("metadata_modified") != row.modified:
                dataset = _shown(row.id)
            if dataset is not None and dataset.get("state") == "active" and not dataset.get("private"):
                yield dataset


def newest() -> str:
    """Return the last change of any public dataset."""
    moment = model.Session.scalar(sa.select(sa.func.max(model.Package.metadata_modified)).where(*_public()))
    return _moment(moment) if moment else ""


def _in_index(first: str, last: str) -> set[str]:
    return {one["id"] for one in _search(f"+id:[{_quoted(first)} TO {_quoted(last)}]", ROWS, fl="id")["results"]}


def _search(which: str, rows: int, **more: Any) -> Mapping[str, Any]:
    return tk.get_action("package_search")(_nobody(), {
        "q": "*:*", "fq": f"+dataset_type:dataset {which}", "rows": rows, "sort": "id asc", "facet": "false",
        "include_private": False, "include_drafts": False, **more})


def _shown(dataset: str) -> dict[str, Any] | None:
    try:
        return tk.get_action("package_show")(_nobody(), {"id": dataset})
    except (tk.ObjectNotFound, tk.NotAuthorized):
        return None


def _nobody() -> Any:
    return {"user": "", "auth_user_obj": None, "ignore_auth": False}


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _moment(value: datetime.datetime) -> str:
    return value.isoformat()
