"""The page in the place of a dataset that a harvest removed: 410, what it was, and what was said about it.

CKAN's own pages answer first, so a dataset that is there costs nothing more; only where they say that there is nothing, it is asked
whether a harvest removed it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import CKANApp
from flask import Response, make_response
from werkzeug.exceptions import Forbidden, NotFound

__all__ = ["blueprints", "install"]

# Pages of CKAN and ckanext-dcat about one dataset or file, and the part of their address that is the dataset.
PAGES = {"dataset.read": "id", "dataset_resource.read": "id", "dataset_resource.download": "id", "dcat.read_dataset": "_id"}

blueprints: list[Any] = []

View = Callable[..., Any]


def install(app: CKANApp) -> CKANApp:
    """Let the pages of datasets say so when a harvest removed theirs."""
    for endpoint, part in PAGES.items():
        view = app.view_functions.get(endpoint)
        if view is not None:
            app.view_functions[endpoint] = _or_gone(view, part)
    return app


def _or_gone(view: View, part: str) -> View:
    @functools.wraps(view)
    def answer(*args: Any, **parts: Any) -> Any:
        try:
            reply = view(*args, **parts)
        except (NotFound, Forbidden):
            page = _gone(parts.get(part))
            if page is None:
                raise
            return page
        # With this setting CKAN asks whoever is not signed in to do so, instead of saying that there is nothing.
        if tk.config["ckan.auth.reveal_private_datasets"] and not tk.current_user.is_authenticated and _leads_away(reply):
            return _gone(parts.get(part)) or reply
        return reply

    return answer


def _leads_away(reply: Any) -> bool:
    return getattr(reply, "status_code", 200) == 302


def _gone(ref: Any) -> Response | None:
    try:
        dataset = tk.get_action("participation_removed_dataset_show")({}, {"id": ref})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return None
    # Words alone: what else stands in a title could mean something to the search.
    words = " ".join(re.findall(r"\w+", dataset["title"]))
    return make_response(tk.render("participation/harvesting/removed.html", {"dataset": dataset, "words": words}), 410)
