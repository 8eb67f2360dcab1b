"""The page of administrators on licences that nobody recognises, and the form on which they say what one means."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common import web
from ckanext.participation.common.errors import summary_of, words_of
from ckanext.participation.licensing import aliases

__all__ = ["blueprints"]

pages = Blueprint("participation_licence_aliases", __name__, url_prefix="/participation/licences/unrecognised")

Data = dict[str, Any]
ON_PAGE = 20
FORMER = 20


def show() -> str:
    """Show what nobody recognises, the names that were given, and those that were taken back."""
    found = _list("participation_licence_unrecognised_list", limit=ON_PAGE, after=request.args.get("after"))
    given = _list("participation_licence_alias_list", after=request.args.get("names"))
    former = _list("participation_licence_alias_list", state="former", limit=FORMER)
    return tk.render("participation/licensing/unrecognised.html", {
        "found": found, "given": given, "former": former["results"], "title_of": aliases.title,
        "further": bool(request.args.get("after") or request.args.get("names"))})


def name() -> str:
    """Show the form in which a name gets its licence."""
    return _form([])


def send() -> Response:
    """Add a name, or show the form again with everything that was typed."""
    try:
        made = tk.get_action("participation_licence_alias_create")({}, {
            field: request.form.get(field) for field in ("text", "licence", "note")})
    except tk.ValidationError as error:
        return make_response(_form(summary_of(error)), 409)
    except tk.NotAuthorized as error:
        return make_response(_form(summary_of({"text": str(error)})), 403)
    tk.h.flash_success(_said(made))
    return redirect(tk.url_for("participation_licence_aliases.show", _anchor="names"))


def take_back() -> Response:
    """Take a name back."""
    try:
        done = tk.get_action("participation_licence_alias_delete")({}, {"id": request.form.get("id")})
    except tk.ValidationError as error:
        return tk.abort(400, words_of(error))
    except tk.NotAuthorized as error:
        return tk.abort(403, str(error))
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    tk.h.flash_success(tk._(
        "“{name}” is taken back. Every page knows by {moment}, the search a few minutes later; a harvested dataset follows with the "
        "next run of its source.").format(name=done["text"][:100], moment=_moment(done["everywhere_at"])))
    return redirect(tk.url_for("participation_licence_aliases.show", _anchor="names"))


def _said(made: Data) -> str:
    """Say how many datasets a new name recognises, and from when."""
    saved = tk._("Saved: “{name}” means “{licence}”. Every page knows by {moment}, the search a few minutes later; a harvested dataset "
                 "gets the licence with the next run of its source.").format(
        name=made["text"][:100], licence=aliases.title(made["licence"]), moment=_moment(made["everywhere_at"]))
    counted = made["recognises_at_once"]
    if counted["counted_at"] is None:
        return saved + " " + tk._("How many datasets it recognises is not known yet: nothing was counted so far.")
    if not counted["datasets"] and not counted["files"]:
        return saved + " " + tk._("By itself it recognises nothing that the last count found.")
    return saved + " " + tk._("Datasets that it recognises: {datasets}. Files: {files}. (Counted: {moment}.)").format(
        datasets=tk.h.localised_number(counted["datasets"]), files=tk.h.localised_number(counted["files"]),
        moment=_moment(counted["counted_at"]))


def _moment(iso: str) -> str:
    return tk.h.participation_time(iso).text


def _form(errors: list[Data]) -> str:
    try:
        tk.check_access("participation_licence_alias_create", {"user": tk.current_user.name}, {})
    except tk.NotAuthorized as error:
        if request.method != "POST":
            tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))
        # Whose session ended meanwhile keeps what was typed.
    could = request.values.getlist("could")[:20]
    typed = {field: request.values.get(field, "") for field in ("text", "licence", "note")}
    return tk.render("participation/licensing/name_licence.html", {
        "errors": errors, "typed": typed, "could": could, "choices": aliases.choices(could), })


def _list(action: str, **asked: Any) -> Data:
    try:
        return tk.get_action(action)({}, {name: value for name, value in asked.items() if value is not None})
    except tk.ValidationError as error:
        return tk.abort(400, words_of(error))
    except tk.NotAuthorized as error:
        return tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))


def _refused(message: str) -> str:
    return _form(summary_of({"text": message}))


pages.add_url_rule("", "show", show)
pages.add_url_rule("/name", "name", name)
pages.add_url_rule("/name", "send", send, methods=["POST"])
pages.add_url_rule("/take-back", "take_back", take_back, methods=["POST"])

web.keeps_text("participation_licence_aliases.send", _refused)

blueprints = [pages]
