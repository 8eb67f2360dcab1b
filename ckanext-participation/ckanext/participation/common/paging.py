"""Pages by key: a page begins after the last key of the one before, so a deep page costs what the first one costs."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common.errors import field_error

MOST = 100


def limit_of(data: dict[str, Any], default: int = 50) -> int:
    """Return the asked number of rows; a named error for what is not a whole number from 1 to 100."""
    raw = data.get("limit", default)
    try:
        limit = int(raw) if not isinstance(raw, bool | float) else 0
    except (TypeError, ValueError):
        limit = 0
    if not 1 <= limit <= MOST:
        raise field_error("limit", tk._("Must be a whole number from 1 to {most}.").format(most=MOST))
    return limit


def integer_of(data: dict[str, Any], field: str, *, required: bool = True) -> int | None:
    """Return a field as a number that a database can hold as a key; a named error otherwise."""
    raw = data.get(field)
    if raw is None or raw == "":
        if required:
            raise field_error(field, tk._("Missing: give the number."))
        return None
    try:
        number = int(raw) if isinstance(raw, int | str) and not isinstance(raw, bool) else -1
    except ValueError:
        number = -1
    if not 0 <= number < 2**63:
        raise field_error(field, tk._("Must be a whole number."))
    return number


def text_of(data: dict[str, Any], field: str, *, required: bool = False, most: int = 200) -> str | None:
    """Return a short text field (an id, a key); a named error for another type or a longer one."""
    raw = data.get(field)
    if raw is None or raw == "":
        if required:
            raise field_error(field, tk._("Missing: this field is needed."))
        return None
    if not isinstance(raw, str) or len(raw) > most or "\x00" in raw or any("\ud800" <= letter <= "\udfff" for letter in raw):
        raise field_error(field, tk._("Must be a text of at most {most} characters.").format(most=most))
    return raw
