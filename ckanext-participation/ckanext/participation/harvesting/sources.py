"""The harvest sources that are here."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestSource

from ckanext.participation.harvesting import values


def with_address(url: str, config: str) -> bool:
    """Say whether a source that is in use has this address and configuration, as ckanext-harvest's own form would refuse it."""
    address = sa.func.rtrim(HarvestSource.url, "/")
    return bool(model.Session.scalar(sa.select(sa.exists().where(
        address == url.rstrip("/"), HarvestSource.active.is_(True), sa.func.coalesce(HarvestSource.config, "") == config))))


def name_for(title: str) -> str:
    """Return a name that no dataset or source has, made of a title."""
    # ckanext-harvest asks CKAN for its validators while it is imported, which is too early while actions are being collected.
    from ckanext.harvest.harvesters.base import HarvesterBase

    return HarvesterBase._ensure_name_is_unique(values.slug(title) or "source") or f"source-{secrets.token_hex(6)}"
