"""The short name of a file's format, from whatever a catalogue says about it. Pure; raises on no input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from ckanext.participation.harvesting.values import text

# Formats that say nothing about the file.
_VAGUE = frozenset(
    {"other", "autre", "data", "file", "fichier", "unknown", "n/a", "none", "misc", "download", "binary", "bin", "octet-stream"}
)
_SPELLINGS = {
    "jpg": "JPEG",
    "tif": "TIFF",
    "htm": "HTML",
    "web page": "HTML",
    "webpage": "HTML",
    "website": "HTML",
    "page web": "HTML",
    "text": "TXT",
    "plain": "TXT",
    "word": "DOCX",
    "shapefile": "SHP",
    "shape": "SHP",
    "esri shapefile": "SHP",
    "netcdf": "NetCDF",
    "geojson": "GeoJSON",
    "pdf/a-1": "PDF",
    "pdf/a": "PDF",
    "ms excel": "XLS",
    "microsoft excel": "XLS",
    "spreadsheet": "XLSX",
    "comma separated values": "CSV",
    "api": "API",
    "rest": "API",
    "gzip": "GZ",
    "application/vnd.api+json": "JSON",
    "application/ld+json": "JSON-LD",
    "text/turtle": "TTL",
    "application/csv": "CSV",
    "application/x-netcdf": "NetCDF",
    "application/x-zip-compressed": "ZIP",
    "application/x-shapefile": "SHP",
    "text/javascript": "JSON",
    "application/javascript": "JS",
    "application/octet-stream": "",
}
_EXCEL = frozenset({"XLS", "XLSX"})


def file_format(stated: object, media_type: object, address: object, known: Mapping[str, str]) -> str:
    """The short name of a file's format. `known` has the site's names by every spelling in small letters.

    The stated format counts, unless it says nothing (`other`) or less than the media type (`Excel`); the address' ending
    comes last.
    """
    named = _named_format(text(stated), known)
    by_type = _named_format(text(media_type).rpartition("media-types/")[2].partition(";")[0].strip(), known, loose=False)
    if named in _EXCEL and by_type in _EXCEL:
        return by_type
    return named or by_type or _ending(text(address), known)


def _named_format(written: str, known: Mapping[str, str], loose: bool = True) -> str:
    plain = written.lower().strip().lstrip(".")
    if "/file-type/" in plain or plain.startswith(("http://", "https://")):
        plain = plain.rstrip("/").rpartition("/" if "media-types/" not in plain else "media-types/")[2]
    if not plain or plain in _VAGUE:
        return ""
    if plain in _SPELLINGS:
        return _SPELLINGS[plain]
    if plain in known:
        return known[plain]
    for part in re.findall(r"[a-z0-9]+", plain):
        if loose and part in known and len(part) > 2:
            return known[part]
    return written[:100] if loose and "/" not in plain else ""


def _ending(address: str, known: Mapping[str, str]) -> str:
    try:
        name = unquote(urlsplit(address).path).rpartition("/")[2].lower()
    except ValueError:
        return ""
    ending = name.rpartition(".")[2] if "." in name else ""
    return _SPELLINGS.get(ending) or known.get(ending, "")


def media_type(value: object) -> str:
    """`text/csv` from itself, from an IANA address, or nothing."""
    written = text(value).rpartition("media-types/")[2].partition(";")[0].strip().lower()
    return written if re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+_-]+", written) else ""
