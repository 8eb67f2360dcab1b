"""Who is told of what happens in a conversation, and in which words. A later issue brings choice and form; this is plain text."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.participation.common import follow, mails, people, visibility
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
        "why_reply": "You receive this because you follow this conversation. To stop: open it and press “Stop following”.",
        "state": "{state}: {thread}", "open": "Reopened", "closed": "Closed", "locked": "Locked",
        "problem_open": "The problem is open again", "problem_confirmed": "The problem is confirmed",
        "problem_fixed": "The problem is fixed", "problem_wont_fix": "The problem will not be fixed",
        "because": "Reason: {reason}", "mended": "What is right now: {link}",
        "answer": "Your question has an answer: {thread}", "assigned": "In your charge: {thread}",
        "why_assigned": "You receive this because a colleague put you in charge of this conversation.",
    },
    "fr": {
        "question": "Une question sur {title}", "problem": "Un problème signalé : {title}",
        "suggestion": "Une suggestion sur {title}", "thanks": "Un merci pour {title}",
        "reply": "Un nouveau message : {thread}", "official": "L’organisme a répondu : {thread}",
        "by": "{name} a écrit :", "see": "Lire et répondre : {url}",
        "why_staff": "Vous recevez ce courriel parce que vous répondez pour l’organisme qui publie ces données.",
        "why_reply": "Vous recevez ce courriel parce que vous suivez cet échange. Pour arrêter : ouvrez-le et appuyez sur "
                     "« Ne plus suivre ».",
        "state": "{state} : {thread}", "open": "Échange rouvert", "closed": "Échange fermé", "locked": "Échange verrouillé",
        "problem_open": "Le problème est de nouveau ouvert", "problem_confirmed": "Le problème est confirmé",
        "problem_fixed": "Le problème est corrigé", "problem_wont_fix": "Le problème ne sera pas corrigé",
        "because": "Raison : {reason}", "mended": "Ce qui est juste maintenant : {link}",
        "answer": "Votre question a une réponse : {thread}", "assigned": "Un échange vous est confié : {thread}",
        "why_assigned": "Vous recevez ce courriel parce qu’une ou un collègue vous a confié cet échange.",
    },
}


def thread_recipients(event: Event) -> list[str]:
    """Return the accounts that speak for the organisation of the subject, without the author and those who do not want to be told."""
    subject = model.Session.get(Subject, event["subject_id"])
    return _others(event, people.speakers_of(subject.organization_id if subject else None))


def comment_recipients(event: Event) -> list[str]:
    """Return who follows the thread and, for a citizen's message, the organisation's speakers; not the author."""
    told = follow.followers("thread", _thread_of(event))
    if not event["data"].get("official"):
        told += thread_recipients(event)
    return _others(event, told)


def followers(event: Event) -> list[str]:
    """Return who follows the thread, without the person who acted."""
    return _others(event, follow.followers("thread", _thread_of(event)))


def answer_recipients(event: Event) -> list[str]:
    """Return who follows the thread when a reply was marked as the answer; nobody when the mark was taken away."""
    return followers(event) if event["data"].get("to") else []


def assigned_recipients(event: Event) -> list[str]:
    """Return the colleague who is in charge now."""
    account = people.account_of(event["data"]["to"]) if event["data"].get("to") else None
    return _others(event, [account] if account else [], muted=False)


def thread_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a new thread."""
    return _message(int(event["target_id"]), 1, lang, kind=None, why="why_staff")


def comment_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a new message."""
    thread_id, seq = event["target_id"].split("#")
    return _message(int(thread_id), int(seq), lang, kind="official" if event["data"].get("official") else "reply", why="why_reply")


def state_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a thread that was closed, locked or reopened."""
    words, thread = WORDS[lang], _thread(event)
    return _step(event, lang, words["state"].format(state=words[event["data"]["to"]], thread=thread.title), why="why_reply")


def problem_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about what became of a reported problem."""
    words, thread = WORDS[lang], _thread(event)
    return _step(event, lang, words["state"].format(state=words[f"problem_{event['data']['to']}"], thread=thread.title), why="why_reply")


def answer_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail about a reply that was marked as the answer."""
    title = WORDS[lang]["answer"].format(thread=_thread(event).title)
    return _message(int(event["target_id"]), int(event["data"]["to"]), lang, kind=None, why="why_reply", title=title)


def assigned_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return subject and text of the mail to the colleague in charge."""
    return _step(event, lang, WORDS[lang]["assigned"].format(thread=_thread(event).title), why="why_assigned")


def _thread_of(event: Event) -> str:
    return event["target_id"].split("#")[0]


def _others(event: Event, accounts: list[str], *, muted: bool = True) -> list[str]:
    """Leave out who acted and, with `muted`, who does not want to be told of this thread."""
    silent = set(follow.muted("thread", _thread_of(event))) if muted else set()
    return mails.others(event, accounts, _shown_subject(event), silent=silent)


def address(event: Event) -> tuple[str, str] | None:
    """Return where a mail goes: nowhere any more when the conversation was hidden, or its dataset turned private, while it waited."""
    return mails.address(event, _shown_subject(event))


def _shown_subject(event: Event) -> Subject | None:
    """Return what the conversation is about; None when it is hidden by now."""
    thread = model.Session.get(Thread, int(_thread_of(event)))
    return model.Session.get(Subject, thread.subject_id) if thread and thread.visibility == visibility.VISIBLE else None


def _thread(event: Event) -> Thread:
    thread = model.Session.get(Thread, int(_thread_of(event)))
    if thread is None:
        raise LookupError(f"thread {_thread_of(event)} is missing")
    return thread


def _url(thread_id: int, lang: str) -> str:
    return mails.url("participation_threads.show", lang, thread_id=thread_id)


def _step(event: Event, lang: str, title: str, *, why: str) -> tuple[str, str]:
    words, thread, data = WORDS[lang], _thread(event), event["data"]
    link = data.get("link") or {}
    body = "\n\n".join(part for part in (
        title, words["because"].format(reason=data["reason"]) if data.get("reason") else "",
        words["mended"].format(link=_absolute(link["url"])) if link.get("url") else "",
        words["see"].format(url=_url(thread.id, lang)), words[why]) if part)
    return title, body


def _absolute(url: str) -> str:
    return url if url.startswith("http") else tk.config["ckan.site_url"].rstrip("/") + url


def _message(thread_id: int, seq: int, lang: str, *, kind: str | None, why: str, title: str = "") -> tuple[str, str]:
    words = WORDS[lang]
    thread = model.Session.get(Thread, thread_id)
    comment = model.Session.get(Comment, (thread_id, seq))
    if thread is None or comment is None:
        raise LookupError(f"message {thread_id}#{seq} is missing")
    subject = model.Session.get(Subject, thread.subject_id)
    name = people.public_names({comment.author_id}, lang).get(comment.author_id, {}).get("name", "") if comment.signed else ""
    title = title or words[kind or thread.kind].format(title=subject.title if subject else "", thread=thread.title)
    # A text that was hidden meanwhile does not leave by mail.
    text = comment.body if comment.state == visibility.VISIBLE else ""
    body = "\n\n".join(part for part in (
        thread.title, words["by"].format(name=name) if name else "", text, words["see"].format(url=f"{_url(thread_id, lang)}#{seq}"),
        words[why]) if part)
    return title, body
