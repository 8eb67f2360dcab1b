"""What is true of licences: which one a publisher named, whether it is open, and the credit line it asks for.

Pure functions over a `Register`; nothing here raises on bad input, whatever a harvest brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from babel.dates import format_date

from .folding import clean, looks_like_url, text_key, url_keys, urls_in
from .licence import Licence, pick
from .register import Register

Confidence = Literal["certain", "probable", "ambiguous", "unknown"]
Openness = Literal["open", "not-open", "unknown"]

# Words that may stand around a licence's name without changing which licence is meant.
_AROUND: Final = frozenset(
    re.findall(
        r"\w+",
        """
    this dataset data datasets information work file files is are made available published released
    provided distributed licenced licence under terms conditions of by see contains public sector
    subject to use used in with and jeu jeux de donnees donnee contient informations visee visees par
    sous selon termes du des est sont diffuse diffuses diffusees publie publies publiees disponible
    disponibles voir et au aux en
    """,
    )
)
_FEWEST_WORDS: Final = 3
_MOST_CANDIDATES: Final = 12


@dataclass(frozen=True, slots=True)
class Match:
    """Which licence was meant. `id` is set only when it is `certain` or `probable`.

    `why` is one English sentence for reports; `candidates` are the licences it could be when it is not clear.
    """

    id: str | None
    confidence: Confidence
    why: str
    candidates: tuple[str, ...] = ()


def recognise(
    register: Register, *, licence_id: object = None, title: object = None, url: object = None
) -> Match:
    """Find the one licence that an id, a title and an address name together; a contradiction is said."""
    given = {"id": clean(licence_id), "title": clean(title), "address": clean(url)}
    if not any(given.values()):
        return Match(None, "unknown", "No licence was given.")
    exact = {field: found for field, text in given.items() if (found := _exact(register, text))}
    ids = _most_precise(register, exact.values())
    if len(ids) == 1:
        found = next(iter(ids))
        if version := _named_version(register, register.licences[found], given.values()):
            return Match(
                version, "probable", f"Its {_and(exact)} leaves the version open, and its text names one."
            )
        return Match(found, "certain", f"Its {_and(exact)} is known for this licence.")
    if len(ids) > 1:
        named = "; ".join(f"{field} says {found}" for field, found in exact.items())
        return Match(None, "ambiguous", f"The parts name different licences: {named}.", tuple(sorted(ids)))
    return _from_words(register, given)


def _exact(register: Register, text: str) -> str | None:
    """The licence that this whole text, or the one known address in it, stands for."""
    if not text:
        return None
    if found := register.by_text.get(text_key(text)):
        return found
    addresses = [text] if looks_like_url(text) else urls_in(text)
    known = {licence.id for address in addresses if (licence := register.at(address))}
    return known.pop() if len(known) == 1 else None


def _most_precise(register: Register, found: Iterable[str]) -> set[str]:
    """Drop the entries without version when a version of theirs is named too."""
    ids = set(found)
    return ids - {generic for licence_id in ids for generic in register.generic_ids(licence_id)}


def _named_version(register: Register, licence: Licence, texts: Iterable[str]) -> str | None:
    """The one version of an entry without version that these texts point to."""
    keys = [key for text in texts if re.search(r"\d", key := text_key(text))]
    named = {found for key in keys for found in _containing(register, key) & set(licence.generic_for)}
    return named.pop() if len(named) == 1 else None


def _and(fields: Iterable[str]) -> str:
    return " and ".join(fields)


def _from_words(register: Register, given: dict[str, str]) -> Match:
    texts = [text_key(text) for text in given.values() if not looks_like_url(text)]
    inside: set[str] = set()
    plain = True
    for text in filter(None, texts):
        phrase = _phrase(register, text)
        if phrase is None:
            continue
        name, licence_id = phrase
        inside.add(licence_id)
        before, _, after = f" {text} ".partition(f" {name} ")
        plain = plain and {*before.split(), *after.split()} <= _AROUND and not _is_port(name, after)
    inside = _most_precise(register, inside)
    if len(inside) == 1 and plain:
        return Match(
            inside.pop(), "probable", "Its text holds the name of this licence and nothing that changes it."
        )
    if inside:
        return Match(
            None, "ambiguous", "Its text holds a licence's name among other words.", tuple(sorted(inside))
        )
    candidates = sorted({found for text in texts for found in _containing(register, text)})
    if candidates and len(candidates) <= _MOST_CANDIDATES:
        return Match(None, "ambiguous", "Several licences have a name like this.", tuple(candidates))
    if candidates:
        return Match(None, "ambiguous", f"{len(candidates)} licences have a name like this.", ())
    if url_keys(given["address"]) or url_keys(given["id"]):
        return Match(None, "unknown", "The register does not know this address.")
    return Match(None, "unknown", "The register does not know this licence.")


def _is_port(name: str, after: str) -> bool:
    """Whether a country code follows a version, as in "CC BY 3.0 DE": that is another licence."""
    following = after.split()
    return name[-1].isdigit() and bool(following) and len(following[0]) == 2


def _phrase(register: Register, text: str) -> tuple[str, str] | None:
    """The longest name of the register that stands inside this text."""
    words = text.split()
    for size in range(len(words), _FEWEST_WORDS - 1, -1):
        for start in range(len(words) - size + 1):
            name = " ".join(words[start : start + size])
            if licence_id := register.by_text.get(name):
                return name, licence_id
    return None


def _containing(register: Register, text: str) -> set[str]:
    """The licences whose names hold all these words (two at least)."""
    words = set(text.split())
    if len(words) < 2:
        return set()
    return {licence_id for licence_id, known in register.words.items() if words <= known}


def openness(licence: Licence | None) -> Openness:
    """Open or not: as the Open Definition's reviewers found, else as the licence's own terms say."""
    if licence is None:
        return "unknown"
    if licence.open_definition != "unknown":
        return "open" if licence.open_definition == "conformant" else "not-open"
    if {"no-commercial-use", "no-derivatives", "all-rights-reserved"} & set(licence.prohibitions):
        return "not-open"
    return (
        "open" if {"copy", "distribute", "adapt", "commercial-use"} <= set(licence.permissions) else "unknown"
    )


_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_UNNAMED: Final = {"en": "this dataset", "fr": "ce jeu de données"}


def credit_line(
    licence: Licence,
    lang: str,
    *,
    publisher: str = "",
    title: str = "",
    year: str | int = "",
    updated: date | str = "",
    url: str = "",
) -> str:
    """The line to show with the data, in the wording the licence asks for; empty when it states none.

    A part of the template between square brackets is left out when a value in it is missing.

    :param year: year of publication; `updated`: date of the last update; `url`: where the dataset is
    """
    template = pick(licence.attribution, lang)
    lang = "fr" if lang.startswith("fr") else "en"
    values = {
        "publisher": clean(publisher).rstrip(". "),
        "title": clean(title).rstrip(". "),
        "year": clean(year),
        "updated": _written(updated, lang),
        "url": clean(url),
        "licence": licence.short(lang),
        "licence_url": licence.text_url(lang),
    }

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

    def optional(found: re.Match[str]) -> str:
        names = _PLACEHOLDER.findall(found[1])
        return fill(found[1]) if all(values[name] for name in names) else ""

    pieces: list[str] = []
    end = 0
    for found in _OPTIONAL.finditer(template):
        pieces += [_required(template[end : found.start()], values, lang), optional(found)]
        end = found.end()
    pieces.append(_required(template[end:], values, lang))
    return re.sub(r" {2,}", " ", "".join(pieces)).strip()


def _required(text: str, values: dict[str, str], lang: str) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]] or _UNNAMED[lang], text)


def _written(day: date | str, lang: str) -> str:
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day[:10])
        except ValueError:
            return ""
    written = format_date(day, "long", locale=lang)
    return re.sub(r"^1(?= )", "1er", written) if lang == "fr" else written
