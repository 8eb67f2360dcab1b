"""What templates ask about metadata: text in the reader's language, labels of choices, what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from markupsafe import Markup, escape

from ckanext.participation.metadata import fields, languages, rules

__all__ = [
    "participation_choice_label",
    "participation_error_summary",
    "participation_form_errors",
    "participation_form_rows",
    "participation_form_value",
    "participation_language_gaps",
    "participation_language_name",
    "participation_languages",
    "participation_safe_link",
    "participation_size_text",
    "participation_translated",
]


def participation_languages() -> tuple[str, ...]:
    """The languages a form asks for, the reader's first."""
    mine = languages.base_language(tk.h.lang() or "en")
    return tuple(sorted(rules.LANGUAGES, key=lambda language: language != mine))


def participation_language_name(language: str) -> str:
    """“French” or “English”, in the reader's language."""
    return {"fr": tk._("French"), "en": tk._("English")}.get(language, language)


def participation_translated(value: Any, lang: str | None = None, fallback: str = "") -> dict[str, str]:
    """`{"text": …, "lang": …}` of a translated value for a reader: their language, else the other one.

    `lang` is empty when the text is in the reader's own language or its language is not known, so that a template
    can print `lang="…"` only where it differs from the page.
    """
    reader = languages.base_language(lang or tk.h.lang() or "en")
    found, language = languages.pick(value if isinstance(value, Mapping) else None, reader)
    return {"text": found or fallback, "lang": language if language != reader else ""}


def participation_language_gaps(pkg: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`(field, language)` of every text of a dataset that lacks a language.

    A file's field reads `resources.0.name_translated`.
    """
    owed = [
        name
        for name, field in fields.definitions("dataset").items()
        if name.endswith("_translated")
        and field.get("validators") == "participation_translated_text"
        and (field.get("required") or field.get("form_required"))
    ]
    found = languages.gaps({name: value for name, value in pkg.items() if name != "tags_translated"}, owed)
    for index, resource in enumerate(pkg.get("resources") or []):
        found += [(f"resources.{index}.{name}", language) for name, language in languages.gaps(resource, ())]
    return found


def participation_choice_label(field: Mapping[str, Any], value: str) -> str:
    """The label of a stored choice in the reader's language; the value itself when it is not one of the choices."""
    for choice in field.get("choices", []):
        if choice["value"] == value:
            label = choice["label"]
            return label.get(languages.base_language(tk.h.lang() or "en")) or label["en"]
    return value


def participation_form_value(data: Mapping[str, Any], name: str, language: str) -> Any:
    """What the input of one language holds: what was just sent, else what is stored."""
    sent = data.get(f"{name}-{language}")
    if sent is not None:
        return sent
    stored = data.get(name)
    if isinstance(stored, Mapping):
        return stored.get(language) or ""
    # A failed form comes back with what the person sent: nothing stored is to be mixed in.
    return ""


def participation_form_errors(errors: Any, name: str) -> list[str]:
    """The messages on one field, as a list of whole sentences."""
    found = errors.get(name) if isinstance(errors, Mapping) else None
    if not found:
        return []
    return [str(message) for message in found] if isinstance(found, list) else [str(found)]


def participation_form_rows(data: Mapping[str, Any], name: str) -> int:
    """How many groups of `name` a form just sent (`contact-0-name`, `contact-1-name` are two)."""
    indexes = [int(match[1]) for key in data if (match := re.match(rf"{re.escape(name)}-(\d{{1,4}})-", str(key)))]
    return max(indexes, default=-1) + 1


def participation_error_summary(errors: Any, schema_fields: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """`{"id", "label", "message"}` of every error of a form, in the form's order; `id` is where its field is."""
    by_name = {field["field_name"]: field for field in schema_fields}
    entries = []
    for name in sorted(errors, key=lambda one: list(by_name).index(one) if one in by_name else len(by_name)):
        field = by_name.get(name, {})
        label = tk.h.scheming_language_text(field["label"]) if field else tk._(str(name))
        subfields = {subfield["field_name"]: subfield for subfield in field.get("repeating_subfields", [])}
        for place, message in _messages(errors[name]):
            index, _, child = place.partition("-")
            known = subfields.get(child)
            entries.append({
                "id": f"field-{name}-{place}" if place and known else f"field-{name}",
                "label": f"{label} {int(index) + 1}, {tk.h.scheming_language_text(known['label'])}" if known else label,
                "message": message,
            })
    return entries


def _messages(found: Any) -> list[tuple[str, str]]:
    """`(place, message)` pairs; the place of a message inside a group is `0-email`, else empty."""
    if not isinstance(found, list):
        return [("", str(found))]
    pairs = []
    for index, one in enumerate(found):
        if isinstance(one, Mapping):
            pairs += [(f"{index}-{child}", str(text)) for child, texts in one.items() for text in texts]
        else:
            pairs.append(("", str(one)))
    return pairs


def participation_safe_link(address: Any) -> Markup | str:
    """A link when `address` is one that a browser may follow, the plain text otherwise."""
    text = str(address or "")
    try:
        rules.web_address(text, ("http", "https", "ftp"))
    except rules.Refused:
        return text
    return Markup('<a href="{0}" rel="noopener">{0}</a>').format(escape(text)) if text else ""


def participation_size_text(size: Any) -> str:
    """A size in bytes as a person reads it, in the reader's language: “1.5 MB”, « 1,5 Mo »."""
    from babel.numbers import format_decimal

    try:
        amount = float(rules.size(size) or 0)
    except rules.Refused:
        return str(size)
    french = languages.base_language(tk.h.lang() or "en") == "fr"
    units = ("octets", "ko", "Mo", "Go", "To") if french else ("bytes", "kB", "MB", "GB", "TB")
    step = 0
    while amount >= 1000 and step < len(units) - 1:
        amount, step = amount / 1000, step + 1
    return f"{format_decimal(round(amount, 1), locale='fr_CA' if french else 'en_CA')}\u00a0{units[step]}"
