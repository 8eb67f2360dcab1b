"""A conversation's page and the piece of it that is kept for many readers: fifty messages without a token."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.i18n import get_lang
from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from ckanext.participation import config
from ckanext.participation.common import web
from ckanext.participation.common.errors import summary_of
from ckanext.participation.threads import kept_pages
from ckanext.participation.threads.views import forms

__all__ = ["blueprints"]

threads = Blueprint("participation_threads", __name__, url_prefix="/participation")

Data = dict[str, Any]

# A version is a bigint.
MOST_DIGITS = 19


def show(thread_id: int) -> str:
    """Show a conversation."""
    return _page(thread_id, [])


def messages(thread_id: int) -> Response:
    """Show a page of messages alone, for "load more" and for programmes; 304 without looking at a message when nothing changed.

    What nobody in particular reads is drawn once a minute at most in each web process, and anew when the conversation has changed.
    """
    reader = _reader()
    known = [int(version) for version, _, rest in (tag.partition("-") for tag in request.if_none_match.as_set())
             if rest == reader and version.isascii() and version.isdigit() and len(version) < MOST_DIGITS]
    kept = None if tk.current_user.is_authenticated else kept_pages.find(reader)
    shown = forms.list_of("participation_comment_list", {
        "thread_id": thread_id, **_asked(), "known_version": kept.version if kept else known[0] if known else None})
    version = shown["thread"]["version"]
    if version in known:
        response = make_response("", 304)
    elif kept and shown.get("unchanged"):
        response = make_response(kept.html)
    else:
        html = tk.render_snippet("participation/threads/snippets/messages.html", {
            "thread": shown["thread"], "page": shown, "asked": _asked()})
        if not tk.current_user.is_authenticated:
            kept_pages.keep(reader, kept_pages.Kept(version, html))
        response = make_response(html)
    response.set_etag(f"{version}-{reader}")
    response.cache_control.no_cache = True
    if not tk.current_user.is_authenticated:
        # CKAN marks every page private unless this is taken away: what nobody in particular reads, any cache may keep and ask about.
        request.environ.pop("__no_cache__", None)
    response.vary.update(("Cookie", "HX-Request"))
    return response


def _reader() -> str:
    """Return what, beside the thread's version, a page of messages depends on: the reader, the language, the page that was asked for.

    Names and titles may change without the thread: what is kept is kept for a day at most.
    """
    parts = (tk.current_user.name if tk.current_user.is_authenticated else "", str(get_lang()), dt.datetime.now(dt.UTC).date().isoformat(),
             str(config.votes()), request.full_path)
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def answer(thread_id: int) -> Response:
    """Post a message, or show how it will look; on an error show the page again with the text."""
    def post(data: Data) -> Response:
        comment = tk.get_action("participation_comment_create")({}, {**data, "thread_id": thread_id})
        forms.say_next(held=comment["state"] == "held")
        return redirect(comment["permalink"])
    return forms.send(lambda errors, **more: _page(thread_id, errors, **more), post)


def goto(thread_id: int, seq: int) -> Response:
    """Lead to a message's place in its conversation."""
    return redirect(forms.comment_of(thread_id, seq)["permalink"])


def _page(thread_id: int, errors: forms.Errors, *, preview: str = "", pictures: Any = None) -> str:
    thread = forms.thread_of(thread_id)
    return tk.render("participation/threads/show.html", {
        "thread": thread, "page": _messages(thread_id), "asked": _asked(), "errors": errors, "form": request.form, "preview": preview,
        "pictures": pictures, "reply_to": request.form.get("parent_seq") or request.args.get("reply_to"),
        "speaks": forms.speaks(thread["subject"]), "gate": tk.h.participation_thread_gate(thread["subject"])})


def _messages(thread_id: int) -> Data:
    return forms.list_of("participation_comment_list", {"thread_id": thread_id, **_asked()})


def _asked() -> Data:
    return {name: request.args[name] for name in ("order", "flat", "after", "before", "at") if request.args.get(name)}


def _refused(message: str) -> str:
    return _page((request.view_args or {})["thread_id"], summary_of({"body": message}),
                 pictures=forms.kept_pictures())


threads.add_url_rule("/thread/<int:thread_id>", "show", show)
threads.add_url_rule("/thread/<int:thread_id>", "answer", answer, methods=["POST"])
threads.add_url_rule("/thread/<int:thread_id>/messages", "messages", messages)
threads.add_url_rule("/thread/<int:thread_id>/<int:seq>", "goto", goto)

web.keeps_text("participation_threads.answer", _refused)

blueprints = [threads]
