"""The files of a dataset as rows of a table: what each is called, how big it is, and whether one downloads or opens it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

# What opens in a browser or is asked by a programme, rather than saved as a file.
_OPENED = frozenset(
    {
        "API",
        "ARCGIS GEOSERVICES REST API",
        "ATOM",
        "DOI",
        "ESRI REST",
        "GEOSERVICE",
        "HTML",
        "HTM",
        "LINK",
        "OGC API",
        "OGC WFS",
        "OGC WMS",
        "ODATA",
        "REST",
        "RSS",
        "SERVICE",
        "SPARQL",
        "WEB",
        "WEBSITE",
        "WCS",
        "WFS",
        "WMS",
        "WMTS",
        "WWW",
    }
)
_SCHEMES = frozenset({"http", "https", "ftp", "ftps"})


def safe_address(url: object) -> str:
    """Return `url` when a browser may follow it, else an empty text: harvested addresses can be anything."""
    written = str(url or "").strip()
    try:
        parts = urlsplit(written)
    except ValueError:
        return ""
    return written if parts.scheme.lower() in _SCHEMES and parts.netloc else ""


def file_format(resource: Mapping[str, Any]) -> str:
    """Return a short name of the format: `CSV`, not `text/csv` or `.csv`."""
    written = str(resource.get("format") or resource.get("mimetype") or "").strip().split(";")[0]
    name = written.rstrip("/").rsplit("/", 1)[-1].lstrip(".")
    for prefix in ("vnd.openxmlformats-officedocument.spreadsheetml.", "x-"):
        name = name.removeprefix(prefix)
    name = {
        "sheet": "XLSX",
        "vnd.ms-excel": "XLS",
        "geo+json": "GeoJSON",
        "ld+json": "JSON-LD",
        "octet-stream": "",
        "vnd.google-earth.kml+xml": "KML",
    }.get(name.lower(), name)
    return name.upper() if name.islower() else name


def opens(resource: Mapping[str, Any]) -> bool:
    """Say whether the address leads to a page or a service rather than to a file."""
    return file_format(resource).upper() in _OPENED or resource.get("resource_type") in {"service", "api", "listing"}


def formats(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the formats of a dataset, each once, in their order."""
    return list(dict.fromkeys(name for resource in resources if (name := file_format(resource))))


def base_name(url: object) -> str:
    """Return the last part of an address, for a file without a name."""
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return ""
    return parts.path.rstrip("/").rsplit("/", 1)[-1] or parts.netloc
