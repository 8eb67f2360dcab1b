"""Shapes of what common's actions take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation import config
from ckanext.participation.common import text
from ckanext.participation.common.errors import field_error


def all_of(**readers: Callable[[], Any]) -> dict[str, Any]:
    """Return what every reader gives, by its name; raise one ValidationError with all their fields, so that nobody mends one by one."""
    values: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            values[name] = read()
        except tk.ValidationError as error:
            errors.update(error.error_dict)
    if errors:
        raise tk.ValidationError(errors)
    return values


def one_of(value: Any, known: Iterable[str], field: str) -> str:
    """Return `value` when it is one of `known`; a named error that lists them otherwise."""
    names = list(known)
    if not isinstance(value, str) or value not in names:
        raise field_error(field, tk._("Must be one of: {known}.").format(known=", ".join(names)))
    return value


def flag(data: dict[str, Any], field: str, *, default: bool | None = False) -> bool | None:
    """Return a yes-or-no field, as JSON or as a form's checkbox sends it; `default` when it is not there at all."""
    value = data.get(field)
    if value is None:
        return default
    if value in ("", False, "false", "no", "0", 0):
        return False
    if value in (True, "true", "yes", "on", "1", 1):
        return True
    raise field_error(field, tk._("Must be true or false."))


def language(data: dict[str, Any], known: tuple[str, ...]) -> str:
    """Return the language of a text, one of `known`: given in `lang`, or that of the page it was written on."""
    given = data.get("lang")
    if given not in (None, ""):
        return one_of(given, known, "lang")
    here = str(tk.h.lang() or "").split("_")[0] if tk.request else ""
    return here if here in known else "en"


def cleaned(data: dict[str, Any], field: str, *, most: int | None = None, single_line: bool = False, required: bool = True) -> str:
    """Return a citizen's text field, cleaned; errors name the field, say what to do, and leave the text with the person."""
    limit = most or config.text_bytes()
    raw = data.get(field)
    if raw is None and not required:
        return ""
    if raw is not None and not isinstance(raw, str):
        raise field_error(field, tk._("Must be a text."))
    try:
        return text.clean(raw or "", limit, single_line=single_line)
    except text.TextError as error:
        if error.code == "empty" and not required:
            return ""
        raise field_error(field, _message(error, limit)) from error


def _message(error: text.TextError, limit: int) -> str:
    if error.code == "empty":
        return tk._("Write something first.")
    if error.code == "too_long":
        return tk._("Too long by {more} bytes: shorten it to {limit} (a letter with an accent counts as two). Nothing was cut."
                    ).format(more=error.size - limit, limit=limit)
    return tk._("Holds characters that no computer can store (half of a pair). Type the text again around them.")
