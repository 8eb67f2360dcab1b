"""What the theme's templates ask. Other rooms' helpers are asked by name and may be missing: a site can leave their plugin out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search import SearchError
from flask import g, request

from ckanext.participation.theme import files, moments, paging

__all__ = [
    "participation_age",
    "participation_card",
    "participation_chosen_filters",
    "participation_files",
    "participation_filters",
    "participation_fresh_datasets",
    "participation_locales",
    "participation_organisation_name",
    "participation_pages",
    "participation_place",
    "participation_reset_assets",
    "participation_safe_address",
    "participation_site_counts",
    "participation_text_of",
    "participation_time",
]

_NOT_ASKED = ("include_users", "include_groups", "include_tags", "include_dataset_count", "include_followers", "include_datasets")
FILES_SHOWN = 10
FRESH_PER_ORGANISATION = 2
FRESH_LOOKED_AT = 400


def participation_time(value: Any, hours: bool = True) -> moments.Moment:
    """A moment for the reader: `.iso`, `.text` and `.ago`. `value` is a datetime or ISO text, UTC unless it says otherwise."""
    return moments.moment(value, tk.h.lang() or "en", tk.h.get_display_timezone(), hours=hours, now=dt.datetime.now(dt.UTC))


def participation_text_of(thing: Mapping[str, Any] | None, field: str) -> dict[str, str]:
    """`{"text", "lang"}` of `field` in the reader's language; `lang` is empty when it is the page's own."""
    thing = thing or {}
    plain = str(thing.get(field) or thing.get("name") or "") if field == "title" else str(thing.get(field) or "")
    translated = thing.get(f"{field}_translated")
    if "participation_translated" in tk.h and isinstance(translated, Mapping):
        return tk.h.participation_translated(translated, fallback=plain)
    return {"text": plain, "lang": ""}


def participation_reset_assets() -> None:
    """Forget which styles and scripts were printed: an error page comes after a page that printed them and was thrown away."""
    g.pop("_webassets", None)


def participation_safe_address(url: Any) -> str:
    """The address when a browser may follow it, else an empty text."""
    return files.safe_address(url)


def participation_card(pkg: Mapping[str, Any]) -> dict[str, Any]:
    """What a result card shows of a dataset."""
    organisation = pkg.get("organization") or {}
    notes = participation_text_of(pkg, "notes")
    talks = pkg.get("participation_threads") or 0
    if "participation_thread_count" in tk.h:
        talks = tk.h.participation_thread_count("dataset", pkg.get("id")) or 0
    return {
        "title": participation_text_of(pkg, "title"),
        "url": tk.url_for(f"{pkg.get('type') or 'dataset'}.read", id=pkg["name"]),
        "organisation": _organisation(organisation),
        "text": {"text": tk.h.markdown_extract(notes["text"], extract_length=220) if notes["text"] else "", "lang": notes["lang"]},
        "age": participation_age(pkg),
        "formats": files.formats(pkg.get("resources") or []),
        "licence": _licence_title(pkg),
        "openness": tk.h.participation_openness(pkg) if "participation_openness" in tk.h else "",
        "talks": talks,
    }


def participation_age(pkg: Mapping[str, Any]) -> dict[str, str]:
    """`{"what", "when"}`: when the data was updated, else published, else added here.

    The day a description was harvested says nothing about the data, so it never counts as an update.
    """
    files_changed = [str(resource[field]) for resource in pkg.get("resources") or [] for field in ("modified", "last_modified") if resource.get(field)]
    harvested = any(extra.get("key") == "harvest_object_id" for extra in pkg.get("extras") or [])
    for what, when in (("updated", pkg.get("modified") or max(files_changed, default="")), ("published", pkg.get("issued")),
                       ("updated", "" if harvested else pkg.get("metadata_modified"))):
        if when:
            return {"what": what, "when": str(when)}
    return {"what": "added", "when": str(pkg.get("metadata_created") or "")}


def _organisation(organisation: Mapping[str, Any]) -> dict[str, str] | None:
    if not organisation:
        return None
    return {**participation_organisation_name(organisation["name"], organisation.get("title")),
            "url": tk.url_for("organization.read", id=organisation["name"])}


def participation_organisation_name(name: str, title: str | None = None) -> dict[str, str]:
    """`{"text", "lang"}` of an organisation's title for the reader.

    A dataset carries its organisation's title in the site's default language only, so that readers of another one cost
    a look-up, once per organisation and request.
    """
    reader, default = (str(lang or "en").split("_")[0] for lang in (tk.h.lang(), tk.config["ckan.locale_default"]))
    plain = {"text": title or name, "lang": ""}
    if reader == default:
        return plain
    if "participation_organisations" not in g:
        g.participation_organisations = {}
    known = g.participation_organisations
    if name not in known:
        try:
            found = tk.get_action("organization_show")({}, {"id": name, **dict.fromkeys(_NOT_ASKED, False)})
        except (tk.ObjectNotFound, tk.NotAuthorized):
            found = {}
        known[name] = participation_text_of(found, "title") if found else plain
    return known[name]


def _licence_title(pkg: Mapping[str, Any]) -> str:
    if "participation_licence_box" in tk.h:
        box = tk.h.participation_licence_box(pkg)
        return str(box.get("name") or box.get("given_name") or "")
    return str(pkg.get("license_title") or pkg.get("license_id") or "")


def participation_files(pkg: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of the files table: `rows`, `total` and `all_url` (None when all are shown)."""
    resources = pkg.get("resources") or []
    everything = request.args.get("files") == "all"
    shown = resources if everything else resources[:FILES_SHOWN]
    path = tk.url_for(f"{pkg.get('type') or 'dataset'}.read", id=pkg["name"])
    rows = [_file_row(pkg, resource) for resource in shown]
    return {"rows": rows, "total": len(resources),
            "sizes": any(row["size"] for row in rows), "languages": any(row["languages"] for row in rows),
            "dates": any(row["updated"] for row in rows),
            "all_url": None if len(shown) == len(resources) else f"{path}?files=all#files"}


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
        "size": tk.h.participation_size_text(resource["size"]) if resource.get("size") and "participation_size_text" in tk.h else "",
        "languages": [_language_name(code) for code in _codes(resource.get("language"))],
        "updated": resource.get("modified") or resource.get("last_modified"),
    }


