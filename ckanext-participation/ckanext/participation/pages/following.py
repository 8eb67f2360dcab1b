"""Followers of a dataset from one plain statement each: CKAN looks up the account and the dataset by name and by id first."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import g, has_request_context

from ckanext.participation.common import memo


def package_at_hand(reference: Any) -> model.Package | None:
    """Return the dataset whose page is made, when `reference` (id or name) is it."""
    package = g.get("pkg") if has_request_context() else None
    if isinstance(package, model.Package) and reference in (package.id, package.name) and package.state != model.State.DELETED:
        return package
    return None


def reader_follows(package: model.Package) -> bool:
    """Say whether the reader follows the dataset."""
    followed = model.UserFollowingDataset
    return model.Session.scalar(sa.select(sa.literal(1)).where(
        followed.follower_id == tk.current_user.id, followed.object_id == package.id)) is not None


def count(package_id: str) -> int:
    """Return how many accounts follow the dataset, deleted ones aside; asked once per request."""
    followed = model.UserFollowingDataset
    return memo.once(("followers", package_id), lambda: model.Session.scalar(
        sa.select(sa.func.count()).select_from(followed)
        .join(model.User, model.User.id == followed.follower_id)
        .join(model.Package, model.Package.id == followed.object_id)
        .where(followed.object_id == package_id, model.User.state != model.State.DELETED,
               model.Package.state != model.State.DELETED)) or 0)
