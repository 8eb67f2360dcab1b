"""Validation in a batch gives what CKAN's own gives, also for data that no rule fits."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl.validators import ignore, ignore_empty, ignore_missing, keep_extras, not_empty, not_missing, unicode_safe
from ckan.logic.converters import convert_from_extras, convert_to_extras
from ckan.logic.validators import clean_format, duplicate_extras_key, extras_valid_json, tag_string_convert

from ckanext.participation.harvesting.batches import lists, quicker


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
    assert navl.flatten_dict.__module__ == navl._validate.__module__ == navl.unflatten.__module__ == navl.__name__


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


ROWS: dict[str, Any] = {
    "__before": [duplicate_extras_key, ignore],
    "name": [not_empty, unicode_safe],
    "tag_string": [ignore_missing, tag_string_convert],
    "text": [convert_from_extras, ignore_missing],
    "files": {"id": [not_empty], "url": [ignore_missing, unicode_safe], "format": [ignore_missing, clean_format, unicode_safe], "size": [],
              "hash": [ignore_empty], "old": [ignore], "said": [not_missing, unhappy], "notes": {"text": [ignore_missing]},
              "__extras": [ignore_missing, extras_valid_json, keep_extras]},
    "tags": {"__extras": [keep_extras]},
    "groups": {"id": [ignore_missing, unicode_safe], "__extras": [ignore]},
    "ties": {"id": [ignore_missing]},
    "odd": {"id": [before]},
    "extras": {"key": [not_empty], "value": [not_empty]},
    "__extras": [ignore],
}


def nested(chance: random.Random) -> dict[str, Any]:
    def value() -> Any:
        return chance.choice(["a text", "another", "csv", "", None, None, 0, 7, True])

    def row(names: str) -> Any:
        found = {name: value() for name in names.split() if chance.random() < 0.6}
        if chance.random() < 0.8:
            found |= {"id": chance.choice(["an id", 3])}
        if chance.random() < 0.8:
            found |= {"said": chance.choice(["something", "something", "a text"])}
        if found.get("format") is not None:
            found["format"] = chance.choice(["csv", "CSV ", "other", ""])
        if chance.random() < 0.03:
            found[chance.choice(["notes", "more"])] = chance.choice([[], [{"text": "x"}], [{"other": None}], {"text": "x"}, "x", ["x"]])
        return found if chance.random() < 0.99 else "not a row"

    data = {name: value() for name in ("name", "what", "size") if chance.random() < 0.7}
    for name in ("files", "tags", "groups", "ties"):
        if chance.random() < 0.7:
            data[name] = [row("url format size hash old more name") for _ in range(chance.randint(0, 3))]
    if chance.random() < 0.1:
        data["tag_string"] = "one, two"
    if chance.random() < 0.1:
        data["odd"] = [row("id")]
    data["extras"] = [{"key": key, "value": chance.choice(["an extra", ""])}
                      for key in chance.sample(["text", "url", "other", "name"], chance.randint(0, 4))]
    return data


def checked(data: dict[str, Any], schema: dict[str, Any]) -> Any:
    try:
        made, errors = navl.validate(copy.deepcopy(data), schema, {})
    except navl.DataError as error:
        return "refused", str(error)
    # The order of fields is that of the texts that the search keeps.
    return repr(made), errors


@pytest.mark.usefixtures("quick")
def test_lists_that_are_checked_row_by_row_come_out_as_ckan_leaves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(11)
    rows: list[bool] = []
    by_row = lists.checked

    def counted(*given: Any) -> Any:
        found = by_row(*given)
        rows.append(found is not None)
        return found

    monkeypatch.setattr(lists, "checked", counted)
    foreign = {**ROWS, "name": [before]}
    for number in range(3000):
        data, schema = nested(chance), foreign if number % 5 == 0 else ROWS
        ckans, taken = checked(data, schema), len(rows)
        quicker.begin()
        try:
            with quicker.inside():
                ours = checked(data, schema)
        finally:
            quicker.end()
        assert ours == ckans, data
        assert schema is ROWS or len(rows) == taken
    # Some are checked so, and in some a rule objects.
    assert rows.count(True) > 500
    assert rows.count(False) > 100


@pytest.mark.usefixtures("quick")
def test_who_is_not_inside_gets_a_dataset_that_cannot_lose_its_lists() -> None:
    data = {"name": "x", "files": [{"id": "1", "said": "something"}], "tags": [{"name": "eau"}]}
    whole = navl.flatten_dict(data, schema=ROWS)
    quicker.begin()
    try:
        with quicker.inside(), ThreadPoolExecutor(1) as other:
            assert navl.flatten_dict(data, schema=ROWS) != whole
            taken_apart = other.submit(navl.flatten_dict, data, schema=ROWS).result()
        assert navl.flatten_dict(data, schema=ROWS) == whole
    finally:
        quicker.end()
    # CKAN's own functions may be back before it goes on.
    assert taken_apart == whole
    made: Any = navl.unflatten(navl._validate(taken_apart, ROWS, {})[0])
    assert (made["files"][0]["said"], made["tags"]) == ("something", data["tags"])
