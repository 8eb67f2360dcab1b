"""The schemas as data: what a field is called, which choices it has, and what it would take.

Harvesters ask `accept` before they offer a value, so that one bad value is left out and counted instead of refusing
the whole dataset.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ckanext.participation.metadata import languages, rules
from ckanext.participation.metadata.rules import Refused

SCHEMAS = Path(__file__).parent.parent / "data" / "schemas"

# Which rule each of our field kinds (schemas/presets.yaml) runs on one value.
_RULES: dict[str, Callable[[Any], Any]] = {
    "participation_date": rules.date,
    "participation_end_date": rules.date,
    "participation_web_address": rules.web_address,
    "participation_identifier": rules.identifier,
    "participation_identifiers": rules.identifier,
    "participation_email": rules.email,
    "participation_size": rules.size,
    "participation_geojson": rules.geojson,
    "participation_resource_url": rules.file_address,
}
# Holds running text, of which a part is worth more than none.
_RUNNING = frozenset({"participation_translated_text"})


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema file `name` (dataset, organization, presets), read once."""
    return yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def definitions(kind: str) -> dict[str, dict[str, Any]]:
    """The fields of `kind` (dataset, resource, organization) by name, with what their preset says filled in."""
    presets = {preset["preset_name"]: preset["values"] for preset in schema("presets")["presets"]}
    source, group = {
        "dataset": ("dataset", "dataset_fields"),
        "resource": ("dataset", "resource_fields"),
        "organization": ("organization", "fields"),
    }[kind]
    return {field["field_name"]: _filled(field, presets) for field in schema(source)[group]}


def _filled(field: dict[str, Any], presets: dict[str, Any]) -> dict[str, Any]:
    full = {**presets.get(field.get("preset", ""), {}), **field}
    if "repeating_subfields" in full:
        full["repeating_subfields"] = [_filled(subfield, presets) for subfield in full["repeating_subfields"]]
    return full


@cache
def composites(kind: str) -> dict[str, dict[str, dict[str, Any]]]:
    """The fields of `kind` that hold groups of values: name → its subfields by name."""
    return {
        name: {subfield["field_name"]: subfield for subfield in field["repeating_subfields"]}
        for name, field in definitions(kind).items()
        if "repeating_subfields" in field
    }


def accept(kind: str, name: str, value: object, default_language: str = "en") -> Any:
    """What field `name` of a `kind` would store for `value`, or None when it would refuse it or keep nothing.

    A subfield is named with its field: `contact.email`. Of several values, those that are refused are left out.
    """
    validator, limit, rule = _taking(kind, name)
    if validator == "participation_translated_text":
        return _or_none(lambda raw: languages.translated(raw, default_language, limit), value)
    if validator == "participation_keywords":
        return _or_none(lambda raw: languages.keywords(raw, default_language), value)
    if validator in {"participation_choices", "participation_texts", "participation_identifiers"}:
        listed = _or_none(rules.items, value) or []
        kept = [taken for one in listed if (taken := _or_none(rule, one))]
        return list(dict.fromkeys(kept)) or None
    return _or_none(rule, value)


@cache
def longest(kind: str, name: str) -> int:
    """How many characters of running text a field takes; 0 where it holds something else, which half of would be wrong."""
    field, validator = _field(kind, name)
    return _limit(field) if validator in _RUNNING and "choices" not in field else 0


def cut(kind: str, name: str, written: str) -> str:
    """As much of a running text as its field takes; any other text as it is."""
    most = longest(kind, name)
    return f"{written[: most - 1].rstrip()}…" if most and len(written) > most else written


def _field(kind: str, name: str) -> tuple[dict[str, Any], str]:
    """A field's definition, and which of our validators it has."""
    parent, _, child = name.partition(".")
    field = (composites(kind)[parent] if child else definitions(kind))[child or parent]
    return field, str(field.get("validators", "")).partition(" ")[0]


@cache
def _taking(kind: str, name: str) -> tuple[str, int, Callable[[Any], Any]]:
    """A field's validator, its limit in characters, and the rule that it runs on one value."""
    field, validator = _field(kind, name)
    limit = _limit(field)
    if "choices" in field:
        return validator, limit, rules.chooser(field["choices"], bool(field.get("open_choices")))
    return validator, limit, _RULES.get(validator) or (lambda raw: rules.text(raw, limit))


def _limit(field: dict[str, Any]) -> int:
    return field.get("max_length", rules.TEXT_LIMIT)


def _or_none(rule: Callable[[Any], Any], value: object) -> Any:
    try:
        taken = rule(value)
    except Refused:
        return None
    return None if taken in ("", [], {}) else taken
