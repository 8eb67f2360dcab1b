"""Rows as the API and the pages show them. What may not be shown is not in the dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from flask import has_request_context

from ckanext.participation.common import people, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.translated import in_language
from ckanext.participation.threads import attachments, rules
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import ThreadChange

Names = dict[int, dict[str, Any]]


def author(person_id: int, names: Names) -> dict[str, Any]:
    """Return `{"name"}` of a person, without anything else of the account."""
    known = names.get(person_id, {})
    return {"name": known.get("name") or tk._("Former user"), "account": known.get("account")}


def url_of(thread_id: int) -> str:
    """Return the address of a thread's page."""
    return tk.url_for("participation_threads.show", thread_id=thread_id)


def thread(row: Thread, subject: dict[str, Any], names: Names, *, face: Any = None, organizations: dict[str, dict[str, Any]] | None = None,
           staff: bool = False) -> dict[str, Any]:
    """Return a thread without its messages.

    `face` is its first message, or what `Comment.faces` tells of it: who left the own name out there is not named here, but to
    colleagues (`staff`), and what a problem report says goes with a text that was taken back.
    """
    organization = (organizations or {}).get(face.on_behalf_of) if face is not None and not face.signed and not staff else None
    begun_by = {"name": organization["title"], "account": None} if organization else author(row.author_id, names)
    problem = None if face is not None and face.state in (visibility.HIDDEN, visibility.REMOVED) else row.problem
    return {"id": row.id, "kind": row.kind, "title": row.title, "lang": row.lang, "state": row.state, "visibility": row.visibility,
            "reopened": row.state == rules.OPEN and row.state_at is not None, "state_reason": row.state_reason,
            "state_at": row.state_at.isoformat() if row.state_at else None,
            "problem_state": row.problem_state, "problem": problem, "answer_seq": row.answer_seq,
            "url": url_of(row.id), "created": row.created.isoformat(), "last_at": row.last_at.isoformat(),
            "n_visible": row.n_visible, "n_replies": max(0, row.n_visible - 1), "last_seq": row.last_seq,
            "n_untranslated": row.n_untranslated, "version": row.version,
            "author": begun_by, "subject": subject}


def permalink(thread_id: int, seq: int, *, last_seq: int, page: str = "") -> str:
    """Return the address of a message: an anchor of the thread's page, which shows another part of a long thread when asked to.

    `page` is the thread's address, for those who ask for many.
    """
    page = page or url_of(thread_id)
    if seq <= rules.PER_PAGE and last_seq <= rules.PER_PAGE:
        return f"{page}#{seq}"
    return f"{page}?at={seq}#{seq}"


def comment(row: Any, names: Names, organizations: dict[str, dict[str, Any]], *, own: bool = False,
            reader: rules.Reader | None = None, row_of: Thread | None = None, page: str = "", removed: bool = False) -> dict[str, Any]:
    """Return a message; of a hidden or removed one only its place, its state and the reason. `own` lets a held text through.

    With `row_of` (its thread) the message knows whether it is the answer; with `reader` what that reader may do with it. `new` is for
    `showing` to say, which knows the reader's last visit.
    """
    visible = row.state == visibility.VISIBLE
    readable = visible or (own and row.state == visibility.HELD)
    official = row.on_behalf_of is not None
    organization = organizations.get(row.on_behalf_of) if official and readable else None
    may: dict[str, bool] = {"reply": visible and not removed}
    if reader is not None and reader.person_id and row_of is not None:
        may |= dict.fromkeys(rules.may_with_comment(reader, thread_state=row_of.state, author_id=row.author_id, state=row.state,
                                                    official=official, removed=removed), True)
    shown: dict[str, Any] = {
        "thread_id": row.thread_id, "seq": row.seq, "parent_seq": row.parent_seq, "depth": row.depth, "state": row.state,
        "created": row.created.isoformat(), "edited": row.edited.isoformat() if row.edited else None,
        "n_versions": row.n_versions, "lang": row.lang,
        "permalink": permalink(row.thread_id, row.seq, last_seq=row_of.last_seq if row_of else row.seq, page=page),
        "on_behalf_of": organization, "n_support": row.n_support, "n_against": row.n_against,
        "is_answer": readable and row_of is not None and row_of.answer_seq == row.seq, "may": may,
        "new": False,
    }
    if not readable:
        shown |= {"author": None, "body": None, "body_html": None, "attachments": [], "translation": None,
                  "translation_pending": False, "state_reason": row.state_reason}
        return shown
    # Somebody who answers for an organisation may leave the own name out; colleagues still see who it was.
    unsigned = organization is not None and not row.signed and not (reader and reader.staff)
    shown |= {"author": None if unsigned else author(row.author_id, names), "body": row.body, "body_html": row.body_html,
              "attachments": pictures(row), "translation": _translation(row), "signed": row.signed,
              "translation_pending": row.translation_pending, "state_reason": None}
    return shown


