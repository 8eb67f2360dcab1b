"""A dataset or an organisation in few words: its title for this reader, its age, its licence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.search.common import SearchError, SolrConnectionError
from flask import g

from ckanext.participation.theme import files

FRESH_PER_ORGANISATION = 2
FRESH_LOOKED_AT = 400


def participation_text_of(thing: Mapping[str, Any] | None, field: str) -> dict[str, str]:
    """`{"text", "lang"}` of `field` in the reader's language; `lang` is empty when it is the page's own."""
    thing = thing or {}
    plain = str(thing.get(field) or thing.get("name") or "") if field == "title" else str(thing.get(field) or "")
    translated = thing.get(f"{field}_translated")
    if "participation_translated" in tk.h and isinstance(translated, Mapping):
        return tk.h.participation_translated(translated, fallback=plain)
    return {"text": plain, "lang": ""}


def participation_organisation_name(name: str, title: str | None = None) -> dict[str, str]:
    """`{"text", "lang"}` of an organisation's title for the reader.

    A dataset carries its organisation's title in the site's default language only, so that readers of another one cost
    a look-up, once per organisation and request.
    """
    reader, default = (str(lang or "en").split("_")[0] for lang in (tk.h.lang(), tk.config["ckan.locale_default"]))
    plain = title or name
    if reader == default or "participation_organisation_titles" not in tk.h:
        return {"text": plain, "lang": ""}
    return participation_text_of({"name": plain, "title_translated": tk.h.participation_organisation_titles(name)}, "title")


def _organisation(organisation: Mapping[str, Any]) -> dict[str, str] | None:
    if not organisation:
        return None
    return {
        **participation_organisation_name(organisation["name"], organisation.get("title")),
        "url": tk.url_for("organization.read", id=organisation["name"]),
    }


def participation_card(pkg: Mapping[str, Any]) -> dict[str, Any]:
    """What a result card shows of a dataset."""
    organisation = pkg.get("organization") or {}
    notes = participation_text_of(pkg, "notes")
    return {
        "title": participation_text_of(pkg, "title"),
        "url": tk.url_for(f"{pkg.get('type') or 'dataset'}.read", id=pkg["name"]),
        "organisation": _organisation(organisation),
        "text": {
            "text": tk.h.markdown_extract(notes["text"], extract_length=220) if notes["text"] else "",
            "lang": notes["lang"],
        },
        "age": participation_age(pkg),
        "formats": files.formats(pkg.get("resources") or []),
        "licence": _licence_title(pkg),
        "openness": tk.h.participation_openness(pkg) if "participation_openness" in tk.h else "",
        "talk": _talk(str(pkg.get("id") or "")),
    }


def participation_know_talk(packages: Iterable[Mapping[str, Any]]) -> None:
    """Learn what is said about all datasets of a list with one statement, before their cards are made."""
    known = _known_talk()
    asked = [str(pkg["id"]) for pkg in packages if pkg.get("id") and pkg["id"] not in known]
    if asked and "participation_dataset_talk" in tk.h:
        found = tk.h.participation_dataset_talk(asked)
        known.update({identifier: found.get(identifier) for identifier in asked})


def _talk(identifier: str) -> dict[str, Any]:
    """Return `{"conversations", "questions", "problems", "rating": {"average", "count"} or None}` of a dataset."""
    if identifier not in _known_talk():
        participation_know_talk([{"id": identifier}])
    counts = _known_talk().get(identifier) or {}
    stars = [counts.get(f"stars_{number}", 0) for number in range(1, 6)]
    ratings = sum(stars)
    average = round(sum(place * number for place, number in enumerate(stars, 1)) / ratings, 1) if ratings else 0
    return {"conversations": counts.get("threads", 0), "questions": counts.get("questions_open", 0),
            "problems": counts.get("problems_open", 0), "rating": {"average": average, "count": ratings} if ratings else None}


def _known_talk() -> dict[str, dict[str, int] | None]:
    if "participation_talk" not in g:
        g.participation_talk = {}
    return g.participation_talk


def participation_age(pkg: Mapping[str, Any]) -> dict[str, str]:
    """`{"what", "when"}`: when the data was updated, else published, else added here.

    The day a description was harvested says nothing about the data, so it never counts as an update.
    """
    files_changed = [
        str(resource[field])
        for resource in pkg.get("resources") or []
        for field in ("modified", "last_modified")
        if resource.get(field)
    ]
    harvested = any(extra.get("key") == "harvest_object_id" for extra in pkg.get("extras") or [])
    for what, when in (
        ("updated", pkg.get("modified") or max(files_changed, default="")),
        ("published", pkg.get("issued")),
        ("updated", "" if harvested else pkg.get("metadata_modified")),
    ):
        if when:
            return {"what": what, "when": str(when)}
    return {"what": "added", "when": str(pkg.get("metadata_created") or "")}


def _licence_title(pkg: Mapping[str, Any]) -> str:
    if "participation_licence_box" in tk.h:
        box = tk.h.participation_licence_box(pkg)
        return str(box.get("name") or box.get("given_name") or "")
    return str(pkg.get("license_title") or pkg.get("license_id") or "")


def participation_fresh_datasets(limit: int = 4) -> list[dict[str, Any]]:
    """Cards of the datasets that were added last, at most two of one organisation: a harvest brings hundreds at once."""
    public = {"q": "*:*", "sort": "metadata_created desc", "facet": "false"}
    search = tk.get_action("package_search")
    try:
        # Two light requests: only ids of many, then the few that are shown.
        lately = search(
            {}, {**public, "rows": FRESH_LOOKED_AT, "fl": ["id", "organization"], "fq": "dataset_type:dataset capacity:public"}
        )
        ids = _spread(lately["results"], limit)
        if not ids:
            return []
        found = search({}, {**public, "rows": limit, "fq": "id:({})".format(" OR ".join(ids))})
    except (SearchError, SolrConnectionError):
        return []
    participation_know_talk(found["results"])
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
