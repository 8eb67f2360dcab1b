"""Who is told of a thread or a message, and in which words. A later issue brings choice and form; this is plain text."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.i18n import get_locales_dict

from ckanext.participation.common import people, visibility
from ckanext.participation.common.model import Subject
from ckanext.participation.threads.model import Comment, Thread

Event = dict[str, Any]

WORDS = {
    "en": {
        "question": "A question about {title}", "problem": "A problem reported about {title}",
        "suggestion": "A suggestion about {title}", "thanks": "Thanks for {title}",
        "reply": "A new message: {thread}", "official": "The organisation answered: {thread}",
        "by": "{name} wrote:", "see": "Read and answer: {url}",
        "why_staff": "You receive this because you answer for the organisation that publishes these data.",
        "why_reply": "You receive this because you took part in this conversation.",
    },
    "fr": {
        "question": "Une question sur {title}", "problem": "Un problème signalé : {title}",
        "suggestion": "Une suggestion sur {title}", "thanks": "Un merci pour {title}",
        "reply": "Un nouveau message : {thread}", "official": "L’organisme a répondu : {thread}",
        "by": "{name} a écrit :", "see": "Lire et répondre : {url}",
        "why_staff": "Vous recevez ce courriel parce que vous répondez pour l’organisme qui publie ces données.",
        "why_reply": "Vous recevez ce courriel parce que vous avez pris part à cet échange.",
    },
}


def thread_recipients(event: Event) -> list[str]:
    """Return the accounts that speak for the organisation of the subject, without the author."""
    subject = model.Session.get(Subject, event["subject_id"])
    author = people.account_of(event["actor_id"])
    return [user for user in people.speakers_of(subject.organization_id if subject else None) if user != author]


def comment_recipients(event: Event) -> list[str]:
    """Return everybody who wrote in the thread and, for a citizen's message, the organisation's speakers; not the author."""
    thread_id = int(event["target_id"].split("#")[0])
    rows = model.Session.scalars(sa.select(Comment.author_id).where(
        Comment.thread_id == thread_id, Comment.state == visibility.VISIBLE).distinct())
    told = [people.account_of(person) for person in rows]
    if not event["data"].get("official"):
        told += thread_recipients(event)
    author = people.account_of(event["actor_id"])
    return [user for user in told if user and user != author]


def thread_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a new thread."""
    return _wording(int(event["target_id"]), 1, lang, kind=None, why="why_staff")


def comment_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a new message."""
    thread_id, seq = event["target_id"].split("#")
    return _wording(int(thread_id), int(seq), lang, kind="official" if event["data"].get("official") else "reply", why="why_reply")


def _wording(thread_id: int, seq: int, lang: str, *, kind: str | None, why: str) -> tuple[str, str]:
    words = WORDS[lang]
    thread = model.Session.get(Thread, thread_id)
    comment = model.Session.get(Comment, (thread_id, seq))
    if thread is None or comment is None:
        raise LookupError(f"message {thread_id}#{seq} is missing")
    subject = model.Session.get(Subject, thread.subject_id)
    name = people.public_names({comment.author_id}).get(comment.author_id, {}).get("name", "")
    locale = lang if lang in get_locales_dict() else tk.config["ckan.locale_default"]
    url = tk.url_for("participation_threads.show", thread_id=thread_id, locale=locale, _external=True)
    title = words[kind or thread.kind].format(title=subject.title if subject else "", thread=thread.title)
    # A text that was hidden meanwhile does not leave by mail.
    text = comment.body if comment.state == visibility.VISIBLE else ""
    body = "\n\n".join(part for part in (
        thread.title, words["by"].format(name=name), text, words["see"].format(url=f"{url}#{seq}"), words[why]) if part)
    return title, body
