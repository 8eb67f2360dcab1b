"""Lists of conversations: of a subject with its files, of an organisation with all its data, of the whole site."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import people, subjects
from ckanext.participation.common import removed as marks
from ckanext.participation.common.model import Subject
from ckanext.participation.common.visibility import HELD, VISIBLE
from ckanext.participation.threads import gates, rules, shapes
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import SubjectCount

# The id of the dataset that a subject is, or whose file it is.
_DATASET = sa.func.coalesce(Subject.parent_ref, Subject.ref)

Data = dict[str, Any]
Mark = tuple[Any, int] | None


def of_subject(type_name: str, found: Data, *, limit: int, after: Mark, wanted: Data) -> Data:
    """Return a page of the threads about a subject the reader may see (or a harvest removed), and about the files of a dataset."""
    fields = tuple(field for field in ("state", "kind") if wanted.get(field))
    query = _of_subject(fields, files=type_name == "dataset", paged=after is not None, removed=bool(found.get("removed")))
    values = {"type": type_name, "ref": found["ref"], "most": limit + 1, **{field: wanted[field] for field in fields}}
    rows = [(row[0], row[1]) for row in model.Session.execute(query, values | _place(after))]
    own = subjects.as_dict
    titles = {subject.id: own(subject, found) if subject.ref == found["ref"] else own(subject, _file(subject)) for _, subject in rows}
    return _page(rows, limit, lambda shown: shapes.threads_with_messages([row for row, _ in shown], titles))


@cache
def _of_subject(fields: tuple[str, ...], *, files: bool, paged: bool, removed: bool) -> Any:
    """Return the statement of a subject's threads, built once: every dataset's page asks it."""
    ref = sa.bindparam("ref")
    about = sa.and_(Subject.type == sa.bindparam("type"), Subject.ref == ref)
    if files:
        about = sa.or_(about, sa.and_(Subject.parent_ref == ref, Subject.type == "resource"))
    ids = sa.select(Subject.id).where(about, Subject.merged_into.is_(None))
    if not removed:
        ids = ids.where(Subject.lost_at.is_(None))
    query = sa.select(Thread, Subject).join(Subject, Subject.id == Thread.subject_id).where(
        Thread.visibility == VISIBLE, Thread.subject_id.in_(ids), *(getattr(Thread, field) == sa.bindparam(field) for field in fields))
    if paged:
        query = query.where(sa.tuple_(Thread.last_at, Thread.id) < sa.tuple_(sa.bindparam("last_at"), sa.bindparam("last_id")))
    return query.order_by(Thread.last_at.desc(), Thread.id.desc()).limit(sa.bindparam("most"))


def _place(after: Mark) -> Data:
    return {"last_at": after[0], "last_id": after[1]} if after else {}


def latest(context: Context, *, limit: int, after: Mark, wanted: Data) -> Data:
    """Return a page of the site's latest threads that the reader may see."""
    query = _shown(wanted, after).where(Subject.lost_at.is_(None), Subject.merged_into.is_(None))
    return _readable(context, query, limit=limit)


def own(context: Context, person_id: int, *, limit: int) -> Data:
    """Return the conversations that a person began, for that person: those that wait for a look, and those about datasets that a
    harvest removed, are among them."""
    query = (sa.select(Thread, Subject).join(Subject, Subject.id == Thread.subject_id)
             .where(Thread.author_id == person_id, Thread.visibility.in_((VISIBLE, HELD)), Subject.merged_into.is_(None)))
    return _readable(context, query, limit=limit)


def overview(context: Context, found: Data, *, limit: int, after: Mark, wanted: Data, mine: bool, removed: bool) -> Data:
    """Return a page of the threads that an organisation answers for, and how much is to do; with `removed`, of the threads about
    datasets of its that a harvest removed, of which nothing is to do."""
    person = people.reader(context)
    reader = gates.reader_of(person, found["ref"])
    of_it = sa.and_(Subject.organization_id == found["ref"], Subject.lost_at.is_(None), Subject.merged_into.is_(None))
    kept = sa.and_(Subject.organization_id == found["ref"], Subject.merged_into.is_(None), marks.is_removed(_DATASET))
    query = _shown(wanted, after).where(kept if removed else of_it)
    if not (wanted.get("state") or removed):
        query = query.where(Thread.state.in_((rules.OPEN, rules.ANSWERED)))
    if mine and person:
        query = query.where(Thread.assignee_id == person.person_id)
    page = _readable(context, query, limit=limit, staff=reader.staff or reader.admin)
    title = found.get("label") or found["title"]
    return page | {"counts": _to_do(of_it, everything=reader.staff or reader.admin), "removed": _any(kept),
                   "organization": {"id": found["ref"], "name": found["name"], "title": title, "url": found["url"]}, "staff": reader.staff}


