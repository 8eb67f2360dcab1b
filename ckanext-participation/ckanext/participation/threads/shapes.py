"""Rows as the API and the pages show them. What may not be shown is not in the dictionaries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import has_request_context

from ckanext.participation.common import people, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.translated import in_language
from ckanext.participation.threads.model import Comment, Thread

Names = dict[int, dict[str, Any]]


def author(person_id: int, names: Names) -> dict[str, Any]:
    """Return `{"name"}` of a person, without anything else of the account."""
    known = names.get(person_id, {})
    return {"name": known.get("name") or tk._("Former user"), "account": known.get("account")}


def url_of(thread_id: int) -> str:
    """Return the address of a thread's page."""
    return tk.url_for("participation_threads.show", thread_id=thread_id)


def thread(row: Thread, subject: dict[str, Any], names: Names) -> dict[str, Any]:
    """Return a thread without its messages."""
    return {"id": row.id, "kind": row.kind, "title": row.title, "lang": row.lang, "state": row.state, "visibility": row.visibility,
            "url": url_of(row.id), "created": row.created.isoformat(), "last_at": row.last_at.isoformat(),
            "n_visible": row.n_visible, "n_replies": max(0, row.n_visible - 1), "version": row.version,
            "author": author(row.author_id, names), "subject": subject}


def comment(row: Comment, names: Names, organizations: dict[str, dict[str, Any]], *, own: bool = False) -> dict[str, Any]:
    """Return a message; of a hidden or removed one only its place, its state and the reason. `own` lets a held text through."""
    readable = row.state == visibility.VISIBLE or (row.state == visibility.HELD and own)
    shown: dict[str, Any] = {
        "thread_id": row.thread_id, "seq": row.seq, "parent_seq": row.parent_seq, "depth": row.depth, "state": row.state,
        "created": row.created.isoformat(), "edited": row.edited.isoformat() if row.edited else None,
        "lang": row.lang, "permalink": f"{url_of(row.thread_id)}#{row.seq}",
        "on_behalf_of": organizations.get(row.on_behalf_of or ""), "may": {"reply": row.state == visibility.VISIBLE},
    }
    if readable:
        shown |= {"author": author(row.author_id, names), "body": row.body, "body_html": row.body_html, "state_reason": None}
    else:
        shown |= {"author": None, "body": None, "body_html": None, "state_reason": row.state_reason, "on_behalf_of": None}
    return shown


def organizations(rows: list[Comment]) -> dict[str, dict[str, Any]]:
    """Return `{id: {"title", "url", "image_url"}}` of the organisations that the messages speak for, in one statement."""
    ids = {row.on_behalf_of for row in rows if row.on_behalf_of}
    if not ids:
        return {}
    found = model.Session.scalars(sa.select(model.Group).where(model.Group.id.in_(ids)))
    lang = str(tk.h.lang()) if has_request_context() else None
    return {row.id: {
        "id": row.id, "title": in_language(row.extras.get("title_translated"), lang, row.title or row.name),
        "url": tk.url_for("organization.read", id=row.name),
        "image_url": row.image_url if (row.image_url or "").startswith("http") else None} for row in found}


def threads_with_messages(rows: list[Thread], subject: dict[str, Any]) -> list[dict[str, Any]]:
    """Return threads with their opening message and the organisation's latest answer: three statements however many threads."""
    ids = [row.id for row in rows]
    openings = Comment.openings(ids) if ids else {}
    answers = Comment.answers(ids) if ids else {}
    comments = [*openings.values(), *answers.values()]
    names = people.public_names({row.author_id for row in comments} | {row.author_id for row in rows})
    organizations_ = organizations(comments)
    return [thread(row, subject, names) | {
        "opening": comment(openings[row.id], names, organizations_) if row.id in openings else None,
        "answer": comment(answers[row.id], names, organizations_) if row.id in answers else None} for row in rows]


def mark(row: Thread) -> str:
    """Return where the next page of threads begins."""
    return f"{row.last_at.isoformat()}~{row.id}"


def read_mark(raw: str | None) -> tuple[datetime, int] | None:
    """Return the instant and id of a `next` mark; a named error for anything else."""
    if not raw:
        return None
    moment, _, identifier = raw.partition("~")
    try:
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None or not identifier.isdigit() or len(identifier) > 18:
            raise ValueError(raw)
    except ValueError as error:
        raise field_error("after", tk._("Must be the `next` of the page before.")) from error
    return at, int(identifier)
