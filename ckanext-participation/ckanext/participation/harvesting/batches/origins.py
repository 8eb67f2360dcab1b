"""From which source each dataset of a batch is, asked once for all.

ckanext-harvest asks so for each search document, and reads and writes the two copies of the dataset in it anew. While a batch is indexed
its hook is answered from here, with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestObject, HarvestSource
from ckanext.harvest.plugin import Harvest

Extras = dict[str, str]
_EXTRAS = '"extras": ['
_known: ContextVar[dict[str, Extras] | None] = ContextVar("participation_origins", default=None)
_before_dataset_index = Harvest.before_dataset_index


def of(dataset_ids: Collection[str]) -> dict[str, Extras]:
    """Return, by dataset, what ckanext-harvest tells of its origin; nothing for those that were not harvested. One statement."""
    rows = model.Session.execute(
        sa.select(HarvestObject.package_id, HarvestObject.id, HarvestSource.id.label("source"), HarvestSource.title)
        .join(HarvestSource, HarvestSource.id == HarvestObject.harvest_source_id)
        .where(HarvestObject.package_id.in_(list(dataset_ids)), HarvestObject.current.is_(True))
        .order_by(HarvestObject.import_finished.desc()))
    found: dict[str, Extras] = {dataset_id: {} for dataset_id in dataset_ids}
    for row in rows:
        if not found[row.package_id]:
            found[row.package_id] = {"harvest_object_id": row.id, "harvest_source_id": row.source, "harvest_source_title": row.title}
    return found


@contextmanager
def known(origins: dict[str, Extras]) -> Iterator[None]:
    """Let ckanext-harvest's hook be answered from this until the block ends; not for other threads."""
    token = _known.set(origins)
    Harvest.before_dataset_index = _answered
    try:
        yield
    finally:
        Harvest.before_dataset_index = _before_dataset_index
        _known.reset(token)


def last(dataset: dict[str, Any]) -> dict[str, Any]:
    """The dataset with its extras, where it has any, at the end: there `_told` finds them."""
    if "extras" not in dataset:
        return dataset
    return {**{name: value for name, value in dataset.items() if name != "extras"}, "extras": dataset["extras"]}


def _answered(plugin: Any, document: dict[str, Any]) -> dict[str, Any]:
    origins = _known.get()
    origin = origins.get(document["id"]) if origins is not None else None
    if origin is None or isinstance(document.get("status"), dict):
        return _before_dataset_index(plugin, document)
    copies = {name: _told(document[name], origin) for name in ("data_dict", "validated_data_dict")} if origin else {}
    if None in copies.values():
        return _before_dataset_index(plugin, document)
    # As there, the document that was given is the one that is changed.
    document.update({key: value for key, value in origin.items() if key not in document} | copies)
    return document


def _told(text: str, origin: Extras) -> str | None:
    """The JSON text of a dataset with these extras; None where its own are not at the end, or where it has fields of these names."""
    place = text.rfind(_EXTRAS)
    # A quotation mark within a value is escaped: this is a key, and what ends where the dataset ends is the dataset's own.
    if place < 0 or not text.endswith("]}") or any(f'"{name}": ' in text[:place] for name in origin):
        return None
    extras = json.loads(text[place + len(_EXTRAS) - 1:-1])
    there = {extra.get("key"): extra for extra in reversed(extras)}
    for key, value in origin.items():
        if key in there:
            there[key]["value"] = value
        else:
            extras.append({"key": key, "value": value})
    return f"{text[:place]}{_EXTRAS[:-1]}{json.dumps(extras)}}}"
