"""Adding a harvest source in three steps: the address, a look at what it would bring, and the source itself."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import summary_of
from ckanext.participation.harvesting import frequencies, timetable
from ckanext.participation.harvesting.rules import flaws_of

__all__ = ["blueprints"]

sources = Blueprint("participation_harvest", __name__, url_prefix="/participation/harvest")

Data = dict[str, Any]


def new() -> str:
    """Ask for the address."""
    return _form({"url": request.args.get("url", ""), "owner_org": request.args.get("organization", "")}, [])


def look() -> Response:
    """Have the first records read."""
    given = {name: request.form.get(name, "") for name in ("url", "owner_org", "source_type", "config")}
    try:
        made = tk.get_action("participation_harvest_preview_create")({}, dict(given))
    except tk.ValidationError as error:
        return make_response(_form(given, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    return redirect(tk.url_for("participation_harvest.preview", preview_id=made["id"]))


def preview(preview_id: str) -> Response:
    """Show what was read so far; only the part that changes when the page asks for it again by itself."""
    found = _preview(preview_id)
    if "HX-Request" in request.headers and found["state"] in ("waiting", "reading"):
        return make_response(tk.render("participation/harvesting/snippets/progress.html", {"preview": found}))
    if "HX-Request" in request.headers:
        # All of the page is another one now.
        return make_response("", 200, {"HX-Refresh": "true"})
    return make_response(_shown(found, {}, []))


def add(preview_id: str) -> Response:
    """Add the source that was looked at."""
    found = _preview(preview_id)
    given = {name: request.form.get(name, "").strip() for name in ("title", "frequency")}
    if found["state"] != "done":
        return redirect(tk.url_for("participation_harvest.preview", preview_id=preview_id))
    try:
        made = tk.get_action("participation_harvest_preview_accept")({}, {"id": preview_id, **given})
    except tk.ValidationError as error:
        return make_response(_shown(found, given, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    tk.h.flash_success(tk._("The source is added, and its first harvest is asked for. You see below how it goes."))
    return redirect(tk.url_for("participation_harvest_sources.show", source=made["name"]))


def _preview(preview_id: str) -> Data:
    try:
        return tk.get_action("participation_harvest_preview_show")({}, {"id": preview_id})
    except (tk.NotAuthorized, tk.ValidationError, tk.ObjectNotFound):
        return tk.abort(404, tk._("There is no such preview of yours. Previews are kept for an hour; sign in with the account that asked."))


def _form(given: Data, errors: list[Data]) -> str:
    """The form for the address, to those who may publish for some organisation."""
    try:
        mine = tk.get_action("organization_list_for_user")({}, {"permission": "create_dataset"})
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    if not tk.current_user.is_authenticated:
        return tk.abort(401, tk._("Sign in first."))
    choices = [{"value": row["name"], "text": _title(row)} for row in mine]
    return tk.render("participation/harvesting/new.html", {"given": given, "errors": errors, "organizations": choices})


def _title(organization: Data) -> str:
    title = organization.get("title") or organization["name"]
    if "participation_organisation_name" in tk.h:
        return tk.h.participation_organisation_name(organization["name"], title)["text"]
    return title


def _shown(found: Data, given: Data, errors: list[Data]) -> str:
    words = frequencies.words()
    return tk.render("participation/harvesting/preview.html", {
        "preview": found, "given": given, "errors": errors, "summary": flaws_of(found["sample"]),
        "frequencies": [{"value": name, "text": words[name]} for name in timetable.OFFERED]})


sources.add_url_rule("/new", "new", new)
sources.add_url_rule("/new", "look", look, methods=["POST"])
sources.add_url_rule("/preview/<preview_id>", "preview", preview)
sources.add_url_rule("/preview/<preview_id>", "add", add, methods=["POST"])

blueprints = [sources]
