"""What harvesting enters for others: the sources on an organisation's page, for its staff."""

from __future__ import annotations

from typing import Any

from ckanext.participation.common import rights
from ckanext.participation.common.registry import Panel, Registry
from ckanext.participation.harvesting import sources

__all__ = ["register"]


def register(registry: Registry) -> None:
    """Enter the panel."""
    registry.add(Panel("harvest-sources", "organization", "participation/harvesting/snippets/sources_panel.html", sources_panel, order=70))


def sources_panel(organization: dict[str, Any]) -> dict[str, Any] | None:
    """Return an organisation's sources, for its staff; None for everybody else."""
    if not rights.reader_speaks_for(organization["id"]):
        return None
    return {"sources": sources.of_organisation(organization["id"]), "organization": organization["name"]}
