"""The pages of licence changes: a dataset's history, what waits for an organisation's word, and the form for that word."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common import web
from ckanext.participation.common.errors import summary_of, words_of
from ckanext.participation.licences.register.licence import language

__all__ = ["blueprints"]

pages = Blueprint("participation_licence_changes", __name__, url_prefix="/participation")

Data = dict[str, Any]
Errors = list[Data]


def history(ref: str) -> str:
    """Show how the licences of a dataset and of its files changed."""
    page = _list({"id": ref, "after": request.args.get("after")})
    return tk.render("participation/licensing/history.html", {
        "page": page, "dataset": page["dataset"], "lang": language(tk.h.lang()), "staff": _speaks(page["organization_id"])})


def waiting(organization: str) -> str:
    """Show what waits for an organisation's word, to its staff."""
    page = _list({"organization": organization, "limit": 20, "after": request.args.get("after")})
    about = tk.get_action("organization_show")({}, {"id": page["organization_id"], "include_datasets": False, "include_users": False})
    # CKAN gives the title in the site's own language only.
    title = tk.h.participation_subject("organization", about["id"])["title"]
    return tk.render("participation/licensing/waiting.html", {
        "page": page, "organization": {**about, "title": title}, "lang": language(tk.h.lang())})


def explain(change_id: int) -> str:
    """Show the form in which the organisation says why a licence changed."""
    return _form(change_id, [])


def send(change_id: int) -> Response:
    """Take the organisation's word, or show the form again with everything that was typed."""
    data = {"id": change_id} | {name: request.form.get(name) for name in ("reason", "lang", "alike")}
    try:
        change = tk.get_action("participation_licence_change_explain")({}, data)
    except tk.ValidationError as error:
        return make_response(_form(change_id, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        return make_response(_form(change_id, summary_of({"reason": str(error)})), 403)
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    if change["also"]:
        number = change["also"] + 1
        saved = tk.ungettext("Saved for {number} change.", "Saved for {number} changes.", number)
        tk.h.flash_success(" ".join([saved.format(number=tk.h.localised_number(number)),
                                     tk._("Everyone reads it in the histories, and who follows the data is told by mail.")]))
        return redirect(tk.url_for("participation_licence_changes.waiting", organization=change["explanation"]["organization"]["name"]))
    tk.h.flash_success(tk._("Saved. Everyone reads it in the history, and who follows the dataset is told by mail."))
    return redirect(tk.url_for("participation_licence_changes.history", ref=change["dataset"]["name"]))


def _form(change_id: int, errors: Errors) -> str:
    try:
        tk.check_access("participation_licence_change_explain", {"user": tk.current_user.name}, {"id": change_id})
        change = tk.h.participation_licence_change(change_id)
    except tk.NotAuthorized as error:
        if request.method != "POST":
            tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))
        # Whose session ended meanwhile keeps what was typed; about the change, the page says nothing.
        change = None
    if change is None and request.method != "POST":
        tk.abort(404, tk._("There is no such change."))
    return tk.render("participation/licensing/explain.html", {
        "change": change, "change_id": change_id, "errors": errors, "form": request.form, "lang": language(tk.h.lang()),
        "all_alike": request.args.get("alike") == "1" if request.method != "POST" else bool(request.form.get("alike"))})


def _list(data: Data) -> Data:
    try:
        return tk.get_action("participation_licence_change_list")({}, data)
    except tk.ValidationError as error:
        return tk.abort(400, words_of(error))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))


def _speaks(organization_id: str | None) -> bool:
    return bool(organization_id) and tk.h.participation_speaks_for_licences(organization_id)


def _refused(message: str) -> str:
    return _form((request.view_args or {})["change_id"], summary_of({"reason": message}))


pages.add_url_rule("/dataset/<ref>/licence-history", "history", history)
pages.add_url_rule("/organization/<organization>/licence-changes", "waiting", waiting)
pages.add_url_rule("/licence-change/<int:change_id>/explain", "explain", explain)
pages.add_url_rule("/licence-change/<int:change_id>/explain", "send", send, methods=["POST"])

web.keeps_text("participation_licence_changes.send", _refused)

blueprints = [pages]
