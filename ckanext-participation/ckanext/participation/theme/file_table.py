"""The table of a dataset's files, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request

from ckanext.participation.theme import files
from ckanext.participation.theme.cards import participation_text_of

FILES_SHOWN = 10


def participation_files(pkg: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of the files table: `rows`, `total` and `all_url` (None when all are shown)."""
    resources = pkg.get("resources") or []
    everything = request.args.get("files") == "all"
    shown = resources if everything else resources[:FILES_SHOWN]
    path = tk.url_for(f"{pkg.get('type') or 'dataset'}.read", id=pkg["name"])
    rows = [_file_row(pkg, resource) for resource in shown]
    return {
        "rows": rows,
        "total": len(resources),
        "sizes": any(row["size"] for row in rows),
        "languages": any(row["languages"] for row in rows),
        "dates": any(row["updated"] for row in rows),
        "all_url": None if len(shown) == len(resources) else f"{path}?files=all#files",
    }


def _file_row(pkg: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    name = participation_text_of(resource, "name")
    if not name["text"]:
        name = {"text": files.base_name(resource.get("url")) or tk._("File without a name"), "lang": ""}
    return {
        "name": name,
        "page_url": tk.url_for(f"{pkg.get('type') or 'dataset'}_resource.read", id=pkg["name"], resource_id=resource["id"]),
        "url": files.safe_address(resource.get("download_url")) or files.safe_address(resource.get("url")),
        "format": files.file_format(resource),
        "opens": files.opens(resource),
        "size": tk.h.participation_size_text(resource["size"])
        if resource.get("size") and "participation_size_text" in tk.h
        else "",
        "languages": [language_name(code) for code in _codes(resource.get("language"))],
        "updated": resource.get("modified") or resource.get("last_modified"),
    }


def _codes(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else str(value or "").split(",")
    return [code.strip() for code in listed if isinstance(code, str) and code.strip()]


def language_name(code: str) -> str:
    """The language of a code, a locale or an authority's address, in the reader's language."""
    short = code.rstrip("/").rsplit("/", 1)[-1].lower()
    base = {"eng": "en", "fra": "fr", "fre": "fr"}.get(short, short.split("-")[0].split("_")[0])
    if "participationlanguage_name" in tk.h:
        return tk.h.participationlanguage_name(base)
    return base
