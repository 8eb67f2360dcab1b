"""What the licence actions accept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk

LONGEST_NAME = 2_000
# Of datasets or licences in one question.
MOST_COMPARED = 20


def _text(*first: str) -> list[Any]:
    return [*map(tk.get_validator, first), _plain_text]


def _plain_text(value: Any) -> str:
    if not isinstance(value, str):
        raise tk.Invalid(tk._("Must be text"))
    if len(value) > LONGEST_NAME:
        raise tk.Invalid(tk._("At most {number} characters").format(number=LONGEST_NAME))
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise tk.Invalid(tk._("Must not hold control characters"))
    return value


def licence_list() -> dict[str, list[Any]]:
    one_of: Any = tk.get_validator("one_of")
    return {
        "family": _text("ignore_missing"),
        "openness": [*_text("ignore_missing"), one_of(["open", "not-open", "unknown"])],
    }


def licence_show() -> dict[str, list[Any]]:
    return {"id": _text("not_missing", "not_empty")}


def licence_recognise() -> dict[str, list[Any]]:
    return {name: _text("ignore_missing") for name in ("id", "title", "url", "node", "text")}


def licence_credit() -> dict[str, list[Any]]:
    return {"id": _text("not_missing", "not_empty"), "retrieved": _text("ignore_missing")}


def day(value: str | None, field: str) -> date:
    """Return a day that has come, today for nothing; a named error otherwise."""
    today = datetime.now(UTC).date()
    try:
        given = date.fromisoformat(value) if value else today
    except ValueError as error:
        raise tk.ValidationError({field: [tk._("Must be a day such as 2026-11-22.")]}) from error
    # Where it is tomorrow already, somebody obtains data on a day that has not begun here.
    if given > today + timedelta(days=1) or given.year < 1970:
        raise tk.ValidationError({field: [tk._("Must be a day on which the data could be obtained.")]})
    return given


def licence_compatibility() -> dict[str, list[Any]]:
    skip = tk.get_validator("ignore_missing")
    return {**{name: [skip, _names] for name in ("id", "licence")}, "files": [skip, _flag]}


def _flag(value: Any) -> bool:
    said = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower()) if isinstance(value, str | bool | int) else None
    if said is None:
        raise tk.Invalid(tk._("Must be true or false."))
    return said


def _names(value: Any) -> list[str]:
    """One name or several, each once, in the order given."""
    rows = value if isinstance(value, list) else [value]
    names = list(dict.fromkeys(name for row in rows if (name := _plain_text(row).strip())))
    if len(names) > MOST_COMPARED:
        raise tk.Invalid(tk._("At most {number} at a time").format(number=MOST_COMPARED))
    return names
