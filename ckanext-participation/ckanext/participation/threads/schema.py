"""Shapes of what the threads' actions take. Pure: no database, so a wrong shape says nothing about what exists."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common import idempotency, paging, schema
from ckanext.participation.common.errors import field_error
from ckanext.participation.threads import attachments, rules

Data = dict[str, Any]


def all_errors(*readers: Any) -> list[Any]:
    """Return what every reader gives, in their order; errors as `common.schema.all_of` raises them."""
    return list(schema.all_of(**{str(place): read for place, read in enumerate(readers)}).values())


def choice(data: Data, field: str, known: tuple[str, ...], default: str | None = None) -> str:
    """Return one of `known`; a named error that lists them otherwise."""
    value = data.get(field)
    if value in (None, "") and default is not None:
        return default
    return schema.one_of(value, known, field)


def key(data: Data) -> str | None:
    """Return the idempotency key."""
    return paging.text_of(data, "idempotency_key", most=idempotency.LONGEST_KEY)


def new_thread(data: Data) -> dict[str, Any]:
    """Return the cleaned fields of `participation_thread_create`."""
    names = ("subject_id", "kind", "title", "body", "problem", *_TEXT_FIELDS)
    values = all_errors(
        lambda: paging.text_of(data, "subject_id", required=True), lambda: choice(data, "kind", rules.KINDS, "question"),
        lambda: schema.cleaned(data, "title", most=rules.TITLE_BYTES, single_line=True),
        lambda: schema.cleaned(data, "body"), lambda: problem(data) if data.get("kind") == "problem" else None, *_text_readers(data))
    return dict(zip(names, values, strict=True))


def new_comment(data: Data) -> dict[str, Any]:
    """Return the cleaned fields of `participation_comment_create`."""
    names = ("thread_id", "parent_seq", "body", *_TEXT_FIELDS)
    values = all_errors(
        lambda: paging.integer_of(data, "thread_id"), lambda: paging.integer_of(data, "parent_seq", required=False),
        lambda: schema.cleaned(data, "body"), *_text_readers(data))
    return dict(zip(names, values, strict=True))


_TEXT_FIELDS = ("lang", "key", "as_organization", "signed", "translation_expected", "attachments")


def _text_readers(data: Data) -> tuple[Any, ...]:
    """What a first message and a reply both take."""
    return (lambda: schema.language(data, rules.LANGUAGES), lambda: key(data), lambda: schema.flag(data, "as_organization"),
            lambda: schema.flag(data, "signed", default=True), lambda: schema.flag(data, "translation_expected", default=None),
            lambda: attachments.ids_of(data))


def problem(data: Data) -> dict[str, str]:
    """Return where a problem is and what is wrong: the fields that were filled in, each optional."""
    raw = data.get("problem")
    if raw is None:
        raw = {name: data.get(f"problem_{name}") for name in rules.PROBLEM_FIELDS}
    if not isinstance(raw, dict):
        raise field_error("problem", tk._("Must be an object with the fields: {known}.").format(known=", ".join(rules.PROBLEM_FIELDS)))
    values, errors = {}, {}
    for name, most in rules.PROBLEM_FIELDS.items():
        try:
            value = schema.cleaned({f"problem_{name}": raw.get(name)}, f"problem_{name}", most=most, required=False,
                                   single_line=name not in ("wrong", "expected"))
        except tk.ValidationError as error:
            errors.update(error.error_dict)
            continue
        if value:
            values[name] = value
    if errors:
        raise tk.ValidationError(errors)
    return values


def address(data: Data) -> tuple[int, int]:
    """Return the thread's and the message's number."""
    thread_id, seq = all_errors(lambda: paging.integer_of(data, "thread_id"), lambda: number(data, "seq"))
    return thread_id, seq


def number(data: Data, field: str, *, required: bool = True) -> int | None:
    """Return a message's number, which fits the column that holds it."""
    value = paging.integer_of(data, field, required=required)
    if value is not None and value >= 2**31:
        raise field_error(field, tk._("There is no message with this number."))
    return value


def mark(data: Data, field: str, order: str) -> dict[str, Any] | None:
    """Return the parts of a page mark of this reading order."""
    raw = paging.text_of(data, field)
    try:
        return rules.read_mark(order, raw)
    except ValueError as error:
        raise field_error(field, tk._("Must be a mark that a page before gave, in the same order.")) from error


def reason(data: Data, *, required: bool) -> str:
    """Return the public reason of a decision: one line of at most 1,000 bytes."""
    return schema.cleaned(data, "reason", most=1000, single_line=True, required=required)


def link(data: Data) -> dict[str, str] | None:
    """Return where something mended is to be found: a file of the catalogue, or an address on the web."""
    resource_id, url = all_errors(lambda: paging.text_of(data, "link_resource_id"), lambda: paging.text_of(data, "link_url", most=2000))
    if resource_id and url:
        raise field_error("link_url", tk._("Give a file of the dataset or an address, not both."))
    # What cannot be seen (controls, marks of direction) makes an address look like another one.
    strange = any(letter.isspace() or not letter.isprintable() or letter in "<>\"" for letter in url or "")
    if url and (not url.startswith(("https://", "http://")) or strange):
        raise field_error("link_url", tk._("Must be an address that begins with https:// or http://."))
    if resource_id:
        return {"resource_id": resource_id}
    return {"url": url} if url else None


def filters(data: Data) -> dict[str, str | None]:
    """Return which threads are wanted: `{"state", "kind"}`, each None for all."""
    state, kind = all_errors(
        lambda: choice(data, "state", rules.STATES) if data.get("state") else None,
        lambda: choice(data, "kind", rules.KINDS) if data.get("kind") else None)
    return {"state": state, "kind": kind}
