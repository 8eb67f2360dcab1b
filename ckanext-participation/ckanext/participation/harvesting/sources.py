"""The harvest sources that are here."""

from __future__ import annotations

import secrets
from datetime import UTC
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

from ckanext.participation.common.readers import Gate
from ckanext.participation.harvesting import values


def with_address(url: str, config: str) -> bool:
    """Say whether a source that is in use has this address and configuration, as ckanext-harvest's own form would refuse it."""
    address = sa.func.rtrim(HarvestSource.url, "/")
    return bool(model.Session.scalar(sa.select(sa.exists().where(
        address == url.rstrip("/"), HarvestSource.active.is_(True), sa.func.coalesce(HarvestSource.config, "") == config))))


def of_organisation(organization_id: str) -> list[dict[str, Any]]:
    """Return the sources of an organisation in one statement: `name`, `title`, `url`, and `finished`, when a harvest last ended (UTC)."""
    package = model.Package
    last = sa.select(HarvestJob.source_id, sa.func.max(HarvestJob.finished).label("finished")).group_by(HarvestJob.source_id).subquery()
    rows = model.Session.execute(
        sa.select(package.name, package.title, HarvestSource.url, last.c.finished)
        .join(HarvestSource, HarvestSource.id == package.id).outerjoin(last, last.c.source_id == package.id)
        .where(package.owner_org == organization_id, package.state == "active", HarvestSource.active.is_(True)).order_by(package.title))
    return [{"name": row.name, "title": row.title or row.name, "url": row.url,
             "finished": row.finished.replace(tzinfo=UTC) if row.finished else None} for row in rows]


def of_datasets(ids: list[str]) -> dict[str, dict[str, str]]:
    """Return where harvested datasets come from, by their ids: `{id: {"title", "url"}}` of the source."""
    package = model.Package
    rows = model.Session.execute(
        sa.select(HarvestObject.package_id, package.name, package.title, HarvestSource.url)
        .join(HarvestSource, HarvestSource.id == HarvestObject.harvest_source_id).join(package, package.id == HarvestSource.id)
        .where(HarvestObject.package_id.in_(ids), HarvestObject.current.is_(True)))
    return {row.package_id: {"title": row.title or row.name, "url": row.url} for row in rows}


def shown(context: Context, source_id: str) -> dict[str, str] | None:
    """Return title and page of a source, `{"title", "url"}`, for who may see it."""
    package = model.Package.get(source_id)
    if package is None or package.type != "harvest" or package.state != model.State.ACTIVE or not Gate(context).allows(package):
        return None
    return {"title": package.title or package.name, "url": tk.url_for("participation_harvest_sources.show", source=package.name)}


def name_for(title: str) -> str:
    """Return a name that no dataset or source has, made of a title."""
    # ckanext-harvest asks CKAN for its validators while it is imported, which is too early while actions are being collected.
    from ckanext.harvest.harvesters.base import HarvesterBase

    return HarvesterBase._ensure_name_is_unique(values.slug(title) or "source") or f"source-{secrets.token_hex(6)}"
