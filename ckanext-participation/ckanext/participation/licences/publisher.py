"""The publishing organisation's name in both languages: CKAN puts only the default one beside a dataset."""

from __future__ import annotations

import json
from typing import Any

from ckan import model


def named(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return the dataset with `organization.title_translated`, when the organisation has one; one look-up, none without."""
    organisation = dataset.get("organization")
    if not isinstance(organisation, dict) or organisation.get("title_translated") or not organisation.get("id"):
        return dataset
    group = model.Group.get(organisation["id"])
    kept = group.extras.get("title_translated") if group else None
    titles = json.loads(kept) if isinstance(kept, str) and kept.startswith("{") else kept
    return {**dataset, "organization": {**organisation, "title_translated": titles}} if titles else dataset
