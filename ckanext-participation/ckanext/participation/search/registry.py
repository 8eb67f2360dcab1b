"""What the search enters for others: its chore, what it checks, and the look at a dataset whenever CKAN indexes it."""

from __future__ import annotations

from typing import Any

from ckanext.participation import config
from ckanext.participation.common import indexing
from ckanext.participation.common import registry as registries
from ckanext.participation.search import indexer, verifying


def register(registry: registries.Registry) -> None:
    """Enter the sender of documents, its verifier, and the watch over datasets."""
    registry.add_chore("conversations in the search", indexer.run, config.index_seconds)
    registry.add_verifier("conversations", verifying.conversations)
    registry.add_index_fields("conversations", watch)


def watch(dataset: dict[str, Any]) -> dict[str, Any]:
    """Mark what is said about a dataset when others may find it now, or another organisation answers for it; gives no fields.

    CKAN indexes a dataset at every change of it, so no change of rights is missed. For one that nobody talks about it is one statement.
    """
    for entry in registries.registry.searchables.values():
        subjects = entry.outdated(str(dataset.get("id")))
        if subjects:
            indexing.mark_apart(indexing.SUBJECT, subjects)
    return {}


__all__ = ["register"]
