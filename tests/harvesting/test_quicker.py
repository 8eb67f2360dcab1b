"""Validation in a batch gives what CKAN's own gives, also for data that no rule fits."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl.validators import ignore, ignore_empty, ignore_missing, not_empty, not_missing, unicode_safe
from ckan.logic.converters import convert_from_extras, convert_to_extras

from ckanext.participation.harvesting.batches import quicker


def missed(key: Any, data: Any, errors: Any, context: Any) -> None:
    errors[key].append("missed" if data.get(key) is tk.missing else "seen")


def unhappy(value: Any) -> Any:
    if value == "a text":
        raise tk.Invalid("not this text")
    return value


def reaching(key: Any, data: Any, errors: Any, context: Any) -> None:
    """Gives a value to a field that is asked later, and looks at one that may be missing."""
    data[(*key[:-1], "url")] = "given"
    errors[key].append(repr(data[(*key[:-1], "text")]) if (*key[:-1], "text") in data else "none")


def before(key: Any, data: Any, errors: Any, context: Any) -> None:
    context.setdefault("asked", []).append(key)


SCHEMA: dict[str, Any] = {
    "__before": [before],
    "name": [before, missed],
    "title": [before],
    "files": {"id": [before, missed], "url": [ignore_missing, before, unhappy], "odd": [ignore_empty, before],
              "notes": {"text": [before, missed], "name": [ignore, before]}, "__extras": [before], "__after": [before]},
    "tags": {"name": [before, unhappy], "id": [reaching], "url": [ignore_missing, before]},
    "extras": {"key": [not_empty], "value": [not_missing, unicode_safe], "__extras": [before]},
    "kept": [before, convert_to_extras],
    "text": [convert_from_extras, ignore_missing, not_empty, before],
    "url": [convert_from_extras, ignore_missing, unicode_safe],
    "zone": [not_empty, before],
    "__extras": [before],
    "__junk": [before],
    "__after": [before],
}


@pytest.fixture
def quick() -> Iterator[None]:
    yield
    assert navl._validate.__module__ == navl.unflatten.__module__ == navl.__name__


def flat(chance: random.Random) -> dict[Any, Any]:
    names = ["name", "title", "files", "tags", "id", "url", "notes", "text", "odd", "kept", "zone", "extras"]
    data: dict[Any, Any] = {}
    for _ in range(chance.randint(0, 12)):
        key: list[Any] = [chance.choice(names)]
        for _ in range(chance.randint(0, 2)):
            key += [chance.randint(0, 2), chance.choice(names)]
        data[tuple(key)] = chance.choice(["a text", [], None, "", 0])
    data.pop(("extras",), None)
    for number in sorted(chance.sample(range(4), chance.randint(0, 4))):
        data["extras", number, "key"] = chance.choice(["text", "url", "other", ""])
        if chance.random() < 0.9:
            data["extras", number, "value"] = chance.choice(["an extra", ""])
    return data


def answer(data: dict[Any, Any]) -> Any:
    context: Any = {}
    try:
        made, errors = navl._validate(copy.deepcopy(data), SCHEMA, context)
    except navl.DataError as error:
        return "refused", error.error
    return context["asked"], dict(made), errors if any(errors.values()) else {}, navl.unflatten(errors)


@pytest.mark.usefixtures("quick")
def test_two_thousand_odd_datasets_are_checked_as_ckan_checks_them() -> None:
    chance = random.Random(7)
    kinds = set()
    for _ in range(2000):
        data = flat(chance)
        ckans = answer(data)
        quicker.begin()
        try:
            ours = answer(data)
        finally:
            quicker.end()
        kinds.add(ckans[0] == "refused")
        assert ours == ckans, data
    assert kinds == {True, False}
