"""What threads are to `common`: a message can be supported, a thread can be followed. Their ids have one spelling each."""

from __future__ import annotations

import re
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common import subjects, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Subject
from ckanext.participation.common.registry import EventType, Followable, Panel, Registry, Supportable
from ckanext.participation.threads import gates, ratings, shapes
from ckanext.participation.threads.model import Comment, Thread

_THREAD = re.compile(r"[1-9][0-9]{0,17}")
_MESSAGE = re.compile(r"([1-9][0-9]{0,17})#([1-9][0-9]{0,8})")


def register(registry: Registry) -> None:
    """Enter messages as supportable, threads as followable, and what ratings need."""
    registry.add(Supportable("comment", read_comment_id, check_comment, open_to, count, config.votes))
    registry.add(Followable("thread", read_thread_id, check_thread, accept_follower, describe))
    registry.add(EventType("rating.set"))
    registry.add_mover("ratings", ratings.move)
    registry.add(Panel("rating", "dataset", "participation/threads/snippets/rating.html", ratings.panel, order=20))


def read_thread_id(raw: Any) -> str:
    """Return the id of a thread as it is stored; a named error for anything else."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or not _THREAD.fullmatch(raw):
        raise field_error("target_id", tk._("Must be the number of a conversation, such as 42."))
    return raw


def read_comment_id(raw: Any) -> str:
    """Return the id of a message as it is stored; a named error for anything else."""
    if not isinstance(raw, str) or not _MESSAGE.fullmatch(raw):
        raise field_error("target_id", tk._("Must be the thread's and the message's number, such as 42#3."))
    return raw


def check_thread(context: Context, identifier: str) -> None:
    """Raise NotAuthorized unless the reader may see the thread; whether it exists is not told to others."""
    tk.check_access("participation_thread_show", {**context}, {"id": int(identifier)})
    thread = model.Session.get(Thread, int(identifier))
    if thread is None:
        raise tk.ObjectNotFound(tk._("There is no conversation with this number."))
    gates.reading_person(context, thread)


def check_comment(context: Context, identifier: str) -> None:
    """Raise NotAuthorized unless the reader may see the message's thread."""
    check_thread(context, identifier.partition("#")[0])


def open_to(identifier: str, person_id: int) -> tuple[int | None, int, int]:
    """Return the subject of a message and its two counts; an error when this person can't say whether it is useful."""
    gates.refuse_when_read_only()
    row = model.Session.execute(
        sa.select(Thread.subject_id, Comment.author_id, Comment.state, Comment.n_support, Comment.n_against, Subject.type, Subject.ref)
        .join(Thread, Thread.id == Comment.thread_id).join(Subject, Subject.id == Thread.subject_id).where(*_is(identifier))).first()
    if row is None or (row.state == visibility.HELD and row.author_id != person_id):
        raise tk.ObjectNotFound(tk._("There is no message with this number."))
    gates.refuse_when_removed(subjects.type_of(row.type).load(row.ref) or {})
    if row.author_id == person_id:
        raise field_error("target_id", tk._("This is your own message: others say whether it is useful."))
    if row.state != visibility.VISIBLE:
        raise field_error("target_id", tk._("This message is not shown, so nobody can say whether it is useful."))
    return row.subject_id, row.n_support, row.n_against


def count(identifier: str, support: int, against: int) -> tuple[int, int] | None:
    """Add to a message's two counts and return them; None when it is not shown. The thread's version says that a page changed.

    The thread is taken before the message, as everywhere, so that no two writes wait for each other.
    """
    thread_id = int(identifier.partition("#")[0])
    model.Session.execute(sa.update(Thread).where(Thread.id == thread_id).values(version=Thread.version + 1))
    row = model.Session.execute(
        sa.update(Comment).where(*_is(identifier), Comment.state == visibility.VISIBLE)
        .values(n_support=Comment.n_support + support, n_against=Comment.n_against + against)
        .returning(Comment.n_support, Comment.n_against)).first()
    return (row.n_support, row.n_against) if row else None


def accept_follower(identifier: str) -> int | None:
    """Return the subject of a thread that is to be followed or left."""
    gates.refuse_when_read_only()
    return model.Session.scalar(sa.select(Thread.subject_id).where(Thread.id == int(identifier)))


def describe(context: Context, identifiers: list[str]) -> dict[str, dict[str, Any]]:
    """Return title and address of the threads that the reader may see; each subject is asked once."""
    rows = model.Session.execute(
        sa.select(Thread.id, Thread.title, Subject).join(Subject, Subject.id == Thread.subject_id)
        .where(Thread.id.in_([int(identifier) for identifier in identifiers]), Thread.visibility == visibility.VISIBLE)).all()
    readable = {row.Subject.id: subjects.readable(context, row.Subject) for row in {row.Subject.id: row for row in rows}.values()}
    return {str(row.id): {"title": row.title, "url": shapes.url_of(row.id)} for row in rows if readable[row.Subject.id]}


def _is(identifier: str) -> tuple[Any, Any]:
    thread_id, _, seq = identifier.partition("#")
    return Comment.thread_id == int(thread_id), Comment.seq == int(seq)