def _any(about: Any) -> bool:
    return bool(model.Session.scalar(sa.select(sa.exists().where(
        Thread.subject_id == Subject.id, Thread.visibility == VISIBLE, about))))


def public_count() -> int:
    """Return how many conversations about public data the counters hold: a number for the home page, from few rows."""
    package = model.Package.__table__
    return model.Session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(SubjectCount.threads), 0)).join(Subject, Subject.id == SubjectCount.subject_id)
        .join(package, package.c.id == Subject.ref).where(
            Subject.type == "dataset", Subject.lost_at.is_(None), package.c.private.is_(False), package.c.state == model.State.ACTIVE)) or 0


def _shown(wanted: Data, after: Mark) -> Any:
    query = sa.select(Thread, Subject).join(Subject, Subject.id == Thread.subject_id).where(Thread.visibility == VISIBLE)
    for field in ("state", "kind"):
        if wanted.get(field):
            query = query.where(getattr(Thread, field) == wanted[field])
    if after:
        query = query.where(sa.tuple_(Thread.last_at, Thread.id) < sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    return query


def _readable(context: Context, query: Any, *, limit: int, staff: bool = False) -> Data:
    """Run a list through the reader's rights: some rows may be about private data, so look further until the page is full."""
    shown: list[tuple[Thread, Subject]] = []
    about: dict[int, Data] = {}
    allowed: dict[int, bool] = {}
    rows = model.Session.execute(query.order_by(Thread.last_at.desc(), Thread.id.desc()).limit(limit * 4 + 1)).all()
    for thread, subject in rows:
        if subject.id not in allowed:
            try:
                about[subject.id] = subjects.as_dict(subject, subjects.about(context, subject))
                allowed[subject.id] = True
            except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
                # The last: what an extension registered and does not any more.
                allowed[subject.id] = False
        if allowed[subject.id]:
            shown.append((thread, subject))
        if len(shown) > limit:
            break
    page = _page(shown, limit, lambda kept: _with_names(kept, about, staff=staff))
    if page["next"] is None and len(rows) == limit * 4 + 1 and len(shown) <= limit:
        page["next"] = shapes.mark(rows[-1][0])
    return page


def _with_names(rows: list[tuple[Thread, Subject]], about: dict[int, Data], *, staff: bool) -> list[Data]:
    names = people.public_names({thread.author_id for thread, _ in rows} | {thread.assignee_id for thread, _ in rows if thread.assignee_id})
    faces = Comment.faces([thread.id for thread, _ in rows]) if rows else {}
    organizations = shapes.organizations([face for face in faces.values() if not face.signed])
    shown = []
    for thread, subject in rows:
        line = shapes.thread(thread, about[subject.id], names, face=faces.get(thread.id), organizations=organizations, staff=staff)
        if staff:
            line["assignee"] = shapes.author(thread.assignee_id, names) if thread.assignee_id else None
        shown.append(line)
    return shown


def _page(rows: list[tuple[Thread, Subject]], limit: int, shape: Callable[[list[tuple[Thread, Subject]]], list[Data]]) -> Data:
    kept = rows[:limit]
    return {"results": shape(kept), "next": shapes.mark(kept[-1][0]) if len(rows) > limit else None}


def _to_do(of_it: Any, *, everything: bool) -> Data:
    """Count what waits; for those outside the organisation, of public data only (a private dataset's threads are not even counted)."""
    package = model.Package.__table__
    query = sa.select(
        sa.func.count().filter(Thread.state == rules.OPEN),
        sa.func.count().filter(Thread.state == rules.OPEN, Thread.kind == "question"),
        sa.func.count().filter(Thread.kind == "problem", Thread.problem_state.in_((rules.OPEN, rules.CONFIRMED))),
        sa.func.coalesce(sa.func.sum(Thread.n_untranslated), 0),
    ).join(Subject, Subject.id == Thread.subject_id).where(Thread.visibility == VISIBLE, of_it)
    if not everything:
        query = query.outerjoin(package, package.c.id == _DATASET).where(
            sa.or_(Subject.type == "organization", sa.and_(package.c.private.is_(False), package.c.state == "active")))
    row = model.Session.execute(query).one()
    return dict(zip(("open", "questions", "problems", "untranslated"), row, strict=True))


def _file(subject: Subject) -> Data:
    found = subjects.type_of("resource").load(subject.ref)
    return found or {"title": subject.title, "url": None}
