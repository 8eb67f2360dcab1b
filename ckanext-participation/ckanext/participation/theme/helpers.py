"""What the theme's templates ask.

Other rooms' helpers are asked by name and may be missing: a site can leave their plugin out.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search.common import SearchError, SolrConnectionError
from flask import g, request

from ckanext.participation.theme import files
from ckanext.participation.theme.cards import (
    participation_age,
    participation_card,
    participation_fresh_datasets,
    participation_know_talk,
    participation_organisation_name,
    participation_text_of,
)
from ckanext.participation.theme.file_table import participation_files
from ckanext.participation.theme.listing import participation_chosen_filters, participation_filters, participation_pages

__all__ = [
    "participation_age",
    "participation_card",
    "participation_chosen_filters",
    "participation_files",
    "participation_filters",
    "participation_fresh_datasets",
    "participation_know_talk",
    "participation_locales",
    "participation_organisation_name",
    "participation_pages",
    "participation_place",
    "participation_reset_assets",
    "participation_safe_address",
    "participation_site_counts",
    "participation_text_of",
]


def participation_reset_assets() -> None:
    """Forget which styles and scripts were printed: an error page comes after a page that printed them and was thrown away."""
    g.pop("_webassets", None)


def participation_safe_address(url: Any) -> str:
    """The address when a browser may follow it, else an empty text."""
    return files.safe_address(url)


def participation_place() -> str:
    """Which part of the site the reader is in, by its address: an extension may take over the endpoint of `/` or `/dataset/…`."""
    first, _slash, rest = request.path.strip("/").partition("/")
    places = {
        "": "home",
        "about": "about",
        "dataset": "dataset" if rest else "search",
        "organization": "organisation" if rest else "organisations",
    }
    if first == "participation":
        return "conversations" if rest == "conversations" else ""
    if first == "user":
        return {"login": "sign-in", "_logout": "sign-in", "register": "register"}.get(rest, "user")
    return places.get(first, "")


def participation_locales() -> list[dict[str, Any]]:
    """The page at hand in each language offered: `{"code", "name", "url", "current"}`."""
    current = tk.h.lang()
    here = tk.h.current_url()
    return [
        {
            "code": locale.short_name,
            "name": (locale.display_name or locale.english_name or locale.short_name).capitalize(),
            "url": tk.h.url_for(here, locale=locale.short_name),
            "current": locale.short_name == current,
        }
        for locale in tk.h.get_available_locales()
    ]


def participation_site_counts() -> dict[str, int]:
    """How many public datasets and organisations there are; asked once per request."""
    if "participation_site_counts" not in g:
        g.participation_site_counts = _site_counts()
    return g.participation_site_counts


def _site_counts() -> dict[str, int]:
    counts = {"organisations": len(tk.get_action("organization_list")({}, {}))}
    try:
        found = tk.get_action("package_search")(
            {}, {"q": "*:*", "rows": 0, "facet": "false", "fq": "dataset_type:dataset capacity:public"}
        )
        counts["datasets"] = found["count"]
    except (SearchError, SolrConnectionError):
        counts["datasets"] = 0
    return counts
