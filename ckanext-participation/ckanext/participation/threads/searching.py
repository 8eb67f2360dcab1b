"""What threads give the search: their texts for its documents, and what a reader may see of those it found.

Names of people are in no document: who answered unsigned, or closed the account, can't be found by name.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import indexing, people, silence, subjects, visibility
from ckanext.participation.common.model import IndexMark, Subject
from ckanext.participation.common.registry import Access, Entry, Part, Registry, Searchable, registry
from ckanext.participation.threads import rules, shapes
from ckanext.participation.threads.model import Comment, Thread

NAME = "thread"
PART = "comment"
# Events of threads and messages that change no word, state or right.
SILENT = frozenset({"support.set", "follow.set", "rating.set", "thread.assigned"})
GONE = "gone"

_BLOCK = re.compile(r'</?(?:p|br|pre|blockquote|ul|ol|li|hr|h[3-6]|table|thead|tbody|tr|th|td)\b(?:[^>"]|"[^"]*")*>')
_TAG = re.compile(r'<(?:[^>"]|"[^"]*")*>')
# Two characters of nobody's alphabet, with which the search server marks what it found.
_MARKS = str.maketrans("", "", "\ue000\ue001")

_SHOWN = ("seq", "lang", "created", "edited", "permalink", "author", "on_behalf_of", "is_answer")

_THESE = """
SELECT c.thread_id, c.seq, c.state, c.lang, c.body_html, c.translation, c.created, CASE WHEN c.seq = 1 THEN t.problem END AS problem
FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS integer[])) AS v (id, number)
JOIN participation_thread t ON t.id = v.id JOIN participation_comment c ON c.thread_id = v.id AND c.seq = v.number"""

# For each thread a walk along the primary key, however many messages it has.
_PARTS = """
SELECT c.* FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS integer[])) AS v (id, number) CROSS JOIN LATERAL (
    SELECT m.thread_id, m.seq, m.state, m.lang, m.body_html, m.translation, m.created, CASE WHEN m.seq = 1 THEN t.problem END AS problem
    FROM participation_comment m JOIN participation_thread t ON t.id = m.thread_id
    WHERE m.thread_id = v.id AND m.seq > v.number ORDER BY m.seq LIMIT :most) c ORDER BY c.thread_id, c.seq"""

def register(registry_: Registry) -> None:
    """Enter what the search asks."""
    registry_.add(Searchable(NAME, PART, SILENT, entries=entries, these=these, parts=parts, mark_about=mark_about, ids=ids,
                             outdated=outdated, shown=shown, kinds=rules.KINDS, states=rules.STATES))


def entries(numbers: list[int]) -> dict[int, Entry]:
    """Return what the documents of these threads say alike: one statement, and one or two for each type of subject."""
    rows = model.Session.execute(
        sa.select(Thread.id, Thread.title, Thread.lang, Thread.kind, Thread.state, Thread.visibility, *_SUBJECT)
        .join(Subject, Subject.id == Thread.subject_id).where(Thread.id.in_(numbers))).all()
    about = _about(rows)
    found = {}
    for row in rows:
        facts = about[row.subject_id]
        fields = None
        if facts is not None and row.visibility == visibility.VISIBLE:
            fields = facts | {"title": row.title, "lang": row.lang, "kind": row.kind, "state": row.state}
        found[row.id] = Entry(row.id, _digest(facts), _digest(fields) if fields else GONE, fields)
    return found


def these(pairs: list[tuple[int, int]]) -> list[Part]:
    """Return messages by `(thread, number)`, in one statement."""
    return _read(_THESE, pairs)


def parts(asked: list[tuple[int, int]], most: int) -> list[Part]:
    """Return the next messages of each `(thread, after)`, in one statement."""
    return _read(_PARTS, asked, most=most)


def mark_about(subject_ids: list[int]) -> None:
    """Mark the threads about these subjects, without committing."""
    indexing.mark(NAME, model.Session.scalars(sa.select(Thread.id).where(Thread.subject_id.in_(subject_ids))).all())


def ids(after: int, limit: int) -> list[int]:
    """Return the numbers of the next threads of all, whoever may see them."""
    return list(model.Session.scalars(sa.select(Thread.id).where(Thread.id > after).order_by(Thread.id).limit(limit)))


def outdated(dataset_id: str) -> list[int]:
    """Return the subjects, of a dataset and its files, of which the search says something else than is so, or may be told so just now."""
    if silence.is_known_about(dataset_id):
        return []
    of_files = sa.and_(Subject.type == "resource", Subject.parent_ref == dataset_id)
    rows = model.Session.execute(sa.union_all(
        *(sa.select(*_SUBJECT).where(which, Subject.merged_into.is_(None))
          for which in (sa.and_(Subject.type == "dataset", Subject.ref == dataset_id), of_files)))).all()
    if not rows:
        return []
    about = {identifier: _digest(facts) for identifier, facts in _about(rows).items()}
    differs = model.Session.scalars(sa.text("""
        SELECT v.id FROM unnest(CAST(:ids AS bigint[]), CAST(:about AS text[])) AS v (id, about)
        WHERE EXISTS (SELECT 1 FROM participation_thread t LEFT JOIN participation_indexed i ON i.kind = 'thread' AND i.id = t.id
                      WHERE t.subject_id = v.id AND i.about IS DISTINCT FROM v.about)"""),
        {"ids": list(about), "about": list(about.values())})
    waiting = model.Session.scalars(sa.select(IndexMark.ref).where(
        IndexMark.kind == indexing.SUBJECT, IndexMark.ref.in_([str(identifier) for identifier in about])))
    return sorted({*differs, *map(int, waiting)})


def shown(context: Context, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], dict[str, Any]]:
    """Return what the reader may see of found messages, from the tables: each subject is asked once whether this reader may read it."""
    rows = model.Session.execute(
        sa.select(Thread, Subject).join(Subject, Subject.id == Thread.subject_id)
        .where(Thread.id.in_({thread_id for thread_id, _ in pairs}), Thread.visibility == visibility.VISIBLE,
               Subject.merged_into.is_(None))).all()
    about = {subject.id: _readable(context, subject) for subject in {row[1].id: row[1] for row in rows}.values()}
    threads = {thread.id: thread for thread, _ in rows if about[thread.subject_id] is not None}
    messages = model.Session.scalars(sa.select(Comment).where(
        sa.tuple_(Comment.thread_id, Comment.seq).in_([pair for pair in pairs if pair[0] in threads]),
        Comment.state == visibility.VISIBLE)).all() if threads else []
    faces = Comment.faces(list(threads))
    organizations = shapes.organizations([*messages, *(face for face in faces.values() if not face.signed)])
    names = people.public_names({row.author_id for row in messages} | {row.author_id for row in threads.values()})
    found = {}
    for row in messages:
        thread = threads[row.thread_id]
        message = shapes.comment(row, names, organizations, row_of=thread)
        conversation = shapes.thread(thread, about[thread.subject_id] or {}, names, face=faces.get(thread.id), organizations=organizations)
        found[row.thread_id, row.seq] = {"title": _plain(thread.title), "texts": _texts(row, thread.problem), "conversation": conversation,
                                         "message": {name: message[name] for name in _SHOWN}}
    return found


_SUBJECT = (Subject.id.label("subject_id"), Subject.type.label("subject_type"), Subject.ref, Subject.title.label("subject_title"),
            Subject.parent_ref, Subject.lost_at, Subject.uri)


def _about(rows: Iterable[Any]) -> dict[int, dict[str, Any] | None]:
    """Return what documents say of subjects, by their numbers; None of one that is gone, or of which nobody knows who may find it."""
    by_type: dict[str, set[str]] = {}
    for row in rows:
        by_type.setdefault(row.subject_type, set()).add(row.ref)
    access: dict[tuple[str, str], Access] = {}
    for type_, refs in by_type.items():
        known = registry.subject_types.get(type_)
        if known is not None and known.access is not None:
            access |= {(type_, ref): found for ref, found in known.access(sorted(refs)).items()}
    return {row.subject_id: _facts(row, access.get((row.subject_type, row.ref))) for row in rows}


def _facts(row: Any, access: Access | None) -> dict[str, Any] | None:
    if access is None or (row.lost_at is not None and not access.removed):
        return None
    about = [f"{row.subject_type}:{row.ref}"]
    if row.subject_type == "resource" and row.parent_ref:
        about.append(f"dataset:{row.parent_ref}")
    # A file without a name is called by its address, which nobody is told any more once its dataset was removed.
    title = "" if access.removed and row.subject_type == "resource" and row.subject_title == row.uri else row.subject_title
    return {"about": about, "subject_title": title, "organization": access.organization_id, "labels": list(access.labels)}


def _readable(context: Context, subject: Subject) -> dict[str, Any] | None:
    try:
        return subjects.as_dict(subject, subjects.about(context, subject))
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        # The last: what an extension registered and does not any more.
        return None


def _read(statement: str, pairs: list[tuple[int, int]], **values: Any) -> list[Part]:
    if not pairs:
        return []
    rows = model.Session.execute(sa.text(statement), {"ids": [pair[0] for pair in pairs], "numbers": [pair[1] for pair in pairs], **values})
    return [Part(row.thread_id, row.seq, _fields(row) if row.state == visibility.VISIBLE else None) for row in rows]


def _fields(row: Any) -> dict[str, Any]:
    return {"texts": _texts(row, row.problem), "created": row.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")}


def _texts(row: Any, problem: dict[str, Any] | None) -> dict[str, str]:
    """Return what a message says, by language, as plain text; the first one of a report says what is wrong, too."""
    said = [_text_of(row.body_html)]
    if row.seq == 1 and problem:
        said += [_plain(problem[name]) for name in ("field", "wrong", "expected") if problem.get(name)]
    texts = {row.lang: " ".join(filter(None, said))}
    if row.translation:
        texts[row.translation["lang"]] = _text_of(row.translation["body_html"])
    return texts


def _text_of(rendered: str) -> str:
    return _plain(html.unescape(_TAG.sub("", _BLOCK.sub(" ", rendered))))


def _plain(text: str) -> str:
    return " ".join(text.translate(_MARKS).split())


def _digest(facts: dict[str, Any] | None) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32] if facts else GONE


__all__ = ["register"]