def pictures(row: Any) -> list[dict[str, Any]]:
    """Return the pictures of a message, with their addresses."""
    return attachments.as_dicts(row.attachments) if row.attachments else []


def _translation(row: Any) -> dict[str, Any] | None:
    if not row.translation:
        return None
    return {name: row.translation[name] for name in ("lang", "body", "body_html", "at")}


def change(row: ThreadChange, names: Names, *, staff: bool = False, files: bool = True) -> dict[str, Any]:
    """Return one step of a thread's public history; who took an official one, only colleagues (`staff`) are told.

    Without `files` it does not lead to one: those of a removed dataset are not there, and their names may be addresses.
    """
    return {"at": row.at.isoformat(), "what": row.what, "before": row.before, "after": row.after, "reason": row.reason,
            "official": row.official, "link": row.link if files or "resource_id" not in (row.link or {}) else None,
            "by": author(row.actor_id, names) if staff or not row.official else None}


def organizations(rows: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Return `{id: {"title", "url", "image_url"}}` of the organisations that the messages speak for, in one statement."""
    ids = {row.on_behalf_of for row in rows if row.on_behalf_of}
    if not ids:
        return {}
    found = model.Session.scalars(sa.select(model.Group).where(model.Group.id.in_(ids)))
    lang = str(tk.h.lang()) if has_request_context() else None
    return {row.id: {
        "id": row.id, "title": in_language((row.extras or {}).get("title_translated"), lang, row.title or row.name),
        "url": tk.url_for("organization.read", id=row.name),
        "image_url": row.image_url if (row.image_url or "").startswith("http") else None} for row in found}


def threads_with_messages(rows: list[Thread], about: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return threads with their opening message and the organisation's latest answer: four statements however many threads.

    `about` has what each thread's subject shows, by the subject's id.
    """
    ids = [row.id for row in rows]
    openings = Comment.openings(ids) if ids else {}
    answers = Comment.answers(rows) if ids else {}
    comments = [*openings.values(), *answers.values()]
    names = people.public_names({row.author_id for row in comments} | {row.author_id for row in rows})
    organizations_ = organizations(comments)
    return [thread(row, about[row.subject_id], names, face=openings.get(row.id), organizations=organizations_) | {
        "opening": comment(openings[row.id], names, organizations_, row_of=row) if row.id in openings else None,
        "answer": comment(answers[row.id], names, organizations_, row_of=row) if row.id in answers else None} for row in rows]


def mark(row: Thread) -> str:
    """Return where the next page of threads begins."""
    return f"{row.last_at.isoformat()}~{row.id}"


def read_mark(raw: str | None) -> tuple[datetime, int] | None:
    """Return the instant and id of a `next` mark; a named error for anything else."""
    if not raw:
        return None
    moment, _, identifier = raw.partition("~")
    try:
        # In UTC, which is what the database can compare with whatever was given.
        at = datetime.fromisoformat(moment).astimezone(UTC)
        if datetime.fromisoformat(moment).tzinfo is None or not (identifier.isascii() and identifier.isdigit()) or len(identifier) > 18:
            raise ValueError(raw)
    except (ValueError, OverflowError) as error:
        raise field_error("after", tk._("Must be the `next` of the page before.")) from error
    return at, int(identifier)
