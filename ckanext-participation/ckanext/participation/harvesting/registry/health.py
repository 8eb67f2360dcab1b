"""What the health of sources enters for others: its events and mails, the chore that finds what to write, and sources as followable."""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common.errors import field_error
from ckanext.participation.common.registry import EventType, Followable, Registry
from ckanext.participation.harvesting import mails

__all__ = ["register"]

# Nobody is hurt by two minutes, and the look at all sources is not free.
SECONDS = 120.0
_ID = re.compile(r"[0-9A-Za-z_-]{2,100}")


def register(registry: Registry) -> None:
    """Enter the events, the chore and the followable."""
    registry.add(EventType("harvest.failing", mails.recipients, mails.failing_wording, mails.failing_address))
    registry.add(EventType("harvest.held", mails.recipients, mails.held_wording, mails.held_address))
    for name in ("harvest.held_settled", "harvest.held_reopened", "harvest.stop_asked"):
        registry.add(EventType(name))
    registry.add(Followable("harvest_source", read_id, check_read, accept, describe))
    registry.add_chore("mails about harvest sources", _tell, _seconds)


def _seconds() -> float:
    return SECONDS


def _tell() -> None:
    # ckanext-harvest's tables can only be asked once the site is configured.
    from ckanext.participation.harvesting.health import telling

    telling.run()


def read_id(raw: Any) -> str:
    """Return the id of a source as it is stored; a named error for anything else."""
    if not isinstance(raw, str) or not _ID.fullmatch(raw):
        raise field_error("target_id", tk._("Must be the id of a harvest source."))
    return raw


def check_read(context: Context, identifier: str) -> None:
    """Raise NotAuthorized unless the reader may see the source, and it is called by its id."""
    tk.check_access("participation_harvest_health_show", {**context}, {"id": identifier})
    package = model.Session.get(model.Package, identifier)
    if package is None or package.type != "harvest":
        raise tk.ObjectNotFound(tk._("There is no such source."))


def accept(_identifier: str) -> None:
    """Every source can be followed, and left; it is no subject that people talk about."""


def describe(context: Context, identifiers: list[str]) -> dict[str, dict[str, Any]]:
    """Return title and address of the sources that the reader may see."""
    from ckanext.participation.harvesting.health import records

    return {row.id: {"title": row.title or row.name, "url": tk.url_for("participation_harvest_sources.show", source=row.name)}
            for row in records.visible(context) if row.id in identifiers}
