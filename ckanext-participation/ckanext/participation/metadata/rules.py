"""What is true of one metadata value: pure functions that return the value to store or refuse it with a reason.

Each rule takes what a form, an API client or a harvest sent and returns the one shape we store, or raises `Refused`
with a sentence for the person who typed it. Nothing here knows CKAN.
"""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from ckanext.participation.common.marking import N_

LANGUAGES = ("en", "fr")

TEXT_LIMIT = 100_000
# The index keeps addresses and titles as single terms of at most 32,766 bytes.
ADDRESS_LIMIT = 2_000
# `package_resource.size` is a PostgreSQL bigint.
SIZE_LIMIT = 2**63 - 1

GEOJSON_TYPES = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)

_CONTROL = dict.fromkeys((*range(1, 9), 11, 12, *range(14, 32), *range(127, 160)))
_HALF = re.compile("[\\ud800-\\udfff]")
_EMAIL = re.compile(r"[^\s@<>\"(),:;\\\[\]]+@[^\s@<>\"(),:;\\\[\]]+\.[^\s@<>\"(),:;\\\[\].]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):\S+")
_DATE = re.compile(
    r"(?P<year>\d{4})"
    r"(?:(?P<separator>[-/])(?P<month>\d{2})(?:(?P=separator)(?P<day>\d{2})"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)
_UNSAFE_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "about", "blob"})


class Refused(ValueError):
    """A value that a field does not take; `message` is a whole sentence with named places, `values` fills them."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values


def storable(value: str) -> str:
    """The same text, or refused when PostgreSQL or UTF-8 could not hold it."""
    if "\x00" in value:
        raise Refused(N_("This text holds a character that cannot be stored (NUL). Type it again without copying."))
    if _HALF.search(value):
        raise Refused(N_("This text holds half of a character. Type it again, or copy it again from the source."))
    return value


def text(value: object, limit: int = TEXT_LIMIT) -> str:
    """One clean text: NFC, trimmed, no control characters, at most `limit` characters. Numbers become text."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Refused(N_("Write one text here, not a list or a group of values."))
    if not isinstance(value, str):
        value = str(value)
    # Length first: cleaning an oversized text is the costly part.
    if len(value) > limit:
        raise Refused(N_("This text is too long: %(limit)d characters at most."), limit=limit)
    if not value.replace("\n", "").replace("\t", "").isprintable():
        # Only here can there be what is no text: looking for it costs more than all the rest.
        value = storable(value).translate(_CONTROL)
    cleaned = unicodedata.normalize("NFC", value).strip()
    if len(cleaned) > limit:
        raise Refused(N_("This text is too long: %(limit)d characters at most."), limit=limit)
    return cleaned


