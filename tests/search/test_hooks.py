"""The hooks that CKAN calls, as far as they need no running catalogue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckanext.participation.search import hooks

DOCUMENT = {
    "id": "1",
    "name": "n",
    "title": "Eau",
    "data_dict": json.dumps({"id": "1", "title": "Eau", "extras": [{"key": "region", "value": "Estrie"}]}),
    "validated_data_dict": json.dumps(
        {"id": "1", "title": "Eau", "title_translated": {"fr": "Eau", "en": "Water"}}
    ),
}


def test_a_dataset_is_indexed_with_its_validated_text_and_its_extras() -> None:
    document = hooks.before_dataset_index(dict(DOCUMENT))
    assert document["title_en"] == "Water"
    assert document["words"] == ["Estrie"]
    assert document["validated_data_dict"] == DOCUMENT["validated_data_dict"]


def test_contributions_see_the_dataset_and_their_fields_are_indexed() -> None:
    seen: list[dict[str, Any]] = []

    def licence(dataset: dict[str, Any]) -> dict[str, Any]:
        seen.append(dataset)
        return {"participation_licence": "ogl-canada-2.0"}

    document = hooks.before_dataset_index(dict(DOCUMENT), [licence])
    assert document["participation_licence"] == "ogl-canada-2.0"
    assert seen[0]["title_translated"] == {"fr": "Eau", "en": "Water"}


def test_a_failing_contribution_is_not_hidden() -> None:
    def broken(_dataset: dict[str, Any]) -> dict[str, Any]:
        raise LookupError("no register")

    with pytest.raises(LookupError):
        hooks.before_dataset_index(dict(DOCUMENT), [broken])
