"""What every write to a thread shares: storing a message, keeping an older version, noting a step of the public history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation import config
from ckanext.participation.common import people, subjects, text, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import now
from ckanext.participation.common.translated import in_language
from ckanext.participation.threads import attachments, rules
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import CommentVersion, ThreadChange

# What counts towards the number of texts that one person may post in a short time.
POSTS = ("thread.created", "comment.created", "comment.edited", "comment.translated")
# What citizens may decide about their own conversations, each told by mail to those who follow.
STEPS = ("thread.state", "thread.answer")


def store(thread: Thread, actor: people.Actor, asked: dict[str, Any], html: str, decision: visibility.Decision,
          organization: str | None, *, parent: Any = None) -> Comment:
    """Add a message with the next number of its thread, which is held, without committing, and return it.

    `parent` is the place of the message that it answers (`Comment.place`).
    """
    at: datetime = now()
    seq = thread.take_number(visible=decision.state == visibility.VISIBLE, at=at)
    path, depth = rules.path_of(seq, parent.path if parent and parent.seq != 1 else None)
    pending = organization is not None and (config.translation_expected() if asked["translation_expected"] is None
                                            else asked["translation_expected"])
    comment = Comment(thread_id=thread.id, seq=seq, parent_seq=parent.seq if parent else None, path=path, depth=depth,
                      author_id=actor.person_id, on_behalf_of=organization, signed=organization is None or asked["signed"],
                      lang=asked["lang"], state=decision.state, state_reason=decision.reason or None, created=at, body=asked["body"],
                      body_html=html, text_version=text.TEXT_VERSION, edited=None, n_versions=0, translation=None,
                      translation_pending=bool(pending), n_support=0, n_against=0,
                      attachments=attachments.claim(asked["attachments"], actor.person_id, thread.id, seq) or None)
    comment.insert()
    if pending and decision.state == visibility.VISIBLE:
        thread.n_untranslated += 1
    return comment


def comment_of(thread: Thread, seq: int | None) -> Comment:
    """Return a message of a thread that is held (locked) for a change. Raises ObjectNotFound."""
    row = model.Session.get(Comment, (thread.id, seq), populate_existing=True) if seq else None
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no message with this number."))
    return row


def keep_version(comment: Comment, editor: people.Actor) -> None:
    """Keep what the message says now, before it is changed."""
    comment.n_versions += 1
    model.Session.add(CommentVersion(thread_id=comment.thread_id, seq=comment.seq, number=comment.n_versions, lang=comment.lang,
                                     body=comment.body, until=now(), editor_id=editor.person_id))


def note(thread: Thread, actor: people.Actor, what: str, before: Any, after: Any, *, official: bool, reason: str = "",
         link: dict[str, Any] | None = None) -> None:
    """Add one step to the thread's public history; the thread is held, so numbers are dense."""
    thread.n_changes += 1
    thread.version += 1
    model.Session.add(ThreadChange(
        thread_id=thread.id, number=thread.n_changes, at=now(), actor_id=actor.person_id, official=official, what=what,
        before=None if before is None else str(before), after=None if after is None else str(after), reason=reason or None, link=link))


def set_state(thread: Thread, actor: people.Actor, state: str, *, official: bool, reason: str = "") -> None:
    """Change a thread's state, with its date and a step of the history."""
    note(thread, actor, "state", thread.state, state, official=official, reason=reason)
    thread.state, thread.state_reason, thread.state_at = state, reason or None, now()


def check_problem(problem: dict[str, str] | None, subject_type: str, ref: str) -> None:
    """Raise ValidationError when a problem report names a file that is not one of the dataset's."""
    resource_id = (problem or {}).get("resource_id")
    if resource_id:
        file_of(subject_type, ref, resource_id, "problem_resource_id")


def file_of(subject_type: str, ref: str, resource_id: str, field: str) -> dict[str, str]:
    """Return `{"resource_id", "title", "url"}` of a file of the subject's dataset. Raises ValidationError on `field` otherwise."""
    owner = sa.select(model.Resource.package_id)
    dataset_id = ref if subject_type == "dataset" else model.Session.scalar(owner.where(model.Resource.id == ref))
    there = model.Session.scalar(owner.where(model.Resource.id == resource_id, model.Resource.state == model.State.ACTIVE))
    if there is None or there != dataset_id:
        raise field_error(field, tk._("Choose one of the dataset’s files."))
    found = subjects.type_of("resource").load(resource_id) or {}
    return {"resource_id": resource_id, "title": found.get("title", ""), "url": found.get("url", "")}


def files_of(subject_type: str, ref: str) -> list[dict[str, str]]:
    """Return the files of a dataset, or of the dataset of a file: `[{"value": id, "text": title}]`; rights were asked before."""
    package = model.Package.get(ref) if subject_type == "dataset" else None
    dataset_id = package.id if package else model.Session.scalar(sa.select(model.Resource.package_id).where(model.Resource.id == ref))
    if dataset_id is None or subject_type not in ("dataset", "resource"):
        return []
    rows = model.Session.scalars(sa.select(model.Resource).where(
        model.Resource.package_id == dataset_id, model.Resource.state == model.State.ACTIVE).order_by(model.Resource.position))
    lang = str(tk.h.lang())
    return [{"value": row.id, "text": in_language((row.extras or {}).get("name_translated"), lang, row.name or row.url)} for row in rows]
