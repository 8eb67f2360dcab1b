"""What the licence box and the search index say of one dataset, worked out from its dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from . import rules
from .credit import Credited
from .folding import clean, looks_like_url, urls_in
from .register import Register
from .register.licence import Licence, language
from .register.terms import TERMS
from .saying import (
    AS_PUBLISHED,
    BETWEEN,
    FILE_FIELDS,
    MORE_ADDRESSES,
    MORE_TEXTS,
    MORE_TITLES,
    NOT_SPECIFIED,
    extras_of,
    texts_of,
)

State = Literal["known", "not-specified", "unrecognised"]
UNRECOGNISED: Final = "unrecognised"
_MOST_FILES: Final = 1000
_LONGEST_WORDS: Final = 300
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """The licence of a dataset, or why there is none."""

    state: State
    licence: Licence | None
    match: rules.Match


@dataclass(frozen=True, slots=True)
class OwnLicence:
    """A licence that files of a dataset state for themselves and that is not the dataset's; `said` are their own words."""

    found: Found
    said: str
    files: tuple[dict[str, str], ...]


def of_dataset(register: Register, dataset: dict[str, Any], extra: Mapping[str, str] = _NOTHING) -> Found:
    """The licence a dataset is under: from `license_id`, `license_title`, `license_url`, its source's own words and its extras.

    What its files say is never read here: see `of_files`.

    :param extra: more names of licences, as `recognition.recognise` takes them
    """
    licence_id = clean(dataset.get("license_id"))
    stated = register.licences.get(licence_id)
    if stated is not None and stated.id != NOT_SPECIFIED:
        # CKAN fills title and address from its own list by this id, so they say nothing new.
        return Found("known", stated, rules.Match(stated.id, "certain", "Its id is known for this licence."))
    extras = extras_of(dataset)
    said = [part for part in extras.get(AS_PUBLISHED, "").split(BETWEEN) if part]
    titles = [*said, *(extras[key] for key in MORE_TITLES if key in extras)]
    addresses = [extras[key] for key in MORE_ADDRESSES if key in extras]
    texts = [extras[key] for key in MORE_TEXTS if key in extras]
    # Beside words that a harvest kept, CKAN's fields hold only "not specified".
    own = {} if said and (stated is not None or not licence_id) else dataset
    match = rules.recognise(
        register,
        licence_id=own.get("license_id"),
        title=[own.get("license_title"), *titles],
        url=[own.get("license_url"), *addresses],
        text=texts,
        extra=extra,
    )
    given = bool(titles or addresses) or any(clean(dataset.get(key)) for key in ("license_id", "license_title", "license_url"))
    return _found(register, match, given)


def _found(register: Register, match: rules.Match, given: bool) -> Found:
    licence = register.licences.get(match.id or "")
    if licence is not None and licence.id != NOT_SPECIFIED:
        return Found("known", licence, match)
    if licence is not None or not given:
        return Found("not-specified", register.licences.get(NOT_SPECIFIED), match)
    return Found("unrecognised", None, match)


def of_file(register: Register, file: dict[str, Any], extra: Mapping[str, str] = _NOTHING) -> Found | None:
    """The licence that a file (a resource, a distribution) states for itself; None when it states none."""
    given = {key: texts_of(file.get(key)) for key in FILE_FIELDS}
    if not any(given[key] for key in FILE_FIELDS if key != "rights"):
        match = rules.recognise(register, text=given["rights"], extra=extra)
        # Rights that name no licence speak of access, or of nothing.
        return _found(register, match, given=True) if match.id and match.id != NOT_SPECIFIED else None
    match = rules.recognise(
        register,
        licence_id=[*given["license_id"], *given["license"], *given["licence"]],
        title=given["license_title"],
        url=given["license_url"],
        text=given["rights"],
        extra=extra,
    )
    return _found(register, match, given=True)


