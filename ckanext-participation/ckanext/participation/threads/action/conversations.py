"""What one can do with threads: start one, answer, read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, idempotency, limits, paging, people, subjects, text, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Subject, now
from ckanext.participation.threads import rules, schema, shapes
from ckanext.participation.threads.model import Comment, Thread

__all__ = ["participation_comment_create", "participation_comment_list", "participation_thread_create",
           "participation_thread_latest", "participation_thread_list", "participation_thread_show"]

Data = dict[str, Any]

POSTS = ("thread.created", "comment.created")


def participation_thread_create(context: Context, data_dict: Data) -> dict[str, Any]:
    """Start a conversation about a dataset (or a resource, or an organisation) with its first message.

    :param subject_id: id or name of what it is about
    :type subject_id: string
    :param subject_type: `dataset` (default), `resource`, `organization`, or a type that an extension registered
    :type subject_type: string
    :param title: what it is about in a few words, at most 300 bytes
    :type title: string
    :param body: the first message, Markdown, at most `participation.text.max_bytes` bytes
    :type body: string
    :param kind: `question` (default), `problem`, `suggestion` or `thanks`
    :type kind: string
    :param lang: language of the text, `fr` or `en` (default: that of the page)
    :type lang: string
    :param as_organization: speak for the organisation that publishes it (its editors and administrators only)
    :type as_organization: boolean
    :param idempotency_key: any text of at most 100 characters; the same key again gives the first thread again
    :type idempotency_key: string
    :returns: the thread, as `participation_thread_show` gives it, with `visibility` `held` when a person must look at it first
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in, the subject may not be seen, or the person does not speak for the organisation
    :raises LimitExceeded: too many texts in a short time (429, with Retry-After)
    """
    entry = subjects.type_of(data_dict.get("subject_type") or "dataset")
    asked = schema.new_thread(data_dict)
    tk.check_access("participation_thread_create", context, {**data_dict, "subject_type": entry.name})
    actor = people.actor(context)
    found = subjects.read(context, entry.name, asked["subject_id"])
    organization = _organization(actor, found["organization_id"], asked["as_organization"])
    repeated = idempotency.claim(actor.person_id, "participation_thread_create", asked["key"])
    if repeated:
        model.Session.commit()
        return tk.get_action("participation_thread_show")(context, {"id": int(repeated)})
    limits.check(actor.person_id, POSTS)
    subject = subjects.row_for(entry.name, found)
    html = text.render(asked["body"])
    decision = _decide("thread", html, actor, found, organization)
    thread = Thread(subject_id=subject.id, kind=asked["kind"], title=asked["title"], lang=asked["lang"],
                    author_id=actor.person_id, visibility=decision.state)
    model.Session.add(thread)
    model.Session.flush()
    _store(thread, actor, asked, html, decision, organization, parent=None)
    held = decision.state != visibility.VISIBLE
    events.write("thread.created", actor_id=actor.person_id, subject_id=subject.id, target=("thread", thread.id),
                 data={"kind": thread.kind, "held": decision.reason} if held else {"kind": thread.kind}, announce=not held)
    idempotency.settle(actor.person_id, "participation_thread_create", asked["key"], thread.id)
    model.Session.commit()
    return shapes.thread(thread, subjects.as_dict(subject, found), people.public_names({actor.person_id}))


def participation_comment_create(context: Context, data_dict: Data) -> dict[str, Any]:
    """Answer in a conversation.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param body: the message, Markdown, at most `participation.text.max_bytes` bytes
    :type body: string
    :param parent_seq: number of the message that this one answers (default: the thread's first)
    :type parent_seq: integer
    :param lang: language of the text, `fr` or `en` (default: that of the page)
    :type lang: string
    :param as_organization: answer for the organisation that publishes the data (its editors and administrators only)
    :type as_organization: boolean
    :param idempotency_key: any text of at most 100 characters; the same key again gives the first message again
    :type idempotency_key: string
    :returns: the message, as `participation_comment_list` gives it
    :raises ValidationError: named fields, among them a thread that is closed or locked
    :raises NotAuthorized: nobody is signed in, the thread may not be seen, or the person does not speak for the organisation
    :raises LimitExceeded: too many texts in a short time (429, with Retry-After)
    """
    asked = schema.new_comment(data_dict)
    tk.check_access("participation_comment_create", context, data_dict)
    actor = people.actor(context)
    thread, subject = _thread(asked["thread_id"])
    found = subjects.read(context, subject.type, subject.ref)
    organization = _organization(actor, found["organization_id"], asked["as_organization"])
    repeated = idempotency.claim(actor.person_id, "participation_comment_create", asked["key"])
    if repeated:
        model.Session.commit()
        return _one(int(repeated.split("#")[0]), int(repeated.split("#")[1]))
    if not rules.takes_messages(thread.state):
        raise field_error("thread_id", tk._("This conversation is closed: it takes no more messages."))
    parent = _parent(thread, asked["parent_seq"], actor)
    limits.check(actor.person_id, POSTS)
    html = text.render(asked["body"])
    decision = _decide("comment", html, actor, found, organization)
    comment = _store(thread, actor, asked, html, decision, organization, parent=parent)
    held = decision.state != visibility.VISIBLE
    if not held:
        thread.state = rules.state_after_reply(thread.kind, thread.state, official=organization is not None,
                                               by_asker=actor.person_id == thread.author_id)
    events.write("comment.created", actor_id=actor.person_id, subject_id=subject.id,
                 target=("comment", f"{thread.id}#{comment.seq}"), announce=not held,
                 data={"official": organization is not None} | ({"held": decision.reason} if held else {}))
    idempotency.settle(actor.person_id, "participation_comment_create", asked["key"], f"{thread.id}#{comment.seq}")
    model.Session.commit()
    return shapes.comment(comment, people.public_names({actor.person_id}), shapes.organizations([comment]), own=True)


@tk.side_effect_free
def participation_thread_list(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the conversations about one subject, the latest spoken in first.

    :param subject_id: id or name of what they are about
    :type subject_id: string
    :param subject_type: `dataset` (default), `resource`, `organization`, or a registered type
    :type subject_type: string
    :param limit: how many, 1 to 100 (default 20)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"results": [thread with its opening message and the organisation's latest answer], "next": string or null}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the reader may not see the subject
    """
    entry = subjects.type_of(data_dict.get("subject_type") or "dataset")
    limit, ref, after = schema.all_errors(
        lambda: paging.limit_of(data_dict, 20), lambda: paging.text_of(data_dict, "subject_id", required=True),
        lambda: shapes.read_mark(paging.text_of(data_dict, "after")))
    tk.check_access("participation_thread_list", context, {**data_dict, "subject_type": entry.name})
    found = subjects.read(context, entry.name, ref)
    subject = subjects.find(entry.name, found["ref"])
    rows = Thread.of_subject(subject.id, limit=limit + 1, before=after) if subject else []
    shown = rows[:limit]
    about = subjects.as_dict(subject, found) if subject else {}
    return {"results": shapes.threads_with_messages(shown, about),
            "next": shapes.mark(shown[-1]) if len(rows) > limit else None}


@tk.side_effect_free
def participation_thread_latest(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the site's latest conversations that the reader may see.

    :param limit: how many, 1 to 100 (default 10)
    :type limit: integer
    :returns: `{"results": [thread], "count": visible conversations of the whole site}`
    :raises ValidationError: `limit` is not a number from 1 to 100
    """
    limit = paging.limit_of(data_dict, 10)
    tk.check_access("participation_thread_latest", context, data_dict)
    shown: list[tuple[Thread, dict[str, Any]]] = []
    # Some of the latest may be about private datasets: look a little further rather than show fewer.
    for thread, subject in Thread.latest(limit * 3):
        if len(shown) == limit:
            break
        try:
            found = subjects.read(context, subject.type, subject.ref)
        except (tk.NotAuthorized, tk.ObjectNotFound):
            continue
        shown.append((thread, subjects.as_dict(subject, found)))
    names = people.public_names({thread.author_id for thread, _ in shown})
    return {"results": [shapes.thread(thread, about, names) for thread, about in shown], "count": Thread.count()}


@tk.side_effect_free
def participation_thread_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show one conversation without its messages.

    :param id: number of the thread
    :type id: integer
    :returns: `{"id", "kind", "title", "lang", "state", "visibility", "url", "created", "last_at", "n_visible", "version",
        "author", "subject"}`
    :raises ValidationError: `id` is not a number
    :raises NotAuthorized: there is no such thread, or the reader may not see what it is about
    """
    thread_id = paging.integer_of(data_dict, "id") or 0
    tk.check_access("participation_thread_show", context, data_dict)
    thread, subject = _thread(thread_id)
    found = subjects.read(context, subject.type, subject.ref)
    _may_see(context, thread)
    return shapes.thread(thread, subjects.as_dict(subject, found), people.public_names({thread.author_id}))


@tk.side_effect_free
def participation_comment_list(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the messages of a conversation in the order of their replies.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"results": [message], "next": string or null}`; a hidden or removed message has its reason and no text
    :raises ValidationError: named fields
    :raises NotAuthorized: there is no such thread, or the reader may not see what it is about
    """
    thread_id, limit, after = schema.all_errors(
        lambda: paging.integer_of(data_dict, "thread_id"), lambda: paging.limit_of(data_dict),
        lambda: paging.text_of(data_dict, "after", most=rules.WIDTH * (rules.DEPTH_CAP + 1)))
    tk.check_access("participation_comment_list", context, data_dict)
    thread, subject = _thread(thread_id)
    subjects.read(context, subject.type, subject.ref)
    person = _may_see(context, thread)
    rows = Comment.page(thread.id, limit=limit + 1, after=after, person_id=person.person_id if person else None,
                        everything=bool(person and person.is_sysadmin))
    shown = rows[:limit]
    names = people.public_names({row.author_id for row in shown})
    organizations = shapes.organizations(shown)
    return {"results": [shapes.comment(row, names, organizations, own=bool(person and (
                person.is_sysadmin or row.author_id == person.person_id))) for row in shown],
            "next": shown[-1].path if len(rows) > limit else None}


def _thread(thread_id: int) -> tuple[Thread, Subject]:
    thread = model.Session.get(Thread, thread_id)
    subject = model.Session.get(Subject, thread.subject_id) if thread else None
    if thread is None or subject is None:
        raise tk.ObjectNotFound(tk._("There is no conversation with this number."))
    return thread, subject


def _may_see(context: Context, thread: Thread) -> people.Actor | None:
    """Return the reader, if signed in; a thread that is held, hidden or removed is for its author (held) and administrators."""
    person = people.actor(context) if model.User.get(context.get("user")) else None
    if thread.visibility != visibility.VISIBLE:
        own = person is not None and thread.visibility == visibility.HELD and person.person_id == thread.author_id
        if not (own or (person and person.is_sysadmin)):
            raise tk.NotAuthorized(tk._("You may not see this conversation."))
    return person


def _organization(actor: people.Actor, organization_id: str | None, wanted: bool) -> str | None:
    if not wanted:
        return None
    if not people.speaks_for(actor.user_id, organization_id):
        raise tk.NotAuthorized(tk._("Only editors and administrators of the organisation answer in its name."))
    return organization_id


def _parent(thread: Thread, parent_seq: int | None, actor: people.Actor) -> Comment | None:
    """Return the message that is answered; a held one can be answered by nobody but its author."""
    if parent_seq is None:
        parent_seq = 1
    parent = model.Session.get(Comment, (thread.id, parent_seq)) if parent_seq < 2**31 else None
    if parent is None or (parent.state == visibility.HELD and parent.author_id != actor.person_id):
        raise field_error("parent_seq", tk._("There is no message with this number to answer."))
    return parent


def _decide(kind: str, html: str, actor: people.Actor, found: Data, organization: str | None) -> visibility.Decision:
    return visibility.decide(visibility.Proposal(
        kind=kind, html=html, person_id=actor.person_id, account_age_days=actor.account_age_days,
        speaks_for_organization=organization is not None, is_sysadmin=actor.is_sysadmin, subject=found))


def _store(thread: Thread, actor: people.Actor, asked: Data, html: str, decision: visibility.Decision,
           organization: str | None, *, parent: Comment | None) -> Comment:
    at: datetime = now()
    seq = Thread.take_number(thread.id, visible=decision.state == visibility.VISIBLE, at=at)
    path, depth = rules.path_of(seq, parent.path if parent and parent.seq != 1 else None)
    comment = Comment(thread_id=thread.id, seq=seq, parent_seq=parent.seq if parent else None, path=path, depth=depth,
                      author_id=actor.person_id, on_behalf_of=organization, lang=asked["lang"], state=decision.state,
                      state_reason=decision.reason or None, created=at, body=asked["body"], body_html=html,
                      text_version=text.TEXT_VERSION)
    model.Session.add(comment)
    model.Session.flush()
    # The counting statement passed the session by.
    model.Session.refresh(thread)
    return comment


def _one(thread_id: int, seq: int) -> dict[str, Any]:
    row = model.Session.scalar(sa.select(Comment).where(Comment.thread_id == thread_id, Comment.seq == seq))
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no message with this number."))
    return shapes.comment(row, people.public_names({row.author_id}), shapes.organizations([row]), own=True)
