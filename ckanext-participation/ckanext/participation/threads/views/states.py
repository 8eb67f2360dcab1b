"""What becomes of a conversation: the small forms under it, and the answer mark. Each posts and comes back with what happened."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common import web
from ckanext.participation.common.errors import summary_of
from ckanext.participation.threads.views import forms

__all__ = ["blueprints"]

states = Blueprint("participation_states", __name__, url_prefix="/participation/thread/<int:thread_id>")

Data = dict[str, Any]


def manage(thread_id: int) -> str:
    """Show everything that this reader may decide about a conversation."""
    return _page(thread_id, [])


def set_state(thread_id: int) -> Response:
    """Close, reopen or lock a conversation."""
    return _do(thread_id, "participation_thread_state_set", ("state", "reason"), {
        "closed": tk._("Closed. Everyone still reads it; it can be reopened."), "open": tk._("Reopened: it takes messages again."),
        "locked": tk._("Locked, with your reason shown to everyone.")}.get(request.form.get("state", ""), ""))


def set_problem(thread_id: int) -> Response:
    """Say what becomes of a reported problem."""
    return _do(thread_id, "participation_thread_problem_set", ("state", "reason", "link_resource_id", "link_url"),
               tk._("Saved with today’s date. Who follows this conversation is told by mail."))


def assign(thread_id: int) -> Response:
    """Put a colleague in charge."""
    return _do(thread_id, "participation_thread_assign", ("user",), tk._("Saved. Your colleague is told by mail."))


def set_answer(thread_id: int) -> Response:
    """Mark a reply as the answer, or take the mark away."""
    return _do(thread_id, "participation_thread_answer_set", ("seq",), tk._("Saved: the answer stands out on the page.")
               if request.form.get("seq") else tk._("Saved: no reply is marked as the answer any more."))


def choose_answer(thread_id: int, seq: int) -> str:
    """Ask whether a reply is the answer (or is not any more): the messages' own page holds no token."""
    thread, comment = forms.thread_of(thread_id), forms.comment_of(thread_id, seq)
    if "answer" not in thread["may"] or comment["body"] is None:
        tk.abort(403, tk._("Only who began this conversation, or the organisation, may do this."))
    return tk.render("participation/threads/choose_answer.html", {"thread": thread, "message": comment})


def _do(thread_id: int, action: str, fields: tuple[str, ...], words: str) -> Response:
    try:
        tk.get_action(action)({}, {"id": thread_id} | {name: request.form.get(name) for name in fields})
    except tk.ValidationError as error:
        return make_response(_page(thread_id, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        # The page shows what was typed: whose session ended meanwhile keeps it.
        return make_response(_page(thread_id, summary_of({"reason": forms.refusal(error)})), 403)
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    tk.h.flash_success(words)
    return redirect(tk.url_for("participation_threads.show", thread_id=thread_id))


def _page(thread_id: int, errors: forms.Errors) -> str:
    thread = forms.thread_of(thread_id)
    if not set(thread["may"]) - {"reply", "answer"} and not errors:
        tk.abort(403 if tk.current_user.is_authenticated else 401,
                 tk._("Only who began this conversation, or the organisation, may do this."))
    subject = thread["subject"]
    return tk.render("participation/threads/manage.html", {
        "thread": thread, "errors": errors, "form": request.form, "colleagues": tk.h.participation_colleagues(subject["organization_id"])
        if "assign" in thread["may"] else [], "files": tk.h.participation_subject_files(subject["type"], subject["id"])})


def _refused(message: str) -> str:
    return _page((request.view_args or {})["thread_id"], summary_of({"reason": message}))


states.add_url_rule("/manage", "manage", manage)
states.add_url_rule("/<int:seq>/answer", "choose_answer", choose_answer)
for _path, _view in (("state", set_state), ("problem", set_problem), ("assign", assign), ("answer", set_answer)):
    states.add_url_rule(f"/{_path}", _path, _view, methods=["POST"])
    web.keeps_text(f"participation_states.{_path}", _refused)

blueprints = [states]
