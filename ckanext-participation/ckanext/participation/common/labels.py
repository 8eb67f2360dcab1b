"""Who may find what, in the words of CKAN's search: permission labels of datasets and of readers (`IPermissionLabels`)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import authz, model
from ckan.lib import plugins
from ckan.types import Context

from ckanext.participation.common import removed
from ckanext.participation.common.registry import Access

EVERYONE = ("public",)


def of_datasets(refs: list[str]) -> dict[str, Access]:
    """Return the access of datasets by their ids; one that is a draft, or was deleted by anything but a harvest, is missing."""
    package = model.Package
    rows = model.Session.scalars(sa.select(package).where(
        package.id.in_(refs), package.state == model.State.ACTIVE, package.type == "dataset"))
    labels = plugins.get_permission_labels()
    found = {row.id: Access(tuple(sorted(labels.get_dataset_labels(row))), row.owner_org) for row in rows}
    kept = removed.among([ref for ref in refs if ref not in found])
    owners = model.Session.execute(sa.select(package.id, package.owner_org).where(package.id.in_(kept))).tuples() if kept else ()
    return found | {ref: Access(EVERYONE, owner, removed=True) for ref, owner in owners}


def of_resources(refs: list[str]) -> dict[str, Access]:
    """Return the access of files, which is that of their datasets."""
    resource = model.Resource
    owners = dict(model.Session.execute(sa.select(resource.id, resource.package_id).where(
        resource.id.in_(refs), resource.state == model.State.ACTIVE)).tuples().all())
    found = of_datasets(sorted({owner for owner in owners.values() if owner}))
    return {ref: found[owner] for ref, owner in owners.items() if owner in found}


def of_organizations(refs: list[str]) -> dict[str, Access]:
    """Return the access of organisations: everybody sees them."""
    group = model.Group
    rows = model.Session.scalars(sa.select(group.id).where(group.id.in_(refs), group.is_organization, group.state == model.State.ACTIVE))
    return {ref: Access(EVERYONE, ref) for ref in rows}


def of_reader(context: Context) -> list[str] | None:
    """Return the labels by which the reader finds things; None for administrators of the site, who find everything."""
    name = context.get("user")
    user = model.User.get(name) if name else None
    if user is not None and user.state == model.State.ACTIVE and authz.is_sysadmin(user.name):
        return None
    nobody: Any = None
    return plugins.get_permission_labels().get_user_dataset_labels(user if user and user.state == model.State.ACTIVE else nobody)
