"""Template helpers that no single room owns."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import lru_cache, partial
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.i18n import get_lang

from ckanext.participation import config
from ckanext.participation.common import moments, organisations, subjects
from ckanext.participation.common.registry import registry

__all__ = ["participation_message_words", "participation_new_key", "participation_organisation_titles", "participation_panels",
           "participation_subject_note", "participation_text_bytes", "participation_time"]


def participation_panels(page: str, subject: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels that rooms put on `page` ("dataset", "organization", "home") for `subject`: `[{"name", "template", "data"}]`."""
    shown = []
    for panel in registry.panels_of(page):
        data = panel.data(subject)
        if data is not None:
            shown.append({"name": panel.name, "template": panel.template, "data": data})
    return shown


def participation_organisation_titles(name: str) -> dict[str, str]:
    """Return `{"fr", "en"}`: an organisation's titles, as far as it has them, for the reader of a dataset that shows one of them."""
    return organisations.titles(name)


def participation_subject_note(subject_id: int, thread_id: int | None = None, begun: dt.datetime | str | None = None,
                               ) -> dict[str, Any] | None:
    """Return what happened to what a conversation is about since it was begun: `{"at", "kind", "from_title"}`, or None for nothing.

    `kind` is "reattached", "returned", "moved" or "attached" (`subjects.story` says what each means). One statement, mostly.
    """
    since = dt.datetime.fromisoformat(begun) if isinstance(begun, str) else begun
    return subjects.story(subject_id, thread_id=thread_id, begun=since)


def participation_new_key() -> str:
    """Return a fresh idempotency key for a form: sent twice, it posts once."""
    return uuid.uuid4().hex


def participation_text_bytes() -> int:
    """Return the most bytes a text may have."""
    return config.text_bytes()


def participation_time(value: Any, hours: bool = True) -> moments.Moment:
    """A moment for the reader: `.iso`, `.text` and `.ago`. `value` is a datetime or ISO text, UTC unless it says otherwise."""
    return moments.moment(value, tk.h.lang() or "en", tk.h.get_display_timezone(), hours=hours, now=dt.datetime.now(dt.UTC))


def participation_message_words() -> dict[str, Any]:
    """Return the words of a message in a conversation, in the reader's language: fetched once for a page of fifty.

    Among them `when`, a function that gives an instant as `participation_time` does, without its hint.
    """
    return _message_words(str(get_lang()), tk.h.lang() or "en", tk.h.get_display_timezone())


# A language's words and the portal's time zone stay the same as long as the process lives.
@lru_cache(maxsize=64)
def _message_words(_translated: str, lang: str, zone: dt.tzinfo) -> dict[str, Any]:
    return {
        "when": partial(moments.instant, lang=lang, zone=zone),
        "lang": lang.replace("-", "_").partition("_")[0],
        "message": tk._("Message {number}"), "former": tk._("A former user"), "agency": tk._("Agency answer"), "answer": tk._("The answer"),
        "new": tk._("New"), "link": tk._("Link to message {number},"), "written": tk._("written by {name}"),
        "reply_to": tk._("in reply to message {number}"),
        "held": tk._("Only you and the moderators see this message until it has been reviewed."),
        "removed": tk._("This message was removed by its author."), "hidden": tk._("This message was hidden by a moderator."),
        "pending": tk._("Translation pending"), "pending_again": tk._(": the answer was changed after it was translated"),
        "useful": tk._("Useful"), "sign_in": tk._("Sign in to say that message {number} is useful"), "yours": tk._("your message"),
        "reply": tk._("Reply"), "to": tk._("to message {number}"), "edit": tk._("Edit"), "translate": tk._("Translate"),
        "take_back": tk._("Take back"), "of": tk._("message {number}"), "is_answer": tk._("This is the answer"),
        "no_answer": tk._("Not the answer after all"),
    }
