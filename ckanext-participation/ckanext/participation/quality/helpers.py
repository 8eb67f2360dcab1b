"""What the page of a dataset says of how open it is."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.quality import opening, words

__all__ = ["participation_opening"]


def participation_opening(pkg: dict[str, Any]) -> dict[str, Any]:
    """Return `{"stars": 0 to 4, or None where nobody can tell, "why": a sentence, "step": what would make it better or "", "url"}`.

    `url` is where that is done: the form, or the page of the source that a harvested dataset comes from.
    """
    found = opening.of(pkg)
    step, url = words.opener(found.reason), ""
    source = next((extra["value"] for extra in pkg.get("extras") or [] if extra.get("key") == "harvest_source_id"), "")
    if step and source:
        step = tk._("This is mended at the source")
        url = tk.url_for("participation_harvest_sources.show", source=source) if tk.h.plugin_loaded("participation_harvest") else ""
    elif step and found.reason.endswith(("licence", "open")):
        url = tk.url_for(f"{pkg.get('type') or 'dataset'}.edit", id=pkg["name"]) + "#field-license_id"
    elif step:
        url = tk.url_for(f"{pkg.get('type') or 'dataset'}_resource.new", id=pkg["name"])
    return {"stars": found.stars, "why": words.openness(found), "step": step if url else "", "url": url}
