"""The publishing organisation's name in both languages: CKAN puts only the default one beside a dataset."""

from __future__ import annotations

from typing import Any

from ckanext.participation.common import organisations


def named(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the dataset with `organization.title_translated`, when the organisation has one; one look-up, none without."""
    organisation = dataset.get("organization")
    if not isinstance(organisation, dict) or organisation.get("title_translated") or not organisation.get("name"):
        return dataset
    titles = organisations.titles(organisation["name"])
    return {**dataset, "organization": {**organisation, "title_translated": titles}} if titles else dataset
