"""Pages of conversations: a subject's list, the form that starts one, the site's latest, an organisation's overview."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common import web
from ckanext.participation.common.errors import summary_of
from ckanext.participation.threads.views import forms

__all__ = ["blueprints"]

conversations = Blueprint("participation_conversations", __name__, url_prefix="/participation")

Data = dict[str, Any]


def listing(subject_type: str, subject_id: str) -> str:
    """Show all conversations about a subject."""
    page = forms.list_of("participation_thread_list", {"subject_type": subject_type, "subject_id": subject_id, **_filters()})
    return tk.render("participation/threads/list.html", {
        "page": page, "subject": forms.subject_of(subject_type, subject_id), "wanted": _filters()})


def latest() -> str:
    """Show the site's latest conversations."""
    page = forms.list_of("participation_thread_latest", {"limit": 20, **_filters()})
    return tk.render("participation/threads/latest.html", {"page": page, "wanted": _filters()})


def overview(organization: str) -> str:
    """Show what an organisation answers for."""
    wanted = _filters() | {name: "true" for name in ("mine", "removed") if request.args.get(name) == "true"}
    page = forms.list_of("participation_thread_overview", {"id": organization, **wanted})
    return tk.render("participation/threads/overview.html", {"page": page, "wanted": wanted, "organization": page["organization"]})


def settings(organization: str) -> str:
    """Show the organisation's switches."""
    return _settings_page(organization, [])


def set_settings(organization: str) -> Response:
    """Change the organisation's switches."""
    try:
        tk.get_action("participation_organization_policy_set")({}, {
            "id": organization, "threads": request.form.get("threads"), "review": request.form.get("review")})
    except tk.ValidationError as error:
        return make_response(_settings_page(organization, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))
    tk.h.flash_success(tk._("Saved. It holds from now on; what was said before stays readable."))
    return redirect(tk.url_for("participation_conversations.overview", organization=organization))


def new(subject_type: str, subject_id: str) -> str:
    """Show the form that starts a conversation."""
    return _new_page(subject_type, subject_id, [])


def create(subject_type: str, subject_id: str) -> Response:
    """Start a conversation, or show how its text will look; on an error show the form again with everything that was typed."""
    def post(data: Data) -> Response:
        thread = tk.get_action("participation_thread_create")({}, {**data, "subject_type": subject_type, "subject_id": subject_id})
        forms.say_next(held=thread["visibility"] == "held")
        return redirect(thread["url"])
    return forms.send(lambda errors, **more: _new_page(subject_type, subject_id, errors, **more), post)


def _new_page(subject_type: str, subject_id: str, errors: forms.Errors, *, preview: str = "", pictures: Any = None) -> str:
    about = forms.subject_of(subject_type, subject_id)
    return tk.render("participation/threads/new.html", {
        "subject": about, "errors": errors, "form": request.form or request.args, "preview": preview, "pictures": pictures,
        "speaks": forms.speaks(about), "files": tk.h.participation_subject_files(subject_type, subject_id),
        "gate": tk.h.participation_thread_gate(about)})


def _settings_page(organization: str, errors: forms.Errors) -> str:
    try:
        tk.check_access("participation_organization_policy_set", {"user": tk.current_user.name}, {"id": organization})
    except tk.NotAuthorized as error:
        tk.abort(403 if tk.current_user.is_authenticated else 401, str(error))
    about = forms.subject_of("organization", organization)
    policy = tk.get_action("participation_organization_policy_show")({}, {"id": organization})
    return tk.render("participation/threads/settings.html", {
        "organization": about, "policy": policy | dict(request.form), "errors": errors})


def _filters() -> Data:
    return {name: request.args[name] for name in ("state", "kind", "after") if request.args.get(name)}


def _refused(message: str) -> str:
    args = request.view_args or {}
    return _new_page(args["subject_type"], args["subject_id"], summary_of({"body": message}),
                     pictures=forms.kept_pictures())


conversations.add_url_rule("/conversations", "latest", latest)
conversations.add_url_rule("/organization/<organization>/conversations", "overview", overview)
conversations.add_url_rule("/organization/<organization>/conversations/settings", "settings", settings)
conversations.add_url_rule("/organization/<organization>/conversations/settings", "set_settings", set_settings, methods=["POST"])
conversations.add_url_rule("/<subject_type>/<subject_id>/threads", "listing", listing)
conversations.add_url_rule("/<subject_type>/<subject_id>/threads/new", "new", new)
conversations.add_url_rule("/<subject_type>/<subject_id>/threads/new", "create", create, methods=["POST"])

web.keeps_text("participation_conversations.create", _refused)

blueprints = [conversations]
