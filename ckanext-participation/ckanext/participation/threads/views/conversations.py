"""Pages of threads: a thread, the form that starts one, and a subject's list. What was typed is never lost to an error."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common import web
from ckanext.participation.common.errors import words_by_field

__all__ = ["blueprints"]

threads = Blueprint("participation_threads", __name__, url_prefix="/participation")


def show(thread_id: int) -> str:
    """Show a conversation."""
    return _thread_page(thread_id, [])


def answer(thread_id: int) -> Response:
    """Post a message, or show how it will look; on an error show the page again with the text."""
    if "preview" in request.form:
        return _previewed(lambda errors, html="": _thread_page(thread_id, errors, html))
    data = {name: request.form.get(name) for name in ("body", "parent_seq", "lang", "as_organization", "idempotency_key")}
    try:
        comment = tk.get_action("participation_comment_create")({}, {**data, "thread_id": thread_id})
    except tk.ValidationError as error:
        return make_response(_thread_page(thread_id, _errors(error)), 409)
    except tk.NotAuthorized as error:
        return _not_allowed(error, lambda message: _thread_page(thread_id, [message]))
    _say_next(held=comment["state"] == "held")
    return redirect(f"{tk.url_for('participation_threads.show', thread_id=thread_id)}#{comment['seq']}")


def listing(subject_type: str, subject_id: str) -> str:
    """Show all conversations about a subject."""
    try:
        page = tk.get_action("participation_thread_list")(
            {}, {"subject_type": subject_type, "subject_id": subject_id, "after": request.args.get("after")})
        about = _subject(subject_type, subject_id)
    except tk.ValidationError as error:
        tk.abort(400, " ".join(words_by_field(error).values()))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))
    return tk.render("participation/threads/list.html", {"page": page, "subject": about})


def new(subject_type: str, subject_id: str) -> str | Response:
    """Show the form that starts a conversation."""
    return _new_page(subject_type, subject_id, [])


def create(subject_type: str, subject_id: str) -> Response:
    """Start a conversation, or show how its text will look; on an error show the form again with everything that was typed."""
    if "preview" in request.form:
        return _previewed(lambda errors, html="": _new_page(subject_type, subject_id, errors, html))
    data = {name: request.form.get(name) for name in ("title", "body", "kind", "lang", "as_organization", "idempotency_key")}
    try:
        thread = tk.get_action("participation_thread_create")({}, {**data, "subject_type": subject_type, "subject_id": subject_id})
    except tk.ValidationError as error:
        return make_response(_new_page(subject_type, subject_id, _errors(error)), 409)
    except tk.NotAuthorized as error:
        return _not_allowed(error, lambda message: _new_page(subject_type, subject_id, [message]))
    _say_next(held=thread["visibility"] == "held")
    return redirect(thread["url"])


def _previewed(page: Any) -> Response:
    """Show the form again with its text rendered: what the preview button does where no script runs."""
    try:
        html = tk.get_action("participation_text_preview")({}, {"body": request.form.get("body", "")})["html"]
    except tk.ValidationError as error:
        return make_response(page(_errors(error)), 409)
    except tk.NotAuthorized as error:
        return _not_allowed(error, lambda message: page([message]))
    return make_response(page([], html))


def _thread_page(thread_id: int, errors: list[dict[str, Any]], preview: str = "") -> str:
    try:
        thread = tk.get_action("participation_thread_show")({}, {"id": thread_id})
        page = tk.get_action("participation_comment_list")({}, {"thread_id": thread_id, "after": request.args.get("after")})
    except tk.ValidationError as error:
        tk.abort(400, " ".join(words_by_field(error).values()))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        tk.abort(404, tk._("There is no such conversation, or you may not see it. If you have an account, sign in and try again."))
    return tk.render("participation/threads/show.html", {
        "thread": thread, "page": page, "errors": errors, "form": request.form, "preview": preview,
        "reply_to": request.form.get("parent_seq") or request.args.get("reply_to"), "speaks": _speaks(thread["subject"])})


def _new_page(subject_type: str, subject_id: str, errors: list[dict[str, Any]], preview: str = "") -> str:
    try:
        about = _subject(subject_type, subject_id)
    except tk.ValidationError:
        tk.abort(404, tk._("There is no such page."))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))
    return tk.render("participation/threads/new.html", {
        "subject": about, "errors": errors, "form": request.form or request.args, "preview": preview, "speaks": _speaks(about)})


def _subject(subject_type: str, subject_id: str) -> dict[str, Any]:
    return tk.h.participation_subject(subject_type, subject_id)


def _speaks(subject: dict[str, Any]) -> bool:
    return tk.h.participation_may_speak_for(subject.get("organization_id"))


def _errors(error: tk.ValidationError) -> list[dict[str, Any]]:
    return [{"field": name, "id": f"field-{name}", "message": words} for name, words in words_by_field(error).items()]


def _not_allowed(error: tk.NotAuthorized, page: Any) -> Response:
    """Show the form again with its text: the session may have ended while it was written."""
    if tk.current_user.is_authenticated:
        message = str(error) or tk._("You may not do this.")
    else:
        message = tk._("You are not signed in any more, so nothing was posted. Your text is still here: sign in in another "
                       "tab, come back and press the button again.")
    return make_response(page({"field": "body", "id": "field-body", "message": message}), 403)


def _say_next(*, held: bool) -> None:
    if held:
        tk.h.flash_notice(tk._("Your text is stored. A person looks at it before others see it, because it holds many links."))
    else:
        tk.h.flash_success(tk._("Posted. The organisation is told by mail; you are told when somebody answers."))


threads.add_url_rule("/thread/<int:thread_id>", "show", show)
threads.add_url_rule("/thread/<int:thread_id>", "answer", answer, methods=["POST"])
threads.add_url_rule("/<subject_type>/<subject_id>/threads", "listing", listing)
threads.add_url_rule("/<subject_type>/<subject_id>/threads/new", "new", new)
threads.add_url_rule("/<subject_type>/<subject_id>/threads/new", "create", create, methods=["POST"])


def _refused(message: str) -> list[dict[str, Any]]:
    return [{"field": "body", "id": "field-body", "message": message}]


def _args() -> dict[str, Any]:
    return dict(request.view_args or {})


web.keeps_text("participation_threads.answer", lambda message: _thread_page(_args()["thread_id"], _refused(message)))
web.keeps_text("participation_threads.create",
               lambda message: _new_page(_args()["subject_type"], _args()["subject_id"], _refused(message)))

blueprints = [threads]
