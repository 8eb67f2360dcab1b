"""What `common` itself enters in the registry: datasets, resources and organisations as subjects, and their events."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from flask import has_request_context

from ckanext.participation import config
from ckanext.participation.common import idempotency, labels, removed, subjects
from ckanext.participation.common.registry import EventType, Registry, SubjectType
from ckanext.participation.common.translated import in_language


def register(registry: Registry) -> None:
    """Enter the subject types of CKAN itself, the events of the sweep, and the chores that belong to no room."""
    registry.add(SubjectType("dataset", load_dataset, check_dataset, labels.of_datasets, dataset_is_kept))
    registry.add(SubjectType("resource", load_resource, check_resource, labels.of_resources, resource_is_kept))
    registry.add(SubjectType("organization", load_organization, check_organization, labels.of_organizations))
    for name in ("subject.lost", "subject.returned", "subject.reattached", "subject.attached", "visibility.set", "support.set",
                 "follow.set"):
        registry.add(EventType(name))
    registry.add_chore("sweep", subjects.sweep, config.sweep_seconds)
    registry.add_chore("idempotency", idempotency.forget, config.sweep_seconds)


def load_dataset(ref: str) -> dict[str, Any] | None:
    """Return what a subject needs of a dataset, by id or name."""
    row = model.Package.get(ref)
    if row is None or row.type != "dataset":
        return None
    extras = row.extras or {}
    title = row.title or row.name
    return {"ref": row.id, "name": row.name, "title": title, "label": in_language(extras.get("title_translated"), _lang(), title),
            "organization_id": row.owner_org, "url": tk.url_for("dataset.read", id=row.name), "guid": extras.get("guid"),
            "uri": extras.get("uri"), "landing_page": row.url, "removed": _removed(row)}


def load_resource(ref: str) -> dict[str, Any] | None:
    """Return what a subject needs of a resource, by id."""
    row = model.Resource.get(ref)
    if row is None:
        return None
    owner = model.Package.get(row.package_id)
    gone = _removed(owner)
    if owner is not None and gone is not None:
        # Of a removed dataset no address of a file is told any more, also not as a name, and the files have no pages.
        plain = row.name if row.name != row.url else ""
        title = plain or tk._("A file of {dataset}").format(dataset=owner.title or owner.name)
        label = in_language((row.extras or {}).get("name_translated"), _lang(), title)
        return {"ref": row.id, "name": plain, "title": title, "parent": row.package_id, "label": title if label == row.url else label,
                "organization_id": owner.owner_org, "url": tk.url_for("dataset.read", id=owner.name), "removed": gone}
    title = row.name or row.url
    return {"ref": row.id, "name": row.name, "title": title, "parent": row.package_id,
            "label": in_language((row.extras or {}).get("name_translated"), _lang(), title),
            "organization_id": owner.owner_org if owner else None,
            "url": tk.url_for("dataset_resource.read", id=row.package_id, resource_id=row.id), "uri": row.url, "removed": None}


def dataset_is_kept(ref: str) -> bool:
    """Say whether a harvest removed the dataset (id or name), so that everybody still reads what was said about it."""
    return removed.of(model.Package.get(ref)) is not None


def resource_is_kept(ref: str) -> bool:
    """Say the same of a file, whose dataset a harvest removed."""
    row = model.Resource.get(ref)
    return row is not None and row.state == model.State.ACTIVE and removed.of(model.Package.get(row.package_id)) is not None


def _removed(package: model.Package | None) -> str | None:
    """Return when a harvest removed the dataset; None for one that is there, or was deleted by hand."""
    known = removed.of(package)
    return known.at.isoformat() if known else None


def load_organization(ref: str) -> dict[str, Any] | None:
    """Return what a subject needs of an organisation, by id or name."""
    row = model.Group.get(ref)
    if row is None or not row.is_organization:
        return None
    title = row.title or row.name
    return {"ref": row.id, "name": row.name, "title": title, "organization_id": row.id,
            "label": in_language((row.extras or {}).get("title_translated"), _lang(), title),
            "url": tk.url_for("organization.read", id=row.name)}


def _lang() -> str | None:
    """Return the reader's language; None outside a request, as in the process that sends mails."""
    return str(tk.h.lang()) if has_request_context() else None


def check_dataset(context: Context, ref: str) -> None:
    """Raise unless the reader may see the dataset."""
    # The session forgets rows that nobody holds: held here, what follows in this action finds the dataset without asking again.
    context["participation_dataset"] = model.Package.get(ref)  # type: ignore[typeddict-unknown-key]
    tk.check_access("package_show", {**context}, {"id": ref})


def check_resource(context: Context, ref: str) -> None:
    """Raise unless the reader may see the resource."""
    tk.check_access("resource_show", {**context}, {"id": ref})


def check_organization(context: Context, ref: str) -> None:
    """Raise unless the reader may see the organisation."""
    tk.check_access("organization_show", {**context}, {"id": ref})
