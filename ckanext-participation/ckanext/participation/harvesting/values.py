"""Single values as catalogues write them, brought to the one form we keep. Pure functions; none raises on bad input."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

Texts = dict[str, str]

# Words that one of the two languages has and the other has not; enough to tell which half of a bilingual name is which.
_FRENCH = frozenset(
    [
        "de",
        "la",
        "le",
        "les",
        "des",
        "du",
        "et",
        "aux",
        "au",
        "pour",
        "en",
        "sur",
        "dans",
        "une",
        "un",
        "agence",
        "ministère",
        "ministere",
        "canadienne",
        "canadien",
        "québec",
        "ville",
        "commission",
        "bureau",
        "conseil",
        "société",
        "société",
        "données",
        "donnees",
        "sécurité",
        "santé",
    ]
)
_ENGLISH = frozenset(
    [
        "of",
        "the",
        "and",
        "for",
        "in",
        "on",
        "to",
        "agency",
        "department",
        "office",
        "canadian",
        "city",
        "council",
        "board",
        "service",
        "services",
        "data",
        "health",
        "government",
        "ministry",
        "canada's",
    ]
)
_TWO_LETTERS = {
    "eng": "en",
    "english": "en",
    "anglais": "en",
    "fra": "fr",
    "fre": "fr",
    "french": "fr",
    "français": "fr",
    "francais": "fr",
    "spa": "es",
    "spanish": "es",
    "sp": "es",
    "deu": "de",
    "ger": "de",
    "german": "de",
    "ita": "it",
    "por": "pt",
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z]+)?")
_TAKEN = frozenset({"new", "edit", "search"})
_REGIONS = frozenset({"us", "uk", "gb", "ca"})
_NO_LANGUAGE = frozenset({"zxx", "und", "mis"})
# What PostgreSQL and UTF-8 cannot hold: no character, and half of one.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MIDNIGHT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?")


def text(value: object) -> str:
    """One trimmed text; the first one of a list; numbers as text; nothing for anything else."""
    # What there is most of comes first: a record is read in some hundred of these.
    if isinstance(value, str):
        return storable(value).strip()
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return next((found for one in value if (found := text(one))), "")
    if isinstance(value, Mapping):
        return text(value.get("@value")) or text(value.get("@id"))
    # NaN and the like are numbers of JSON's readers, not of JSON.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    try:
        return str(value)
    except ValueError:
        # A whole number of thousands of digits.
        return ""


def storable(written: str) -> str:
    """The same text without what cannot be stored; half characters are marked."""
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\x00" else "\ufffd", written) if _UNSTORABLE.search(written) else written


def texts(value: object) -> list[str]:
    """Every text in a value that may be one text or a list of them."""
    listed = value if isinstance(value, (list, tuple)) else [value]
    return list(dict.fromkeys(found for one in listed if (found := text(one))))


def by_language(value: object) -> Texts:
    """The French and English texts of a dictionary (or its JSON); `fr-CA` counts as French, a plain `fr` wins."""
    if isinstance(value, str):
        if not value.lstrip().startswith("{"):
            return {}
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if value is None or not isinstance(value, Mapping):
        return {}
    found: Texts = {}
    for tag, raw in value.items():
        language = language_code(str(tag))
        written = text(raw)
        if language in {"fr", "en"} and written and (language not in found or str(tag).lower() == language):
            found[language] = written
    return found


def in_languages(value: object, language: str) -> Texts:
    """The French and English texts of a value that may be plain (then it is in `language`), by language, or JSON-LD's.

    A text in another language stands in when there is neither.
    """
    found = by_language(value)
    if found or not isinstance(value, (list, Mapping)):
        return found or ({language: plain} if (plain := text(value)) else {})
    other = ""
    for one in value if isinstance(value, list) else [value]:
        stated = language_code(one.get("@language")) if isinstance(one, Mapping) else ""
        written = text(one)
        if not written and isinstance(one, Mapping):
            written = next((said for key, raw in one.items() if _LANGUAGE.fullmatch(str(key)) and (said := text(raw))), "")
            stated = stated or "other"
        if not stated or stated in {"fr", "en"}:
            found.setdefault(stated or language, written)
        other = other or written
    found = without_empty(found)
    return found or ({language: other} if other else {})


def language_code(value: object) -> str:
    """The two-letter code of `en-US`, `us-EN`, `eng`, `.../language/FRA`; what is not known stays, in small letters."""
    written = text(value)
    # A whole text where a language should be is not worth remembering.
    return _code(written) if len(written) < 100 else _code.__wrapped__(written)


@lru_cache(maxsize=1024)
def _code(written: str) -> str:
    written = written.rstrip("/").rpartition("/")[2].strip().lower()
    parts = [part for part in re.split(r"[-_]", written) if part]
    if len(parts) > 1 and parts[0] in _REGIONS and parts[1] not in _REGIONS:
        parts.reverse()
    code = _TWO_LETTERS.get(parts[0], parts[0]) if parts else ""
    return "" if code in _NO_LANGUAGE else code


def guess_language(written: str) -> str:
    """`fr` or `en`, whichever this short text reads like; an empty text when it could be either."""
    words = re.findall(r"[^\W\d_]+", written.lower().replace("’", " ").replace("'", " "))
    french = sum(word in _FRENCH for word in words) + bool(re.search(r"[éèêàçùôîœ]|\b[dl]['’]", written.lower()))
    english = sum(word in _ENGLISH for word in words)
    return "" if french == english else ("fr" if french > english else "en")


def split_bilingual(written: str, known: Texts | None = None, default: str = "en") -> Texts:
    """`{"en": …, "fr": …}` of a name such as `Canadian Space Agency | Agence spatiale canadienne`.

    `known` is what the same record says elsewhere; it decides which half is which, then the words themselves, then the
    order that Canada's portals use (English first). A name that is not in two halves is in `default`.
    """
    halves = [half.strip() for half in re.split(r"\s+[|]\s+|\s+/\s+(?=[A-ZÀ-Ý])", written) if half.strip()]
    if len(halves) != 2:
        return {guess_language(written) or default: written.strip()} if written.strip() else {}
    first, second = halves
    known = known or {}
    is_french_first = first == known.get("fr") or second == known.get("en")
    if not is_french_first and first != known.get("en") and second != known.get("fr"):
        is_french_first = guess_language(first) == "fr" and guess_language(second) != "fr"
    return {"fr": first, "en": second} if is_french_first else {"en": first, "fr": second}


def date(value: object) -> str:
    """A date without a meaningless midnight; a repeating interval (DCAT-US allows one as `modified`) is no date."""
    written = text(value)
    match = _MIDNIGHT.fullmatch(written)
    return match[1] if match else ("" if written.startswith("R/") else written)


def period(value: object) -> list[dict[str, str]]:
    """`start/end` as the one row of `temporal_coverage`."""
    start, _, end = text(value).partition("/")
    row = {name: found for name, part in (("start", start), ("end", end)) if (found := date(part))}
    return [row] if row else []


def place(value: object) -> dict[str, str]:
    """A row of `spatial_coverage` from a name, an address, `west,south,east,north` or GeoJSON."""
    if isinstance(value, Mapping):
        return {"geom": json.dumps(value)} if value.get("type") else {}
    written = text(value)
    if written.startswith("{"):
        return {"geom": written}
    numbers = re.fullmatch(r"\s*(-?\d+\.?\d*)\s*,\s*(-?\d+\.?\d*)\s*,\s*(-?\d+\.?\d*)\s*,\s*(-?\d+\.?\d*)\s*", written)
    if numbers:
        west, south, east, north = (float(number) for number in numbers.groups())
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"bbox": json.dumps({"type": "Polygon", "coordinates": [ring]})}
    if re.match(r"https?://", written):
        return {"uri": written}
    return {"text": written} if written else {}


def slug(written: str, longest: int = 90) -> str:
    """A page address made of a title: small letters, digits and hyphens, at least two characters, or nothing."""
    plain = (
        unicodedata.normalize("NFKD", written.replace("œ", "oe").replace("Œ", "oe")).encode("ascii", "ignore").decode().lower()
    )
    plain = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if len(plain) > longest:
        plain = plain[: longest + 1].rpartition("-")[0] or plain[:longest]
    # Addresses of CKAN's own pages.
    plain = f"{plain}-1" if plain in _TAKEN else plain
    return plain if len(plain) >= 2 else ""


def is_opaque(name: str) -> bool:
    """Whether a name is a number for machines (a UUID, a hash), which makes a poor page address."""
    return bool(re.fullmatch(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{24,64}|\d+", name.lower()))


def plain(said: Mapping[str, Any]) -> Texts:
    """Fields of any kind as texts: what is not one is written as JSON; what says nothing is left out."""
    found: Texts = {}
    for key, value in said.items():
        if value in (None, "", [], {}):
            continue
        try:
            written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        except (TypeError, ValueError, RecursionError):
            continue
        written = storable(written).strip()
        if key and written:
            found[key] = written
    return found


def without_empty(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same, without what says nothing."""
    return {key: value for key, value in row.items() if value or (value is not None and value not in ("", [], {}))}


def unique(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows that say something, each once."""
    kept: list[dict[str, Any]] = []
    for row in rows:
        full = without_empty(row)
        if full and full not in kept:
            kept.append(full)
    return kept
