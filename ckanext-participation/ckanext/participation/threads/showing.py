"""Threads and messages for one reader: what is shown, what that reader may do, what is new since the last visit."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import follow, people, subjects, support, visibility
from ckanext.participation.common.model import Subject
from ckanext.participation.threads import gates, ordering, read_marks, rules, shapes
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import ThreadChange

AHEAD = 10
Data = dict[str, Any]


def thread(row: Thread, subject: Subject, found: Data, person: people.Actor | None) -> Data:
    """Return a thread with its public history and what the reader may do."""
    reader = gates.reader_of(person, found["organization_id"])
    changes = _changes(row) if row.n_changes else []
    charge = reader.staff or reader.admin
    names = people.public_names({row.author_id, *(change.actor_id for change in changes), *([row.assignee_id] if row.assignee_id else [])})
    faces = Comment.faces([row.id])
    shown = shapes.thread(row, subjects.as_dict(subject, found), names, face=faces.get(row.id),
                          organizations=shapes.organizations(faces.values()), staff=charge)
    shown["changes"] = [shapes.change(change, names, staff=charge, files=not found.get("removed"))
                        for change in changes if charge or change.what != "assignee"]
    shown["may"] = dict.fromkeys(rules.may_in_thread(reader, kind=row.kind, state=row.state, author_id=row.author_id,
                                                              removed=bool(found.get("removed"))), True)
    if charge:
        shown["assignee"] = _colleague(row.assignee_id, names) if row.assignee_id else None
    shown["note"] = subjects.story(subject.id, thread_id=row.id, begun=row.created)
    if person:
        shown["following"] = follow.state_of(person.person_id, "thread", str(row.id))
        shown["last_read"] = read_marks.last_read(person.person_id, [row.id]).get(row.id)
    if shown["problem"] and shown["problem"].get("resource_id"):
        file = subjects.type_of("resource").load(shown["problem"]["resource_id"])
        shown["problem"] = shown["problem"] | {"file": {"title": file["label"], "url": file["url"]} if file else None}
    return shown


def head(row: Thread, found: Data, person: people.Actor | None) -> Data:
    """Return what a page of messages needs of its thread, without a statement."""
    reader = gates.reader_of(person, found["organization_id"])
    removed = bool(found.get("removed"))
    may = rules.may_in_thread(reader, kind=row.kind, state=row.state, author_id=row.author_id, removed=removed)
    return {"id": row.id, "version": row.version, "kind": row.kind, "state": row.state, "url": shapes.url_of(row.id),
            "answer_seq": row.answer_seq, "last_seq": row.last_seq, "removed": found.get("removed"), "may": dict.fromkeys(may, True)}


def page(row: Thread, found: Data, person: people.Actor | None, *, key: str, limit: int, after: Data | None, before: Data | None,
         at: int | None) -> Data:
    """Return a page of messages: `{"results", "opening", "next", "previous"}`."""
    opening, more_before = None, after is not None
    if before is not None:
        rows, more_before = ordering.page_before(row.id, key, limit=limit, mark=before)
        following = _mark(key, rows[-1]) if rows else None
    else:
        if at is not None:
            after = ordering.around(row.id, key, at, ahead=AHEAD)
            more_before = after is not None
        opening, rows, following = ordering.page(row.id, key, limit=limit, mark=after)
    waiting = ordering.held(row.id, None if person.is_sysadmin else person.person_id) if person and following is None else []
    shown = comments(row, [*([opening] if opening else []), *rows, *waiting], found, person)
    back = key in ("oldest", "oldest-flat") and more_before and rows
    return {"opening": shown.pop(0) if opening else None, "results": shown, "next": following,
            "previous": _mark(key, rows[0]) if back else None}


def comments(row: Thread, rows: list[Any], found: Data, person: people.Actor | None) -> list[Data]:
    """Return messages as the reader sees them.

    One statement for all names and one for all organisations; for somebody signed in, one for the own support and one for what is new.
    """
    shown = _shown(row, rows, found, person)
    if person is None:
        return shown
    values = support.own(person.person_id, "comment", [f"{row.id}#{comment.seq}" for comment in rows])
    seen = read_marks.last_read(person.person_id, [row.id]).get(row.id)
    for message, comment in zip(shown, rows, strict=True):
        own = comment.author_id == person.person_id
        message["mine"] = own
        message["supported"] = values.get(f"{row.id}#{comment.seq}", 0)
        message["new"] = seen is not None and comment.seq > seen and not own
    return shown


def fresh(row: Thread, comment: Comment, person: people.Actor, found: Data) -> Data:
    """Return a message that its author has just posted, as that author sees it: nobody can have said anything about it yet."""
    shown, = _shown(row, [comment], found, person)
    return shown | {"mine": True, "supported": 0, "new": False}


def one(row: Thread, comment: Any, person: people.Actor | None, found: Data) -> Data:
    """Return one message as the reader sees it."""
    return comments(row, [comment], found, person)[0]


def visible_comment(row: Thread, seq: int, person: people.Actor | None) -> Comment:
    """Return a message that is there for the reader. Raises ObjectNotFound, also for somebody else's held one."""
    comment = model.Session.get(Comment, (row.id, seq))
    own = comment is not None and person is not None and (person.is_sysadmin or comment.author_id == person.person_id)
    if comment is None or (comment.state == visibility.HELD and not own):
        raise tk.ObjectNotFound(tk._("There is no message with this number."))
    return comment


def _shown(row: Thread, rows: list[Any], found: Data, person: people.Actor | None) -> list[Data]:
    reader = gates.reader_of(person, found["organization_id"])
    names = people.public_names({comment.author_id for comment in rows})
    organizations = shapes.organizations(rows)
    address = shapes.url_of(row.id)
    return [shapes.comment(comment, names, organizations, reader=reader, row_of=row, page=address, removed=bool(found.get("removed")),
                           own=person is not None and (person.is_sysadmin or comment.author_id == person.person_id)) for comment in rows]


def _colleague(person_id: int, names: shapes.Names) -> Data:
    """Return who is in charge, for colleagues: with the account, by which a form chooses somebody else."""
    user = model.User.get(people.account_of(person_id))
    return shapes.author(person_id, names) | {"account": user.name if user else None}


def _mark(key: str, row: Any) -> str:
    return rules.write_mark(key, seq=row.seq, path=row.path, root_seq=0, root_support=0, support=0)


def _changes(row: Thread) -> list[ThreadChange]:
    return list(model.Session.scalars(
        sa.select(ThreadChange).where(ThreadChange.thread_id == row.id).order_by(ThreadChange.number.desc()).limit(100)))[::-1]
