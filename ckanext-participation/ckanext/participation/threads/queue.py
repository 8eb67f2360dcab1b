"""Messages that wait for a person's look, and what a decision does to them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import events, people, visibility
from ckanext.participation.threads import shapes
from ckanext.participation.threads.model import Comment, Thread


def held(limit: int) -> list[dict[str, Any]]:
    """Return the held messages, oldest first."""
    rows = model.Session.execute(
        sa.select(Comment, Thread.title).join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.state == visibility.HELD).order_by(Comment.created).limit(limit)).all()
    names = people.public_names({row[0].author_id for row in rows})
    return [{"id": f"{comment.thread_id}#{comment.seq}", "title": title, "url": f"{shapes.url_of(comment.thread_id)}#{comment.seq}",
             "author": shapes.author(comment.author_id, names)["name"], "created": comment.created.isoformat(),
             "reason": comment.state_reason, "body_html": comment.body_html} for comment, title in rows]


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
    if seq == 1:
        thread.visibility = state
    if state == visibility.VISIBLE:
        thread.last_seq = max(thread.last_seq, seq)
        if before == visibility.HELD:
            target = ("thread", thread_id) if seq == 1 else ("comment", f"{thread_id}#{seq}")
            kind = "thread.created" if seq == 1 else "comment.created"
            events.write(kind, actor_id=comment.author_id, subject_id=thread.subject_id, target=target,
                         data={"released": True, "official": comment.on_behalf_of is not None})
    return {"from": before, "subject_id": thread.subject_id}
