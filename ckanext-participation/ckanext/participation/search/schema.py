"""The shape of what the search of conversations takes."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common import paging, schema
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.registry import registry
from ckanext.participation.search import asking
from ckanext.participation.search.fields import LANGUAGES

Data = dict[str, Any]


def query(data: Data) -> str:
    """Return the words of `q`; a named error for what is no text, too long or without a word."""
    raw = data.get("q")
    if raw is not None and not isinstance(raw, str):
        raise field_error("q", tk._("Must be a text."))
    if len(raw or "") > asking.LONGEST:
        raise field_error("q", tk._("Too long: search for at most {most} characters.").format(most=asking.LONGEST))
    words = asking.words_of(raw or "")
    if not words:
        raise field_error("q", tk._("Write at least one word to search for."))
    return words


def choice(data: Data, field: str, known: tuple[str, ...]) -> str | None:
    """Return one of `known`, or None when the field is empty."""
    return schema.one_of(data[field], known, field) if data.get(field) not in (None, "") else None


def kinds() -> tuple[str, ...]:
    """Return the kinds of conversations."""
    return registry.searchables["thread"].kinds


def states() -> tuple[str, ...]:
    """Return the states of conversations."""
    return registry.searchables["thread"].states


def search(data: Data) -> Data:
    """Return the cleaned fields of `participation_discussion_search`; one error names all fields that are wrong."""
    return schema.all_of(
        q=lambda: query(data), kind=lambda: choice(data, "kind", kinds()), state=lambda: choice(data, "state", states()),
        lang=lambda: choice(data, "lang", LANGUAGES), sort=lambda: choice(data, "sort", asking.SORTS),
        organization=lambda: paging.text_of(data, "organization"), subject_id=lambda: paging.text_of(data, "subject_id"),
        subject_type=lambda: choice(data, "subject_type", tuple(sorted(registry.subject_types))),
        start=lambda: whole(data, "start", 0, asking.DEEPEST - 1, 0), rows=lambda: whole(data, "rows", 1, asking.MOST_ROWS, 20))


def whole(data: Data, field: str, least: int, most: int, default: int) -> int:
    """Return a whole number from `least` to `most`; a named error for anything else."""
    raw = data.get(field)
    if raw is None or raw == "":
        return default
    text = str(raw)
    number = int(text) if not isinstance(raw, bool | float) and text.isascii() and text.isdigit() and len(text) < 10 else -1
    if not least <= number <= most:
        raise field_error(field, tk._("Must be a whole number from {least} to {most}.").format(least=least, most=most))
    return number
