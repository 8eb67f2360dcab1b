"""The groups of this catalogue, as harvests ask for them."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.settings import BadSettings, Settings


def here(chosen: Settings) -> frozenset[str]:
    """Names of the groups that are in use; nothing is looked up for settings that have nothing to do with groups."""
    if not (chosen.default_groups or chosen.group_names or chosen.remote_groups == "only_local"):
        return frozenset()
    return frozenset(model.Session.scalars(sa.select(model.Group.name).where(
        model.Group.state == "active", model.Group.is_organization.is_(False))))


def check(chosen: Settings) -> None:
    """Raise BadSettings when the settings name a group that is not here."""
    if missing := sorted({*chosen.default_groups, *chosen.group_names.values()} - here(chosen)):
        raise BadSettings(sentences.NO_GROUP(names=", ".join(missing)))
