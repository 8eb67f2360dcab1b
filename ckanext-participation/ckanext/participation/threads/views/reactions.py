"""Buttons of those who do not write: useful, follow, stars, read. Each works by a plain form; htmx gets the piece of page instead.

The pages of messages are kept for many readers and hold no token, so the useful button's form leads to a small page that has
one; where scripts run, htmx posts in place with the token of the page around.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, make_response, redirect, request

from ckanext.participation.common.errors import summary_of, words_of

__all__ = ["blueprints"]

reactions = Blueprint("participation_reactions", __name__, url_prefix="/participation")

Data = dict[str, Any]

# What a form here can be wrong in; other errors are about the address.
INPUTS = ("value",)


def for_readers(view: Callable[..., Any]) -> Callable[..., Any]:
    """Send who is not signed in to sign in and back, and who may not see it to a page that tells nothing."""
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not tk.current_user.is_authenticated:
            sign_in = tk.url_for("user.login", came_from=tk.url_for(request.endpoint or "", **kwargs))
            # htmx would follow a redirect by itself and put the sign-in page into the button's place.
            return make_response("", 204, {"HX-Redirect": sign_in}) if tk.request.htmx else redirect(sign_in)
        try:
            return view(*args, **kwargs)
        except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
            # What is wrong with a form was answered by the view; here it is the address.
            tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))
    return guarded


@for_readers
def support(thread_id: int, seq: int) -> str:
    """Ask whether a message is useful: where the button leads without scripts."""
    return _support_page(thread_id, seq, [])


@for_readers
def set_support(thread_id: int, seq: int) -> Any:
    """Note whether a message is useful."""
    try:
        now = tk.get_action("participation_support_set")({}, {
            "target_type": "comment", "target_id": f"{thread_id}#{seq}", "value": request.form.get("value")})
    except tk.ValidationError as error:
        if tk.request.htmx:
            return make_response(_support_fragment(thread_id, seq, problem=words_of(error)), 409)
        return make_response(_support_page(thread_id, seq, summary_of(error, INPUTS)), 409)
    if tk.request.htmx:
        return _support_fragment(thread_id, seq, counts=now)
    tk.h.flash_success({1: tk._("Noted: you find this message useful."), 0: tk._("Noted: your answer is taken back."),
                        -1: tk._("Noted: you do not find this message useful.")}[now["value"]])
    return redirect(_message(thread_id, seq)["permalink"])


@for_readers
def follow(thread_id: int) -> str:
    """Show whether the reader follows a conversation, with the button that changes it: where mails lead who wants no more of them."""
    return _follow_page(thread_id, [])


@for_readers
def set_follow(thread_id: int) -> Any:
    """Follow a conversation, or stop."""
    try:
        now = tk.get_action("participation_follow_set")({}, {
            "target_type": "thread", "target_id": thread_id, "value": request.form.get("value")})
    except tk.ValidationError as error:
        if tk.request.htmx:
            return make_response(_follow_fragment(thread_id, refusal=words_of(error)), 409)
        return make_response(_follow_page(thread_id, summary_of(error, INPUTS)), 409)
    if tk.request.htmx:
        return _follow_fragment(thread_id, following=now["following"])
    if now["following"]:
        tk.h.flash_success(tk._("You follow this conversation: you are told by mail when somebody writes."))
    else:
        tk.h.flash_success(tk._("You no longer follow this conversation: you get no more mail about it."))
    return redirect(tk.url_for("participation_threads.show", thread_id=thread_id))


@for_readers
def read(thread_id: int) -> Any:
    """Note that the reader has read a conversation up to the message that its page showed last."""
    try:
        tk.get_action("participation_thread_mark_read")({}, {"thread_id": thread_id, "seq": request.form.get("seq")})
    except tk.ValidationError as error:
        tk.abort(409, words_of(error))
    return "" if tk.request.htmx else redirect(tk.url_for("participation_threads.show", thread_id=thread_id))


@for_readers
def rating(dataset: str) -> str:
    """Show a dataset's stars and the form that gives them."""
    return _rating_page(dataset, [])


@for_readers
def rate(dataset: str) -> Any:
    """Take a dataset's stars from the form, or take them back."""
    value = "0" if "withdraw" in request.form else request.form.get("value")
    try:
        tk.get_action("participation_rating_set")({}, {"subject_id": dataset, "value": value})
    except tk.ValidationError as error:
        return make_response(_rating_page(dataset, summary_of(error, INPUTS)), 409)
    tk.h.flash_success(tk._("Your rating is taken back.") if value == "0" else tk._("Thank you: your rating is counted."))
    return redirect(f"{tk.h.participation_subject('dataset', dataset)['url']}#rating")


def _message(thread_id: int, seq: int) -> Data:
    return tk.get_action("participation_comment_show")({}, {"thread_id": thread_id, "seq": seq})


def _word(thread_id: int, seq: int) -> int:
    target = f"{thread_id}#{seq}"
    found = tk.get_action("participation_support_list")({}, {"target_type": "comment", "target_ids": [target]})
    return found["values"].get(target, 0)


def _support_page(thread_id: int, seq: int, errors: list[Data]) -> str:
    return tk.render("participation/threads/support.html", {
        "thread_id": thread_id, "message": _message(thread_id, seq), "word": _word(thread_id, seq), "errors": errors,
        "wanted": request.values.get("value")})


def _support_fragment(thread_id: int, seq: int, *, counts: Data | None = None, problem: str = "") -> str:
    message = _message(thread_id, seq)
    counts = counts or {"support": message["n_support"], "against": message["n_against"], "value": _word(thread_id, seq)}
    return tk.render("participation/threads/snippets/support_reply.html", {
        "thread_id": thread_id, "seq": seq, "counts": counts, "problem": problem})


def _follow_page(thread_id: int, errors: list[Data]) -> str:
    thread = tk.get_action("participation_thread_show")({}, {"id": thread_id})
    return tk.render("participation/threads/follow.html", {
        "thread": thread, "thread_id": thread_id, "following": _follows(thread_id), "errors": errors})


def _follow_fragment(thread_id: int, *, following: bool | None = None, refusal: str = "") -> str:
    return tk.render("participation/threads/snippets/follow_button.html", {
        "thread_id": thread_id, "following": _follows(thread_id) if following is None else following, "refusal": refusal})


def _follows(thread_id: int) -> bool | None:
    return tk.get_action("participation_follow_show")({}, {"target_type": "thread", "target_id": thread_id})["following"]


def _rating_page(dataset: str, errors: list[Data]) -> str:
    about = tk.h.participation_subject("dataset", dataset)
    rating = tk.get_action("participation_rating_show")({}, {"subject_id": dataset})
    return tk.render("participation/threads/rating.html", {"rating": rating, "dataset": dataset, "subject": about, "errors": errors})


reactions.add_url_rule("/thread/<int:thread_id>/<int:seq>/support", "support", support)
reactions.add_url_rule("/thread/<int:thread_id>/<int:seq>/support", "set_support", set_support, methods=["POST"])
reactions.add_url_rule("/thread/<int:thread_id>/follow", "follow", follow)
reactions.add_url_rule("/thread/<int:thread_id>/follow", "set_follow", set_follow, methods=["POST"])
reactions.add_url_rule("/thread/<int:thread_id>/read", "read", read, methods=["POST"])
reactions.add_url_rule("/dataset/<dataset>/rating", "rating", rating)
reactions.add_url_rule("/dataset/<dataset>/rating", "rate", rate, methods=["POST"])

blueprints = [reactions]
