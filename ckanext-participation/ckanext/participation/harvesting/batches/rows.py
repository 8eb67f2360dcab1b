"""From a validated dataset to the rows that CKAN's own saving would leave, and what of them differs from the rows that are there.

CKAN's rule for a column that the dataset does not name: columns marked so in the model are emptied, others are left alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ckan import model

Row = dict[str, Any]

_EMPTIED = "remove_if_not_provided"
_PACKAGE = list(model.package_table.c)
_RESOURCE = list(model.resource_table.c)
_RESOURCE_NAMES = {column.name for column in _RESOURCE}
# What CKAN's Resource has where a new file says nothing; everything else is NULL.
_NEW_RESOURCE = {"url": "", "format": "", "description": "", "hash": ""}
_IGNORED_OF_RESOURCE = ("extras", "revision_timestamp", "tracking_summary")


@dataclass
class Files:
    """What happens to the files of one dataset: rows to insert and to change, ids whose rows go, and whether anything differs."""

    insert: list[Row] = field(default_factory=list)
    change: list[Row] = field(default_factory=list)
    purge: list[str] = field(default_factory=list)
    changed: bool = False


def package(data: Mapping[str, Any], here: Mapping[str, Any] | None, moment: datetime) -> tuple[Row, bool]:
    """(the dataset's row, whether it differs from `here`). `data` is what validation gave."""
    stated = {name: value for name, value in data.items() if name not in {"metadata_created", "plugin_data"}}
    stated["extras"] = {extra["key"]: extra["value"] for extra in data.get("extras") or []}
    row = dict(here) if here else {
        **dict.fromkeys((column.name for column in _PACKAGE), None), "type": "dataset", "private": False, "state": "active",
        "metadata_created": moment, "metadata_modified": moment}
    return row, _fill(row, _PACKAGE, stated) or here is None


def files(data: Sequence[dict[str, Any]], here: Sequence[Mapping[str, Any]], package_id: str, moment: datetime) -> Files:
    """What happens to a dataset's files; gives each of `data` its id and its dataset's, as CKAN's saving does."""
    result = Files()
    active = sorted((row for row in here if row["state"] != "deleted"), key=lambda row: (row["position"] is None, row["position"] or 0))
    known = {row["id"]: row for row in here}
    order: list[Row] = []
    for stated in data:
        for name in _IGNORED_OF_RESOURCE:
            stated.pop(name, None)
        stated["package_id"] = stated.get("package_id") or package_id
        if stated.get("url") and stated.get("url_type") == "upload":
            stated["url"] = stated["url"].rsplit("/")[-1]
        before = known.get(stated.get("id") or "")
        row, changed = _file(stated, before, moment)
        stated["id"] = row["id"]
        result.changed |= changed
        order.append(row)
        if before is None:
            result.insert.append(row)
    if [row["id"] for row in order] != [row["id"] for row in active]:
        result.changed = True
        kept = {row["id"] for row in order}
        gone = [{**row, "state": "deleted"} for row in active if row["id"] not in kept]
        for position, row in enumerate([*order, *gone]):
            row["position"] = position
        order += gone
        result.purge = [row["id"] for row in here if row["state"] == "deleted" and row["id"] not in kept]
    result.change = [row for row in order if row["id"] in known and row != dict(known[row["id"]])]
    return result


def _file(stated: Mapping[str, Any], before: Mapping[str, Any] | None, moment: datetime) -> tuple[Row, bool]:
    row = dict(before) if before else {**dict.fromkeys(_RESOURCE_NAMES, None), **_NEW_RESOURCE}
    changed = _fill(row, _RESOURCE, stated)
    extras = {name: value for name, value in stated.items() if name not in _RESOURCE_NAMES}
    if before is None:
        row["id"] = row["id"] or str(uuid.uuid4())
        row["created"] = row["created"] or moment
        changed = True
    if changed or (row["extras"] or {}) != extras:
        changed = True
        row["metadata_modified"] = moment
    row["extras"] = extras
    row["state"] = "active"
    return row, changed


def _fill(row: Row, columns: Sequence[Any], stated: Mapping[str, Any]) -> bool:
    changed = False
    for column in columns:
        name = column.name
        if name in stated:
            value = stated[name]
        elif column.doc == _EMPTIED:
            value = None if column.nullable else ""
        else:
            continue
        before = row[name]
        if isinstance(before, datetime) and isinstance(value, str):
            before = before.isoformat()
        if before != value:
            row[name] = value
            changed = True
    return changed


def tags(data: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, str | None]]:
    """The dataset's tags, each once: (name, id of its vocabulary or None)."""
    return list(dict.fromkeys((tag["name"], tag.get("vocabulary_id") or None) for tag in data or []))
