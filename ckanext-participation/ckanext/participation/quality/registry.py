"""What the room enters for others: its two chores, and the panel on an organisation's page."""

from __future__ import annotations

from typing import Any

from ckanext.participation.common import rights
from ckanext.participation.common.registry import Panel, Registry
from ckanext.participation.quality import computing, lists, words
from ckanext.participation.quality.links import checking

__all__ = ["register"]

ON_PANEL = 3


def register(registry: Registry) -> None:
    """Enter the chores and the panel."""
    registry.add_chore("quality of datasets", computing.run, computing.seconds)
    registry.add_chore("addresses of files", checking.run, checking.seconds)
    registry.add(Panel("quality", "organization", "participation/quality/snippets/panel.html", panel, order=65))


def panel(organization: dict[str, Any]) -> dict[str, Any] | None:
    """Return what an organisation's data lack most, for its staff; None for everybody else, and before anything was judged."""
    if not rights.reader_speaks_for(organization["id"]):
        return None
    found = lists.summary(organization["id"])
    if not found["datasets"]:
        return None
    worst = sorted((row for row in found["criteria"] if row["missing"]), key=lambda row: -row["missing"])[:ON_PANEL]
    return {"worst": worst, "to_mend": found["to_mend"], "datasets": found["datasets"], "organization": organization["name"],
            "words": words}