def _codes(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else str(value or "").split(",")
    return [code.strip() for code in listed if isinstance(code, str) and code.strip()]


def _language_name(code: str) -> str:
    """The language of a code, a locale or an authority's address, in the reader's language."""
    short = code.rstrip("/").rsplit("/", 1)[-1].lower()
    base = {"eng": "en", "fra": "fr", "fre": "fr"}.get(short, short.split("-")[0].split("_")[0])
    if "participation_language_name" in tk.h:
        return tk.h.participation_language_name(base)
    return base


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
        group: dict[str, Any] = {"name": name, "title": title, "items": rows,
                                 "open": len(groups) < 3 or any(row["active"] for row in rows)}
        if len(rows) < len(items):
            more = [*[(key, value) for key, value in params if key != "page"], (f"_{name}_limit", "0")]
            group["more"] = {"url": paging.address(path, more),
                             "label": tk._("Show all {number}").format(number=tk.h.localised_number(len(items)))}
        groups.append(group)
    return groups


def _facet_label(name: str, item: Mapping[str, Any]) -> str:
    value = str(item["name"])
    if name == "participation_licence" and "participation_licence_title" in tk.h:
        return tk.h.participation_licence_title(value)
    if name == "participation_openness":
        return {"open": tk._("Open"), "not-open": tk._("Not open"), "unknown": tk._("Not known")}.get(value, value)
    if name == "participation_language":
        return _language_name(value)
    label = str(item.get("display_name") or item.get("label") or value)
    return participation_organisation_name(value, label)["text"] if name == "organization" else label


def participation_chosen_filters(fields: list[tuple[str, str]], search_facets: Mapping[str, Any]) -> list[dict[str, str]]:
    """The filters in force, each with the address of the page without it."""
    params = list(request.args.items(multi=True))
    path = tk.h.url_for(request.path)
    wanted = set(fields)
    labels = {(name, str(item["name"])): _facet_label(name, item)
              for name, facet in search_facets.items() for item in facet.get("items", []) if (name, str(item["name"])) in wanted}
    return paging.chosen(fields, labels, path, params)


def participation_pages(page: Any) -> dict[str, Any]:
    """What the pager component needs, from CKAN's `Page`."""
    path = tk.h.url_for(request.path)
    return paging.pages(page.page, page.last_page, path, list(request.args.items(multi=True)))


def participation_place() -> str:
    """Which part of the site the reader is in, by its address: the endpoint differs where an extension takes over `/` or `/dataset/…`."""
    first, _slash, rest = request.path.strip("/").partition("/")
    places = {"": "home", "about": "about", "dataset": "dataset" if rest else "search",
              "organization": "organisation" if rest else "organisations"}
    if first == "user":
        return {"login": "sign-in", "_logout": "sign-in", "register": "register"}.get(rest, "user")
    return places.get(first, "")


def participation_locales() -> list[dict[str, Any]]:
    """The page at hand in each language offered: `{"code", "name", "url", "current"}`."""
    current = tk.h.lang()
    here = tk.h.current_url()
    return [{"code": locale.short_name, "name": (locale.display_name or locale.english_name or locale.short_name).capitalize(),
             "url": tk.h.url_for(here, locale=locale.short_name), "current": locale.short_name == current}
            for locale in tk.h.get_available_locales()]


def participation_site_counts() -> dict[str, int]:
    """How many public datasets and organisations there are; asked once per request."""
    if "participation_site_counts" not in g:
        g.participation_site_counts = _site_counts()
    return g.participation_site_counts


def _site_counts() -> dict[str, int]:
    counts = {"organisations": len(tk.get_action("organization_list")({}, {}))}
    try:
        found = tk.get_action("package_search")({}, {"q": "*:*", "rows": 0, "facet": "false", "fq": "dataset_type:dataset capacity:public"})
        counts["datasets"] = found["count"]
    except SearchError:
        counts["datasets"] = 0
    return counts


def participation_fresh_datasets(limit: int = 4) -> list[dict[str, Any]]:
    """Cards of the datasets that were added last, at most two of one organisation: a harvest brings hundreds at once."""
    public = {"q": "*:*", "sort": "metadata_created desc", "facet": "false"}
    search = tk.get_action("package_search")
    try:
        # Two light requests: only ids of many, then the few that are shown.
        lately = search({}, {**public, "rows": FRESH_LOOKED_AT, "fl": ["id", "organization"], "fq": "dataset_type:dataset capacity:public"})
        ids = _spread(lately["results"], limit)
        if not ids:
            return []
        found = search({}, {**public, "rows": limit, "fq": "id:({})".format(" OR ".join(ids))})
    except SearchError:
        return []
    return [participation_card(pkg) for pkg in found["results"]]


def _spread(rows: list[dict[str, Any]], limit: int) -> list[str]:
    seen: Counter[str] = Counter()
    ids = []
    for row in rows:
        owner = str(row.get("organization") or "")
        seen[owner] += 1
        if seen[owner] <= FRESH_PER_ORGANISATION:
            ids.append(str(row["id"]))
    return ids[:limit]
