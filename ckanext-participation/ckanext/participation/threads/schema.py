"""Shapes of what the threads' actions take. Pure: no database, so a wrong shape says nothing about what exists."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common import idempotency, paging, schema
from ckanext.participation.common.errors import field_error
from ckanext.participation.threads import rules

Data = dict[str, Any]


def all_errors(*readers: Any) -> list[Any]:
    """Call every reader and return their values; raise one ValidationError with all their fields, so that nobody mends one by one."""
    values, errors = [], {}
    for reader in readers:
        try:
            values.append(reader())
        except tk.ValidationError as error:
            errors.update(error.error_dict)
    if errors:
        raise tk.ValidationError(errors)
    return values


def choice(data: Data, field: str, known: tuple[str, ...], default: str | None = None) -> str:
    """Return one of `known`; a named error that lists them otherwise."""
    value = data.get(field)
    if value in (None, "") and default is not None:
        return default
    if not isinstance(value, str) or value not in known:
        raise field_error(field, tk._("Must be one of: {known}.").format(known=", ".join(known)))
    return value


def language(data: Data) -> str:
    """Return the language of a text: given, or that of the page it was written on."""
    here = str(tk.h.lang() or "").split("_")[0] if tk.request else ""
    return choice(data, "lang", rules.LANGUAGES, here if here in rules.LANGUAGES else "en")


def key(data: Data) -> str | None:
    """Return the idempotency key."""
    return paging.text_of(data, "idempotency_key", most=idempotency.LONGEST_KEY)


def flag(data: Data, field: str) -> bool:
    """Return a yes-or-no field, as JSON or as a form's checkbox sends it."""
    value = data.get(field, False)
    if value in (None, "", False, "false", "no", "0", 0):
        return False
    if value in (True, "true", "yes", "on", "1", 1):
        return True
    raise field_error(field, tk._("Must be true or false."))


def new_thread(data: Data) -> dict[str, Any]:
    """Return the cleaned fields of `participation_thread_create`."""
    values = all_errors(
        lambda: paging.text_of(data, "subject_id", required=True),
        lambda: choice(data, "kind", rules.KINDS, "question"),
        lambda: schema.cleaned(data, "title", most=rules.TITLE_BYTES, single_line=True),
        lambda: schema.cleaned(data, "body"),
        lambda: language(data), lambda: key(data), lambda: flag(data, "as_organization"))
    return dict(zip(("subject_id", "kind", "title", "body", "lang", "key", "as_organization"), values, strict=True))


def new_comment(data: Data) -> dict[str, Any]:
    """Return the cleaned fields of `participation_comment_create`."""
    values = all_errors(
        lambda: paging.integer_of(data, "thread_id"), lambda: paging.integer_of(data, "parent_seq", required=False),
        lambda: schema.cleaned(data, "body"), lambda: language(data), lambda: key(data), lambda: flag(data, "as_organization"))
    return dict(zip(("thread_id", "parent_seq", "body", "lang", "key", "as_organization"), values, strict=True))
