"""What an imported conversation is about: the subject row of an object that is there, or a lost one of an object that is gone."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import events, subjects
from ckanext.participation.common.model import Subject, now
from ckanext.participation.common.registry import registry
from ckanext.participation.threads.importing.reading import Source

CKAN = {"dataset": model.Package, "resource": model.Resource, "organization": model.Group}


class About:
    """Finds or makes subjects, each once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[tuple[str, str], tuple[int | None, str]] = {}

    def forget(self) -> None:
        """Drop what was found in a transaction that is rolled back."""
        self._known.clear()

    def subject(self, type_: str, ref: str) -> tuple[int | None, str]:
        """Return `(subject id, "")`, or `(None, reason code)` for what has no conversations; does not commit."""
        if (type_, ref) not in self._known:
            self._known[type_, ref] = self._find(type_, ref)
        return self._known[type_, ref]

    def dataset_of(self, resource: str) -> str | None:
        """Return the id of the dataset that a file belongs to, from this site or the former one."""
        here = model.Session.scalar(sa.select(model.Resource.package_id).where(model.Resource.id == resource))
        return here or (self._source.resource(resource) or {}).get("package_id")

    def _find(self, type_: str, ref: str) -> tuple[int | None, str]:
        row = self._row(type_, ref)
        if row is None and type_ == "dataset":
            return None, "package_type"
        if row is None and type_ == "organization":
            return None, "group"
        found = registry.subject_types[type_].load(ref)
        if found is not None and self._active(row):
            return subjects.row_for(type_, found).id, ""
        known = subjects.find(type_, ref)
        if known is None:
            owner = self.dataset_of(ref) if type_ == "resource" else None
            if owner:
                # A lost file is found again through its dataset.
                self.subject("dataset", owner)
            known = subjects.row_for(type_, self._keys(type_, ref, found))
            known.lost_at = now()
            events.write("subject.lost", actor_id=None, target=("subject", known.id), subject_id=known.id)
        while known.merged_into is not None:
            known = model.Session.get_one(Subject, known.merged_into)
        return known.id, ""

    def _row(self, type_: str, ref: str) -> Any:
        """Return CKAN's row of the object, False when it is gone, None when it is something that has no conversations."""
        if type_ not in CKAN:
            return True
        row = model.Session.get(CKAN[type_], ref)
        if type_ == "dataset":
            kind = row.type if row else (self._source.dataset(ref) or {}).get("type", "dataset")
            return (row or False) if kind == "dataset" else None
        if type_ == "organization":
            is_organization = row.is_organization if row else (self._source.group(ref) or {}).get("is_organization")
            return (row or False) if is_organization else None
        return row or False

    @staticmethod
    def _active(row: Any) -> bool:
        if isinstance(row, model.Resource):
            owner = model.Session.get(model.Package, row.package_id)
            return row.state == owner.state == model.State.ACTIVE if owner else False
        return row is True or (row is not False and row.state == model.State.ACTIVE)

    def _keys(self, type_: str, ref: str, found: dict[str, Any] | None) -> dict[str, Any]:
        """Return by what a lost object may be found again: what this site still knows, else what the former site knew."""
        if found is not None:
            return found
        keys: dict[str, Any] = {"ref": ref}
        if type_ == "dataset":
            row = self._source.dataset(ref) or {}
            keys |= {"title": row.get("title") or row.get("name"), "name": row.get("name"), "organization_id": row.get("owner_org"),
                     "guid": row.get("guid"), "uri": row.get("uri"), "landing_page": row.get("url")}
        elif type_ == "resource":
            row = self._source.resource(ref) or {}
            owner = self._source.dataset(row["package_id"]) if row.get("package_id") else None
            keys |= {"title": row.get("name") or row.get("url"), "uri": row.get("url"), "parent": row.get("package_id"),
                     "organization_id": (owner or {}).get("owner_org")}
        elif type_ == "organization":
            row = self._source.group(ref) or {}
            keys |= {"title": row.get("title") or row.get("name"), "name": row.get("name")}
        return keys
