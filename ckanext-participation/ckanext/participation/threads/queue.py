"""Messages that wait for a person's look, and what a decision does to them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import events, people, visibility
from ckanext.participation.common.model import Event, Person, Subject
from ckanext.participation.threads import counting, shapes
from ckanext.participation.threads.model import Comment, Thread


def held(limit: int, organization_id: str | None = None) -> list[dict[str, Any]]:
    """Return the held messages, oldest first: of the site, or about one organisation and its data."""
    query = (sa.select(Comment, Thread.title).join(Thread, Thread.id == Comment.thread_id)
             .where(Comment.state == visibility.HELD).order_by(Comment.created).limit(limit))
    if organization_id is not None:
        query = query.join(Subject, Subject.id == Thread.subject_id).where(Subject.organization_id == organization_id)
    rows = model.Session.execute(query).all()
    names = people.public_names({row[0].author_id for row in rows})
    return [{"id": f"{comment.thread_id}#{comment.seq}", "title": title, "url": f"{shapes.url_of(comment.thread_id)}#{comment.seq}",
             "author": shapes.author(comment.author_id, names)["name"], "created": comment.created.isoformat(),
             "reason": comment.state_reason, "body_html": comment.body_html} for comment, title in rows]


def owner(identifier: str) -> str | None:
    """Return the id of the organisation that answers for the thread of a message (`thread#number`)."""
    thread_id, _, seq = identifier.partition("#")
    if not all(part.isascii() and part.isdigit() and len(part) < most for part, most in ((thread_id, 19), (seq, 10))):
        return None
    row = model.Session.execute(
        sa.select(Subject.organization_id, Comment.state).join(Thread, Thread.subject_id == Subject.id)
        .join(Comment, Comment.thread_id == Thread.id).where(Thread.id == int(thread_id), Comment.seq == int(seq))).first()
    # What its author took back, and what an administrator of the site removed or hid, the organisation's staff does not bring back.
    if row is None or row.state == visibility.REMOVED or (row.state == visibility.HIDDEN and _hidden_by_administrator(identifier)):
        return None
    return row.organization_id


def _hidden_by_administrator(identifier: str) -> bool:
    return bool(model.Session.scalar(
        sa.select(model.User.sysadmin).select_from(Event).join(Person, Person.id == Event.actor_id)
        .join(model.User, model.User.id == Person.user_id)
        .where(Event.target_type == "comment", Event.target_id == identifier, Event.type == "visibility.set")
        .order_by(Event.id.desc()).limit(1)))


def change(thread_id: int, seq: int, state: str, reason: str) -> dict[str, Any] | None:
    """Set a message's visibility and the counters that depend on it, without committing; None when there is no such message.

    A text that is shown for the first time is announced now, with the event of its writing: nobody was told before.
    """
    thread = model.Session.get(Thread, thread_id, with_for_update=True)
    comment = model.Session.get(Comment, (thread_id, seq), with_for_update=True)
    if thread is None or comment is None:
        return None
    before = comment.state
    comment.state, comment.state_reason = state, reason or None
    thread.n_visible += (state == visibility.VISIBLE) - (before == visibility.VISIBLE)
    thread.version += 1
    if comment.translation_pending:
        thread.n_untranslated += (state == visibility.VISIBLE) - (before == visibility.VISIBLE)
    if seq == 1:
        thread.visibility = state
    counting.mark(thread.subject_id)
    if state == visibility.VISIBLE:
        if seq > thread.last_seq:
            thread.last_seq, thread.last_at = seq, comment.created
        if before == visibility.HELD:
            target = ("thread", thread_id) if seq == 1 else ("comment", f"{thread_id}#{seq}")
            kind = "thread.created" if seq == 1 else "comment.created"
            events.write(kind, actor_id=comment.author_id, subject_id=thread.subject_id, target=target,
                         data={"released": True, "official": comment.on_behalf_of is not None})
    return {"from": before, "subject_id": thread.subject_id}
