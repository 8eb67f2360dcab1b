"""What the licence box and the search index say of one dataset, worked out from its dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from . import rules
from .folding import clean, looks_like_url, urls_in
from .licence import Licence
from .register import Register
from .terms import TERMS

State = Literal["known", "not-specified", "unrecognised"]
NOT_SPECIFIED: Final = "notspecified"
UNRECOGNISED: Final = "unrecognised"
AS_PUBLISHED: Final = "licence_as_published"


@dataclass(frozen=True, slots=True)
class Found:
    """The licence of a dataset, or why there is none."""

    state: State
    licence: Licence | None
    match: rules.Match


def of_dataset(register: Register, dataset: dict[str, Any]) -> Found:
    """The licence a dataset is under: from `license_id`, `license_title`, `license_url`, or its source's own words."""
    licence_id = clean(dataset.get("license_id"))
    stated = register.licences.get(licence_id)
    if stated is not None and stated.id != NOT_SPECIFIED:
        # CKAN fills title and address from its own list by this id, so they say nothing new.
        return Found("known", stated, rules.Match(stated.id, "certain", "Its id is known for this licence."))
    said = _as_published(dataset)
    if said and (stated is not None or not licence_id):
        match = rules.recognise(register, title=said)
    else:
        title, url = dataset.get("license_title"), dataset.get("license_url")
        match = rules.recognise(register, licence_id=licence_id, title=title, url=url)
    licence = register.licences.get(match.id or "")
    if licence is not None and licence.id != NOT_SPECIFIED:
        return Found("known", licence, match)
    given = said or any(clean(dataset.get(key)) for key in ("license_id", "license_title", "license_url"))
    if licence is not None or not given:
        return Found("not-specified", register.licences.get(NOT_SPECIFIED), match)
    return Found("unrecognised", None, match)


def _as_published(dataset: dict[str, Any]) -> str:
    """The words a harvest kept because the register did not know them."""
    extras = dataset.get("extras")
    for extra in extras if isinstance(extras, list) else []:
        if isinstance(extra, dict) and extra.get("key") == AS_PUBLISHED:
            return clean(extra.get("value"))
    return clean(dataset.get(AS_PUBLISHED) or dataset.get(f"extras_{AS_PUBLISHED}"))


def index_value(found: Found) -> str:
    """The word the search index keeps for this state: a register id, or what is known of its absence."""
    if found.state == "unrecognised" or found.licence is None:
        return UNRECOGNISED if found.state == "unrecognised" else NOT_SPECIFIED
    return found.licence.id


def credit_lines(found: Found, dataset: dict[str, Any], url: str) -> dict[str, str]:
    """The credit line of a dataset in both languages; empty where the licence is not known or has none."""
    if found.licence is None:
        return {}
    lines: dict[str, str] = {}
    for lang in ("en", "fr"):
        updated = _updated(dataset)
        line = rules.credit_line(
            found.licence,
            lang,
            publisher=_publisher(dataset, lang),
            title=_text(dataset, "title", lang),
            year=_published(dataset)[:4],
            updated=updated,
            url=url,
        )
        if line:
            lines[lang] = line
    return lines


def contents(register: Register, dataset: dict[str, Any], lang: str, url: str) -> dict[str, Any]:
    """Everything the licence box shows, in the reader's language, with addresses that are safe to link."""
    found = of_dataset(register, dataset)
    licence = found.licence
    return {
        "state": found.state,
        "id": licence.id if licence else "",
        "name": licence.name(lang) if licence else "",
        "openness": rules.openness(licence),
        "reviewed": licence is not None and licence.open_definition != "unknown",
        "may": _worded(licence.permissions, lang) if licence else [],
        "must": _worded(licence.duties, lang) if licence else [],
        "may_not": _worded(licence.prohibitions, lang) if licence else [],
        "states_terms": bool(licence and licence.states_terms),
        "credit": credit_lines(found, dataset, url).get("fr" if lang.startswith("fr") else "en", ""),
        "credit_required": bool(licence and "attribution" in licence.duties),
        "deed_url": licence.deed_url(lang) if licence else "",
        "note": licence.notes.get("fr" if lang.startswith("fr") else "en", "") if licence else "",
        "given_name": "" if licence else _given_name(dataset),
        "given_url": _given_url(dataset) if licence is None else "",
        "candidates": [register.licences[name].name(lang) for name in found.match.candidates],
    }


def _given_name(dataset: dict[str, Any]) -> str:
    return (_as_published(dataset) or clean(dataset.get("license_title") or dataset.get("license_id")))[:300]


def _given_url(dataset: dict[str, Any]) -> str:
    """The first web address among what was given; anything else is never linked."""
    given = [dataset.get("license_url"), *urls_in(_as_published(dataset)), dataset.get("license_id")]
    return next((clean(address) for address in given if looks_like_url(address)), "")


def _worded(names: tuple[str, ...], lang: str) -> list[dict[str, str]]:
    return [{"id": name, "icon": TERMS[name].icon, "text": TERMS[name].wording(lang)} for name in names]


def _text(record: Any, field: str, lang: str) -> str:
    """A text field in this language, else the other one, else as CKAN keeps it."""
    if not isinstance(record, dict):
        return ""
    translated = record.get(f"{field}_translated")
    if isinstance(translated, dict):
        other = "en" if lang == "fr" else "fr"
        if text := clean(translated.get(lang) or translated.get(other)):
            return text
    return clean(record.get(field))


def _publisher(dataset: dict[str, Any], lang: str) -> str:
    stated = dataset.get("publisher")
    if isinstance(stated, list) and stated:
        stated = stated[0]
    if isinstance(stated, dict) and (name := _text(stated, "name", lang)):
        return name
    if isinstance(stated, str) and not stated.lstrip().startswith(("[", "{")) and clean(stated):
        return clean(stated)
    organisation = dataset.get("organization")
    return _text(organisation, "title", lang) or (
        clean(organisation.get("name")) if isinstance(organisation, dict) else ""
    )


def _published(dataset: dict[str, Any]) -> str:
    return _date(dataset, "issued", "modified")


def _updated(dataset: dict[str, Any]) -> str:
    # Of a harvested dataset CKAN's own dates say when it was harvested, not when the data changed.
    own = () if _is_harvested(dataset) else ("metadata_modified",)
    return _date(dataset, "modified", *own)


def _is_harvested(dataset: dict[str, Any]) -> bool:
    extras = dataset.get("extras")
    keys = (
        [extra.get("key") for extra in extras if isinstance(extra, dict)] if isinstance(extras, list) else []
    )
    return "harvest_object_id" in keys or "guid" in keys or bool(dataset.get("harvest_object_id"))


def _date(dataset: dict[str, Any], *fields: str) -> str:
    """The first of these fields that begins with a date or a year."""
    for field in fields:
        text = clean(dataset.get(field))
        try:
            return date.fromisoformat(text[:10]).isoformat()
        except ValueError:
            if len(text) == 4 and text.isdecimal():
                return text
    return ""