def date(value: object) -> str:
    """A date as DCAT takes it: YYYY, YYYY-MM, YYYY-MM-DD or a date with a time, in ISO 8601."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    written = text(value, 100)
    if not written:
        return ""
    refusal = Refused(N_("Write the date as YYYY, YYYY-MM or YYYY-MM-DD, for example 2026-11-03."))
    match = _DATE.fullmatch(written)
    if not match:
        raise refusal
    year, month, day, time, zone = (match[name] for name in ("year", "month", "day", "time", "zone"))
    try:
        datetime.date(int(year), int(month or 1), int(day or 1))
        if time:
            datetime.datetime.fromisoformat(f"{year}-{month}-{day}T{time.replace(',', '.')}{zone or ''}")
    except ValueError:
        raise Refused(N_("This date does not exist in the calendar: %(date)s."), date=written) from None
    day_part = "-".join(part for part in (year, month, day) if part)
    return f"{day_part}T{time.replace(',', '.')}{zone or ''}" if time else day_part


def in_order(start: str, end: str) -> bool:
    """Whether a period does not end before it starts; only the precision that both dates have is compared."""
    shared = min(len(start), len(end), len("YYYY-MM-DD"))
    return start[:shared] <= end[:shared]


def web_address(value: object, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """A full web address."""
    address = text(value, ADDRESS_LIMIT)
    if not address:
        return ""
    refusal = Refused(N_("Write a full web address, such as https://example.org/page."))
    if re.search(r"\s", address):
        raise refusal
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  reading it is what checks it
    except ValueError:
        raise refusal from None
    if parts.scheme.lower() not in schemes or not parts.hostname:
        raise refusal
    return address


def identifier(value: object) -> str:
    """A URI of any scheme that a browser does not run: https, urn, doi, mailto and so on."""
    address = text(value, ADDRESS_LIMIT)
    if not address:
        return ""
    match = _SCHEME.fullmatch(address)
    if not match or match[1].lower() in _UNSAFE_SCHEMES:
        raise Refused(N_("Write a full identifier, such as https://example.org/id/12 or urn:isbn:0451450523."))
    return address


def file_address(value: object) -> str:
    """Where a file is: a web or FTP address, or the plain name of an uploaded file."""
    address = text(value, ADDRESS_LIMIT)
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", address)
    if match and match[1].lower() in _UNSAFE_SCHEMES:
        raise Refused(N_("Write a full web address, such as https://example.org/page."))
    return address


def email(value: object) -> str:
    """One e-mail address, without the `mailto:` that catalogues often carry."""
    address = text(value, 320)
    if address.lower().startswith("mailto:"):
        address = address[len("mailto:"):].strip()
    if not address:
        return ""
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise Refused(N_("Write one e-mail address, such as data@example.org."))
    return address


def size(value: object) -> int | None:
    """A number of bytes, or None when nothing was said."""
    written = text(value, 40).replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if not written:
        return None
    if re.fullmatch(r"\d+\.0+", written):
        written = written.partition(".")[0]
    if not re.fullmatch(r"[0-9]+", written) or int(written) > SIZE_LIMIT:
        raise Refused(N_("Write the size in bytes, as a whole number, for example 52000."))
    return int(written)


def geojson(value: object) -> str:
    """A GeoJSON geometry, as compact JSON text."""
    if isinstance(value, str) and not value.strip():
        return ""
    refusal = Refused(N_("Write a GeoJSON geometry, such as {\"type\": \"Point\", \"coordinates\": [-71.2, 46.8]}."))
    if isinstance(value, str):
        try:
            # `parse_constant` meets NaN and Infinity, which PostgreSQL's JSON refuses.
            value = json.loads(text(value), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise (error if isinstance(error, Refused) else refusal) from None
    if not isinstance(value, dict) or str(value.get("type")) not in GEOJSON_TYPES:
        raise refusal
    if not isinstance(value.get("geometries" if value["type"] == "GeometryCollection" else "coordinates"), list):
        raise refusal
    try:
        return text(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    except (TypeError, ValueError, RecursionError) as error:
        raise (error if isinstance(error, Refused) else refusal) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def items(value: object) -> list[Any]:
    """The items of a repeated field, sent as a list, as JSON text of a list, or as one value."""
    if value is None or value == "":
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Refused(N_("This list is broken: write one value on each line.")) from None
    if isinstance(value, str):
        # A form's text area holds one value on each line.
        value = value.splitlines()
    listed = value if isinstance(value, list) else [value]
    if len(listed) > 1_000:
        raise Refused(N_("There are too many values here: %(limit)d at most."), limit=1_000)
    return listed


def chooser(choices: list[dict[str, Any]], open_to_identifiers: bool = False) -> Callable[[object], str]:
    """A rule that gives the value of the choice meant: by itself, its last path segment, a label or one of its `also`."""

    @cache
    def values() -> dict[str, str]:
        # Of two choices with the same name the first is meant.
        return {name: entry["value"] for entry in reversed(choices) for name in _names_of(entry)}

    def choice(value: object) -> str:
        written = text(value, ADDRESS_LIMIT)
        if not written:
            return ""
        meant = values().get(written.casefold())
        if meant is not None:
            return meant
        if not open_to_identifiers:
            raise Refused(N_("“%(value)s” is not in the list. Choose from the list."), value=written[:100])
        try:
            return identifier(written)
        except Refused:
            raise Refused(
                N_("“%(value)s” is not in the list. Choose from the list, or give a full web address."), value=written[:100]
            ) from None

    return choice


def _names_of(entry: dict[str, Any]) -> set[str]:
    value = str(entry["value"])
    label = entry.get("label") or {}
    labels = label.values() if isinstance(label, dict) else [label]
    names = [value, value.rstrip("/").rpartition("/")[2], *labels, *entry.get("also", [])]
    return {str(name).casefold() for name in names}