def of_files(register: Register, dataset: dict[str, Any], found: Found, extra: Mapping[str, str] = _NOTHING) -> list[OwnLicence]:
    """The licences that a dataset's files state and that differ from `found`, the dataset's own; the most frequent first."""
    known: dict[tuple[str, ...], Found | None] = {}
    groups: dict[tuple[str, str], tuple[Found, str, list[dict[str, str]]]] = {}
    for file in _files(dataset):
        said = tuple(BETWEEN.join(texts_of(file.get(key))) for key in FILE_FIELDS)
        if said not in known:
            known[said] = of_file(register, file, extra)
        own = known[said]
        if own is None or own.state == "not-specified" or (own.licence is not None and own.licence is found.licence):
            continue
        words = "" if own.licence else next((text for text in said if text), "")[:300]
        entry = {"id": clean(file.get("id")), "name": clean(file.get("name"))}
        groups.setdefault((index_value(own), words), (own, words, []))[2].append(entry)
    ordered = sorted(groups.values(), key=lambda group: (-len(group[2]), index_value(group[0]), group[1]))
    return [OwnLicence(own, words, tuple(files)) for own, words, files in ordered]


def _files(dataset: dict[str, Any]) -> Iterator[dict[str, Any]]:
    files = dataset.get("resources")
    yield from (file for file in (files if isinstance(files, list) else [])[:_MOST_FILES] if isinstance(file, dict))


def index_value(found: Found) -> str:
    """The word the search index keeps for this state: a register id, or what is known of its absence."""
    if found.state == "unrecognised" or found.licence is None:
        return UNRECOGNISED if found.state == "unrecognised" else NOT_SPECIFIED
    return found.licence.id


def credited(found: Found, dataset: dict[str, Any], url: str, lang: str) -> Credited | None:
    """What is credited when somebody uses a dataset, in one language; None where the licence is not known."""
    if found.licence is None:
        return None
    return Credited(
        licence=found.licence, id=clean(dataset.get("name") or dataset.get("id")), publisher=_publisher(dataset, lang),
        title=_text(dataset, "title", lang), published=_published(dataset), updated=_updated(dataset),
        version=clean(dataset.get("version")), url=url)


def credit_lines(found: Found, dataset: dict[str, Any], url: str) -> dict[str, str]:
    """The credit line of a dataset in both languages; empty where the licence is not known or has none."""
    made = {lang: credited(found, dataset, url, lang) for lang in ("en", "fr")}
    return {lang: line for lang, one in made.items() if one and (line := one.line(lang))}


def contents(
    register: Register, dataset: dict[str, Any], lang: str, url: str, extra: Mapping[str, str] = _NOTHING
) -> dict[str, Any]:
    """Everything the licence box shows, in the reader's language, with addresses that are safe to link."""
    found = of_dataset(register, dataset, extra)
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
        "credit": credit_lines(found, dataset, url).get(language(lang), ""),
        "credit_required": bool(licence and "attribution" in licence.duties),
        "deed_url": licence.deed_url(lang) if licence else "",
        "note": licence.notes.get(language(lang), "") if licence else "",
        "given_name": "" if licence else _given_name(dataset),
        "given_url": _given_url(dataset) if licence is None else "",
        "candidates": [register.licences[name].name(lang) for name in found.match.candidates],
        "files": [_own_licence(own, lang) for own in of_files(register, dataset, found, extra)],
    }


def _own_licence(own: OwnLicence, lang: str) -> dict[str, Any]:
    """Licence of some files that is not the dataset's, for the box."""
    licence = own.found.licence
    return {
        "state": own.found.state,
        "id": licence.id if licence else "",
        "name": licence.name(lang) if licence else "",
        "said": own.said,
        "openness": rules.openness(licence),
        "deed_url": licence.deed_url(lang) if licence else "",
        "files": list(own.files),
    }


def _given_name(dataset: dict[str, Any]) -> str:
    """The publisher's own words: those that a harvest kept, those of CKAN's fields, else those that stand in extras; cut to be read."""
    extras = extras_of(dataset)
    given = [extras.get(AS_PUBLISHED), dataset.get("license_title"), dataset.get("license_id"), *(extras.get(key) for key in MORE_TITLES)]
    words = next((text for value in given if (text := clean(value)) and text != NOT_SPECIFIED), "")
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS].rstrip()}…"


def _given_url(dataset: dict[str, Any]) -> str:
    """The first web address among what was given; anything else is never linked."""
    extras = extras_of(dataset)
    given = [dataset.get("license_url"), *urls_in(extras.get(AS_PUBLISHED, "")), dataset.get("license_id"),
             *(extras.get(key) for key in MORE_ADDRESSES)]
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
