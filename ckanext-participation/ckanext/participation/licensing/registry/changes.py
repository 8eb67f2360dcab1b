"""What the history of licences enters for others: its events and mails, the organisation's panel, what moves with a dataset."""

from __future__ import annotations

from typing import Any

from ckanext.participation.common import rights
from ckanext.participation.common.registry import EventType, Panel, Registry
from ckanext.participation.licensing import changes, digests, history, mails
from ckanext.participation.licensing.model import LicenceChange

__all__ = ["register"]

ON_PANEL = 5


def register(registry: Registry) -> None:
    """Enter the events, the panel, the mover and the watcher of the sweep."""
    registry.add(EventType("licence.changed", mails.changed_recipients, mails.changed_wording, mails.address,
                           gather=digests.GATHERED, digest=digests.changed))
    registry.add(EventType("licence.explained", mails.explained_recipients, mails.explained_wording, mails.address,
                           gather=digests.GATHERED, digest=digests.explained))
    registry.add(Panel("licence-changes", "organization", "participation/licensing/snippets/waiting_panel.html", waiting_panel, order=30))
    registry.add_mover("licence changes", LicenceChange.move)
    registry.add_subject_facts("licence changes", LicenceChange.numbers)
    registry.add_movement_watcher("licence changes", changes.came_back)


def waiting_panel(organization: dict[str, Any]) -> dict[str, Any] | None:
    """Return what waits for the organisation's word, for its staff; None for everybody else, and when nothing waits."""
    if not rights.reader_speaks_for(organization["id"]):
        return None
    page = history.waiting({"ref": organization["id"]}, limit=ON_PANEL, after=None)
    return {"changes": page["results"], "count": page["count"], "organization": organization["name"]} if page["results"] else None
