"""Pages of one message: change it, see what it said before, take it back, pair it with its translation."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation.common import web
from ckanext.participation.common.errors import summary_of
from ckanext.participation.threads.views import forms

__all__ = ["blueprints"]

messages = Blueprint("participation_messages", __name__, url_prefix="/participation/thread/<int:thread_id>/<int:seq>")

Data = dict[str, Any]


def edit(thread_id: int, seq: int) -> str:
    """Show the form that changes a message."""
    return _edit_page(thread_id, seq, [])


def save(thread_id: int, seq: int) -> Response:
    """Change a message."""
    def post(data: Data) -> Response:
        comment = tk.get_action("participation_comment_edit")({}, {
            "thread_id": thread_id, "seq": seq, "base": request.form.get("base"), "body": data.get("body"), "title": data.get("title")})
        tk.h.flash_success(tk._("Saved. What the message said before stays readable beside it."))
        return redirect(comment["permalink"])
    return forms.send(lambda errors, **more: _edit_page(thread_id, seq, errors, **more), post, pictures=False)


def history(thread_id: int, seq: int) -> str:
    """Show what a message said before."""
    thread = forms.thread_of(thread_id)
    page = forms.list_of("participation_comment_history", {"thread_id": thread_id, "seq": seq})
    return tk.render("participation/threads/history.html", {"thread": thread, "message": page["message"], "versions": page["versions"]})


def translate(thread_id: int, seq: int) -> str:
    """Show the form that pairs an answer with its translation."""
    return _translate_page(thread_id, seq, [])


def save_translation(thread_id: int, seq: int) -> Response:
    """Pair an answer with its translation, or say that none comes."""
    def post(data: Data) -> Response:
        body = "" if "none" in request.form else data.get("body") or ""
        if not body.strip() and "none" not in request.form:
            raise tk.ValidationError({"body": [tk._("Write the translation first, or say that none comes.")]})
        comment = tk.get_action("participation_comment_translate")({}, {"thread_id": thread_id, "seq": seq, "body": body})
        tk.h.flash_success(tk._("Saved: the answer shows in both languages.") if body else tk._("Noted: no translation is waited for."))
        return redirect(comment["permalink"])
    return forms.send(lambda errors, **more: _translate_page(thread_id, seq, errors, **more), post, pictures=False)


def delete(thread_id: int, seq: int) -> str:
    """Ask before a message is taken back."""
    return _delete_page(thread_id, seq, [])


def do_delete(thread_id: int, seq: int) -> Response:
    """Take a message back."""
    try:
        done = tk.get_action("participation_comment_delete")({}, {"thread_id": thread_id, "seq": seq})
    except tk.ValidationError as error:
        return make_response(_delete_page(thread_id, seq, summary_of(error)), 409)
    except tk.NotAuthorized as error:
        return tk.abort(403, forms.refusal(error))
    except tk.ObjectNotFound as error:
        return tk.abort(404, str(error))
    tk.h.flash_success(tk._("Your message is taken back. The replies to it stay."))
    if done["thread_visibility"] != "visible":
        return redirect(tk.url_for("participation_conversations.latest"))
    return redirect(f"{tk.url_for('participation_threads.show', thread_id=thread_id)}#{seq}")


def _edit_page(thread_id: int, seq: int, errors: forms.Errors, *, preview: str = "", **_: Any) -> str:
    thread, comment = forms.thread_of(thread_id), forms.comment_of(thread_id, seq)
    if "edit" not in comment["may"] and not errors:
        # With errors the form comes back in any case: whose session ended meanwhile keeps the text.
        tk.abort(403, tk._("You may not change this message."))
    form = request.form or {"body": comment["body"], "title": thread["title"], "base": comment["n_versions"]}
    return tk.render("participation/threads/edit.html", {
        "thread": thread, "message": comment, "errors": errors, "form": form, "preview": preview})


def _translate_page(thread_id: int, seq: int, errors: forms.Errors, *, preview: str = "", **_: Any) -> str:
    thread, comment = forms.thread_of(thread_id), forms.comment_of(thread_id, seq)
    if "translate" not in comment["may"] and not errors:
        tk.abort(403, tk._("Only the organisation’s staff translates its answers."))
    form = request.form or {"body": (comment["translation"] or {}).get("body", "")}
    return tk.render("participation/threads/translate.html", {
        "thread": thread, "message": comment, "errors": errors, "form": form, "preview": preview})


def _delete_page(thread_id: int, seq: int, errors: forms.Errors) -> str:
    thread, comment = forms.thread_of(thread_id), forms.comment_of(thread_id, seq)
    if "delete" not in comment["may"]:
        tk.abort(403, tk._("You may not change this message."))
    return tk.render("participation/threads/delete.html", {"thread": thread, "message": comment, "errors": errors})


def _again(page: Any) -> Any:
    def show(message: str) -> str:
        args = request.view_args or {}
        return page(args["thread_id"], args["seq"], summary_of({"body": message}))
    return show


for _path, _get, _post, _rerender in (("edit", edit, save, _edit_page), ("translate", translate, save_translation, _translate_page)):
    messages.add_url_rule(f"/{_path}", _path, _get)
    messages.add_url_rule(f"/{_path}", f"save_{_path}", _post, methods=["POST"])
    web.keeps_text(f"participation_messages.save_{_path}", _again(_rerender))
messages.add_url_rule("/history", "history", history)
messages.add_url_rule("/delete", "delete", delete)
messages.add_url_rule("/delete", "do_delete", do_delete, methods=["POST"])

blueprints = [messages]
