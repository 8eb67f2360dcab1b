"""What is true of licences: whether one is open, and the credit line it asks for; `recognise` stands in `recognition`.

Pure functions over a `Register`; nothing here raises on bad input, whatever a harvest brings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from babel.dates import format_date

from .folding import clean
from .recognition import Match, recognise
from .register.licence import Licence, language, pick

__all__ = ["Mark", "Match", "Openness", "credit_line", "openness", "plain", "recognise", "written"]

Openness = Literal["open", "not-open", "unknown"]

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


@dataclass(frozen=True, slots=True)
class Mark:
    """How a credit line is written: `value(placeholder, text)` for its values, `words(text)` for what stands between them."""

    value: Callable[[str, str], str]
    words: Callable[[str], str]


plain: Final = Mark(lambda _name, text: text, lambda text: text)


def credit_line(
    licence: Licence,
    lang: str,
    *,
    publisher: str = "",
    title: str = "",
    year: str | int = "",
    updated: date | str = "",
    url: str = "",
    mark: Mark | None = None,
) -> str:
    """The line to show with the data, in the wording the licence asks for; empty when it states none.

    A part of the template between square brackets is left out when a value in it is missing.

    :param year: year of publication; `updated`: date of the last update; `url`: where the dataset is
    :param mark: how values and the words between them are written (HTML, Markdown); as they are without it
    """
    mark = mark or plain
    template = pick(licence.attribution, lang)
    lang = language(lang)
    values = {
        "publisher": clean(publisher).rstrip(". "),
        "title": clean(title).rstrip(". "),
        "year": clean(year),
        "updated": written(updated, lang),
        "url": clean(url),
        "licence": licence.short(lang),
        "licence_url": licence.text_url(lang),
    }

    def put(name: str) -> str:
        return mark.value(name, values[name]) if values[name] else mark.words(_UNNAMED[lang])

    def fill(text: str) -> str:
        """Fill one part; the odd pieces of a split are the names of placeholders."""
        return "".join(put(piece) if place % 2 else mark.words(piece) for place, piece in enumerate(_PLACEHOLDER.split(text)))

    def optional(found: re.Match[str]) -> str:
        return fill(found[1]) if all(values[name] for name in _PLACEHOLDER.findall(found[1])) else ""

    pieces: list[str] = []
    end = 0
    for found in _OPTIONAL.finditer(template):
        pieces += [fill(template[end : found.start()]), optional(found)]
        end = found.end()
    pieces.append(fill(template[end:]))
    return re.sub(r" {2,}", " ", "".join(pieces)).strip()


def written(day: date | str, lang: str) -> str:
    """A day in words ("22 November 2026", « 1er novembre 2026 »); empty for what is no day."""
    if isinstance(day, str):
        try:
            day = date.fromisoformat(day[:10])
        except ValueError:
            return ""
    written = format_date(day, "long", locale=lang)
    return re.sub(r"^1(?= )", "1er", written) if lang == "fr" else written
