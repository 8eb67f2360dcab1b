"""The page on which people search what was said."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import summary_of
from ckanext.participation.search import asking, schema, server
from ckanext.participation.search.fields import LANGUAGES

__all__ = ["blueprints"]

FIELDS = ("q", "kind", "state", "lang", "organization", "subject_type", "subject_id", "sort", "start")

search = Blueprint("participation_search", __name__, url_prefix="/participation")


def show() -> Response:
    """Show the form, and what was found."""
    wanted = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    page: dict[str, Any] | None = None
    errors: list[dict[str, str]] = []
    status = 200
    if not server.is_set_up():
        tk.abort(404, tk._("This catalogue has no search of conversations."))
    about = _about(wanted)
    if wanted.get("q"):
        try:
            page = tk.get_action("participation_discussion_search")({}, dict(wanted))
        except tk.ValidationError as error:
            errors = summary_of(error)
            status = 503 if "search" in error.error_dict else 400
        except (tk.NotAuthorized, tk.ObjectNotFound):
            tk.abort(404, tk._("There is no such organisation or dataset, or you may not see it."))
    shown = tk.render("participation/search/show.html", {
        "wanted": wanted, "page": page, "errors": errors, "about": about, "away": status == 503, "kinds": schema.kinds(),
        "states": schema.states(), "langs": LANGUAGES, "sorts": asking.SORTS})
    return make_response(shown, status)


def _about(wanted: dict[str, str]) -> dict[str, Any] | None:
    """Return what the search is limited to, with its title."""
    if not wanted.get("subject_id"):
        return None
    try:
        return tk.h.participation_subject(wanted.get("subject_type") or "dataset", wanted["subject_id"])
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        tk.abort(404, tk._("There is no such organisation or dataset, or you may not see it."))


search.add_url_rule("/search", "show", show)

blueprints = [search]
