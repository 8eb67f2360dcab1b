"""What the dataset's form asks about licences."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from flask import request

from ckanext.participation.licensing import policies

__all__ = ["participation_licence_policy_for"]


def participation_licence_policy_for(data: dict[str, Any]) -> dict[str, Any] | None:
    """Return `{"allowed", "default", "organization"}` of the organisation that a dataset's or file's form is about; None without a choice.

    `data` is what the form holds: a new dataset's organisation is the one that the address names, or the only one that the person
    publishes for.
    """
    organization_id = _organization_of(data)
    policy = policies.of(organization_id)
    if not policy.allowed:
        return None
    return {"allowed": policy.allowed, "default": policy.default, "organization": organization_id}


def _organization_of(data: dict[str, Any]) -> str | None:
    if data.get("owner_org"):
        return _id_of(str(data["owner_org"]))
    known = data.get("package_id") or (request.view_args or {}).get("id") if request else None
    dataset = model.Package.get(known) if known else None
    if dataset is not None:
        return dataset.owner_org
    if request and request.args.get("group"):
        return _id_of(request.args["group"])
    mine = tk.h.organizations_available("create_dataset")
    return mine[0]["id"] if len(mine) == 1 else None


def _id_of(ref: str) -> str | None:
    row = model.Group.get(ref) if "\x00" not in ref else None
    return row.id if row is not None and row.is_organization else None
