"""What stands around a list of results: filters with counts, filters in force, page numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request

from ckanext.participation.theme import paging
from ckanext.participation.theme.cards import participation_organisation_name
from ckanext.participation.theme.file_table import language_name


def participation_filters(facet_titles: Mapping[str, str], search_facets: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups of the filter list on the page at hand, with counts and links."""
    params = list(request.args.items(multi=True))
    path = tk.h.url_for(request.path)
    default = tk.config.get("search.facets.default") or 10
    groups = []
    for name, title in facet_titles.items():
        items = [item for item in (search_facets.get(name) or {}).get("items", []) if str(item["name"]).strip()]
        everything = (f"_{name}_limit", "0") in params
        rows = paging.facet_items(name, items, path, params, None if everything else default)
        for row in rows:
            row["label"] = _facet_label(name, row)
        # One value that every result has can't narrow anything.
        if not rows or (len(rows) == 1 and not rows[0]["active"] and name == "participation_openness"):
            continue
        group: dict[str, Any] = {
            "name": name,
            "title": title,
            "items": rows,
            "open": len(groups) < 3 or any(row["active"] for row in rows),
        }
        if len(rows) < len(items):
            more = [*[(key, value) for key, value in params if key != "page"], (f"_{name}_limit", "0")]
            group["more"] = {
                "url": paging.address(path, more),
                "label": tk._("Show all {number}").format(number=tk.h.localised_number(len(items))),
            }
        groups.append(group)
    return groups


def _facet_label(name: str, item: Mapping[str, Any]) -> str:
    value = str(item["name"])
    if name == "participation_licence" and "participation_licence_title" in tk.h:
        return tk.h.participation_licence_title(value)
    if name == "participation_openness":
        words = {"open": tk._("Open licence"), "not-open": tk._("Not an open licence"), "unknown": tk._("Openness not known")}
        return words.get(value, value)
    if name == "participation_language":
        return language_name(value)
    if name == "participation_talk":
        words = {"conversation": tk._("Has conversations"), "open-question": tk._("Has open questions"),
                 "answered": tk._("Has answered questions"), "problem": tk._("Has problem reports")}
        return words.get(value, value)
    label = str(item.get("display_name") or item.get("label") or value)
    return participation_organisation_name(value, label)["text"] if name == "organization" else label


def participation_chosen_filters(fields: list[tuple[str, str]], search_facets: Mapping[str, Any]) -> list[dict[str, str]]:
    """The filters in force, each with the address of the page without it."""
    params = list(request.args.items(multi=True))
    path = tk.h.url_for(request.path)
    wanted = set(fields)
    labels = {
        (name, str(item["name"])): _facet_label(name, item)
        for name, facet in search_facets.items()
        for item in facet.get("items", [])
        if (name, str(item["name"])) in wanted
    }
    return paging.chosen(fields, labels, path, params)


def participation_pages(page: Any) -> dict[str, Any]:
    """What the pager component needs, from CKAN's `Page`."""
    path = tk.h.url_for(request.path)
    return paging.pages(page.page, page.last_page, path, list(request.args.items(multi=True)))
