"""What harvesting enters for others: the sources on an organisation's page, and the chore that catches up with the search."""

from __future__ import annotations

from typing import Any

from ckan import model

from ckanext.participation.common import removed, rights
from ckanext.participation.common.registry import Panel, Registry
from ckanext.participation.harvesting import sources

__all__ = ["register"]

# Often enough that a search server that was away is caught up with soon; one small question while nothing waits.
SECONDS = 30.0


def register(registry: Registry) -> None:
    """Enter the panel and the sender of harvested datasets."""
    registry.add(Panel("harvest-sources", "organization", "participation/harvesting/snippets/sources_panel.html", sources_panel, order=70))
    registry.add(Panel("removal", "dataset", "participation/harvesting/snippets/removal.html", removal_panel, order=1))
    registry.add_origins("harvesting", sources.of_datasets)
    registry.add_chore("harvested datasets in the search", _send, _seconds)


def sources_panel(organization: dict[str, Any]) -> dict[str, Any] | None:
    """Return an organisation's sources, for its staff; None for everybody else."""
    if not rights.reader_speaks_for(organization["id"]):
        return None
    return {"sources": sources.of_organisation(organization["id"]), "organization": organization["name"]}


def removal_panel(dataset: dict[str, Any]) -> dict[str, Any] | None:
    """Return since when others see that a harvest removed the dataset, for the colleagues who still see its page."""
    package = model.Package.get(dataset["id"]) if dataset.get("state") == model.State.DELETED else None
    removal = removed.of(package)
    return {"removed": removal.at.isoformat(), "dataset": dataset["name"]} if removal else None


def _seconds() -> float:
    return SECONDS


def _send() -> None:
    # CKAN's search can only be imported once the site is configured.
    from ckanext.participation.harvesting.batches import searching

    searching.run()
