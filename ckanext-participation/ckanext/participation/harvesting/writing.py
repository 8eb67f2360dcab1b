"""Writing one harvested dataset: created, updated in place, brought back or removed.

Dataset and harvest object change in one transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.harvesters.base import HarvesterBase
from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

from ckanext.participation.common import removed
from ckanext.participation.harvesting import organisations, rules, values
from ckanext.participation.harvesting.engine import state
from ckanext.participation.harvesting.record import Organisation, Record
from ckanext.participation.harvesting.settings import Settings

_ATTEMPTS = 3


def mark(harvest_object: Any, key: str) -> str:
    """What a harvest object carries under `key`, or an empty text."""
    return next((row.value for row in harvest_object.extras if row.key == key), "")


def previous(harvest_object: Any) -> Any:
    """The harvest object by which this source's record was last written, or None.

    By source and identifier, never by identifier alone: another source may use the same one.
    """
    return model.Session.scalars(
        _others(harvest_object).where(HarvestObject.current.is_(True)).order_by(HarvestObject.gathered.desc()).limit(1)
    ).first()


def _others(harvest_object: Any) -> Any:
    return sa.select(HarvestObject).where(
        HarvestObject.harvest_source_id == harvest_object.harvest_source_id,
        HarvestObject.guid == harvest_object.guid,
        HarvestObject.id != harvest_object.id,
        HarvestObject.package_id.isnot(None),
    )


def is_done(harvest_object: Any) -> bool:
    """Whether this very object was imported before; holds its row until the transaction ends.

    ckanext-harvest sends an object again when it looks between a consumer's taking it and its first mark in the database.
    """
    model.Session.execute(sa.select(HarvestObject.id).where(HarvestObject.id == harvest_object.id).with_for_update())
    model.Session.refresh(harvest_object)
    return bool(harvest_object.current and harvest_object.package_id and mark(harvest_object, "digest"))


def remove(harvest_object: Any, user: str) -> bool:
    """Delete the dataset as CKAN does: its row stays, and so does what people said about it."""
    for row in model.Session.scalars(_others(harvest_object).where(HarvestObject.current.is_(True))):
        row.current = False
    package = model.Package.get(harvest_object.package_id)
    if package is not None and package.state == "active":
        removed.note([package], harvest_object.harvest_source_id)
        context: Any = {"user": user, "ignore_auth": True, removed.BY_HARVEST: True}
        tk.get_action("package_delete")(context, {"id": package.id})
    state.removed(harvest_object)
    model.Session.commit()
    return True


def write(
    harvest_object: Any,
    before: Any,
    record: Record,
    chosen: Settings,
    user: str,
    details: Callable[[Organisation], Organisation],
) -> list[str]:
    """Write the record and return the sentences about what was left out; raises ValidationError when nothing could be written."""
    source = model.Package.get(harvest_object.harvest_source_id)
    owner, notes = organisations.owner_of(record.organisation, source.owner_org if source else None, chosen, user, details)
    notes = [*record.notes, *notes]
    # Taken before files get the ids that they have here.
    digest = record.digest()
    package = _package_of(harvest_object, before)
    dataset = {
        **record.dataset,
        "owner_org": owner,
        "extras": [*record.dataset["extras"], {"key": "guid", "value": harvest_object.guid}],
    }
    dataset = _for_update(dataset, package, user) if package else _for_creation(dataset, harvest_object)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _save(harvest_object, dataset, digest, user, "package_update" if package else "package_create")
            break
        except tk.ValidationError as error:
            model.Session.rollback()
            dataset, left_out = rules.without_refused(dataset, error.error_dict)
            if not left_out or attempt == _ATTEMPTS:
                raise
            notes += left_out
    return notes


def _save(harvest_object: Any, dataset: dict[str, Any], digest: str, user: str, action: str) -> None:
    for row in model.Session.scalars(_others(harvest_object).where(HarvestObject.current.is_(True))):
        row.current = False
    harvest_object.current = True
    harvest_object.package_id = dataset["id"]
    model.Session.add(HarvestObjectExtra(harvest_object_id=harvest_object.id, key="digest", value=digest))
    # The harvest object points at a dataset that is made in the same transaction.
    model.Session.execute(sa.text("SET CONSTRAINTS harvest_object_package_id_fkey DEFERRED"))
    model.Session.flush()
    state.written(harvest_object, dataset["id"], digest)
    tk.get_action(action)({"user": user, "ignore_auth": True, "return_id_only": True}, dataset)
    model.Session.commit()


def _package_of(harvest_object: Any, before: Any) -> Any:
    """The dataset to update: also one that was removed when the source lost it, so that it comes back with its threads."""
    last = before or model.Session.scalars(_others(harvest_object).order_by(HarvestObject.gathered.desc()).limit(1)).first()
    # Without harvest objects (their history may be cleared) the state still knows.
    known = last.package_id if last else state.package_of(harvest_object.harvest_source_id, harvest_object.guid)
    return model.Package.get(known) if known else None


def _for_creation(dataset: dict[str, Any], harvest_object: Any) -> dict[str, Any]:
    wanted = dataset.get("name") or values.slug(dataset["title"]) or "dataset"
    name = HarvesterBase._ensure_name_is_unique(wanted) or f"{wanted[:80]}-{uuid.uuid4().hex[:8]}"
    taken = model.Package.get(harvest_object.guid) is not None
    own_id = _uuid(harvest_object.guid) if not taken else ""
    # An id that another dataset has here, whoever gave it, would be refused or would take that dataset over.
    resources = [
        {key: value for key, value in row.items() if key != "id" or (_uuid(value) and model.Resource.get(value) is None)}
        for row in dataset["resources"]
    ]
    return {**dataset, "id": own_id or str(uuid.uuid4()), "name": name, "resources": resources, "type": "dataset"}


def _for_update(dataset: dict[str, Any], package: Any, user: str) -> dict[str, Any]:
    here = tk.get_action("package_show")({"user": user, "ignore_auth": True, "use_cache": False}, {"id": package.id})
    dataset = {**dataset, "resources": [dict(row) for row in dataset["resources"]]}
    rules.keep_file_ids(here["resources"], dataset["resources"])
    known = {row["id"] for row in here["resources"]}
    resources = [
        {
            key: value
            for key, value in row.items()
            if key != "id" or value in known or (_uuid(value) and model.Resource.get(value) is None)
        }
        for row in dataset["resources"]
    ]
    kept = {field: here[field] for field in tk.aslist(tk.config.get("ckan.harvest.not_overwrite_fields")) if field in here}
    return {
        **dataset,
        **kept,
        "id": package.id,
        "name": here["name"],
        "private": here["private"],
        "type": here["type"],
        "state": "active",
        # Groups that people put the dataset into stay; those of the source's settings come on top.
        "groups": [{"name": name} for name in sorted({group["name"] for group in [*here.get("groups", []), *dataset.get("groups", [])]})],
        "resources": resources,
    }


def _uuid(value: object) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return ""
