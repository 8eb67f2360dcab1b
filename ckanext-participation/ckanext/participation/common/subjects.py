"""What is talked about, with keys that outlive the object: a thread survives delete and re-create, a cleared harvest source,
and a changed identifier.

A subject row is made when somebody first says something. `sweep` (module `sweeping`) finds the lost ones again: a dataset by harvest
guid, then URI, then landing page, then organisation and name; a file by its address, then its name, in its dataset; an organisation
by its name. What it leaves, an administrator attaches by hand (`attach`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common import schema
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Event, Subject, now
from ckanext.participation.common.registry import SubjectType, registry
from ckanext.participation.common.sweeping import Match, come_back, reattach, sweep, tell

__all__ = ["KEYS", "about", "allow", "as_dict", "attach", "come_back", "find", "read", "readable", "remains", "row_for", "story", "sweep",
           "type_of"]

KEYS = ("title", "name", "organization_id", "guid", "uri", "landing_page", "parent_ref")


def type_of(name: Any) -> SubjectType:
    """Return the subject type `name`; a named error that lists the known ones otherwise."""
    return registry.subject_types[schema.one_of(name, sorted(registry.subject_types), "subject_type")]


def read(context: Context, type_name: str, ref: str, *, removed: bool = False) -> dict[str, Any]:
    """Return the object `ref` (id or name) that the reader may see; with `removed` also one of which only what was said can be read.

    Under "removed" then stands since when; whoever writes must look at it. Raises NotAuthorized or ObjectNotFound: whether a private
    object exists is not told to those who may not see it.
    """
    entry = type_of(type_name)
    if "\x00" in ref:
        # No database holds such a text, and none can be asked for it.
        raise tk.ObjectNotFound(tk._("There is no {type} with this id.").format(type=type_name))
    if not _allowed(context, type_name, ref, removed=removed):
        _check(context, entry, ref, removed=removed)
    found = entry.load(ref)
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no {type} with this id.").format(type=type_name))
    return found


def allow(context: Context, type_name: str, ref: str, *, removed: bool = False) -> None:
    """Ask whether the reader may see the object, for an auth function; the next `read` of it in this action need not ask again.

    `removed` as for `read`. Raises NotAuthorized or ObjectNotFound.
    """
    _check(context, type_of(type_name), ref, removed=removed)
    context[_ALLOWED] = (context.get("user"), type_name, ref, removed)  # type: ignore[literal-required]


def about(context: Context, row: Subject) -> dict[str, Any]:
    """Return what a subject row is about, for a reader who may read what was said about it, as `read` does with `removed`.

    Raises NotAuthorized or ObjectNotFound, and ValidationError for a type that an extension registered and does not any more.
    """
    if not remains(row):
        raise tk.NotAuthorized(tk._("What this conversation was about is not in the catalogue at the moment."))
    return read(context, row.type, row.ref, removed=True)


def readable(context: Context, row: Subject) -> bool:
    """Say whether the reader may read what was said about a subject row's object: nobody may about what is lost, unless it is kept."""
    try:
        if remains(row):
            _check(context, type_of(row.type), row.ref, removed=True)
            return True
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        pass
    return False


def remains(row: Subject) -> bool:
    """Say whether there is still something to read about a subject row's object, for those who may: it is there, or kept."""
    return row.lost_at is None or _kept(registry.subject_types.get(row.type), row.ref)


def _kept(entry: SubjectType | None, ref: str) -> bool:
    return entry is not None and entry.kept is not None and entry.kept(ref)


def _check(context: Context, entry: SubjectType, ref: str, *, removed: bool) -> None:
    try:
        entry.check_read(context, ref)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        if not (removed and _kept(entry, ref)):
            raise


# Where an action's context keeps what `allow` has just found. It is used up by one `read`: rights change, and contexts live on.
_ALLOWED = "participation_allowed"


def _allowed(context: Context, type_name: str, ref: str, *, removed: bool) -> bool:
    return context.pop(_ALLOWED, None) == (context.get("user"), type_name, ref, removed)  # type: ignore[typeddict-item]


def row_for(type_name: str, found: dict[str, Any]) -> Subject:
    """Return the subject row of an object that `read` gave, making it and refreshing its keys; does not commit.

    With a file comes its dataset: a file is found again in its dataset, and that by the dataset's own keys.
    """
    parent = registry.subject_types["dataset"].load(found["parent"]) if found.get("parent") else None
    if parent is not None:
        _upsert("dataset", parent)
    _upsert(type_name, found)
    return model.Session.scalars(sa.select(Subject).where(Subject.type == type_name, Subject.ref == found["ref"])
                                 .execution_options(populate_existing=True)).one()


def _upsert(type_name: str, found: dict[str, Any]) -> None:
    values = {key: found.get(key) or None for key in KEYS} | {"title": found.get("title") or "", "parent_ref": found.get("parent")}
    statement = insert(Subject).values(type=type_name, ref=found["ref"], created=now(), **values)
    model.Session.execute(statement.on_conflict_do_update(
        constraint="participation_subject_type_ref_key",
        # A key that the object has lost for the moment stays: it may be the one by which the object is found again.
        set_={key: sa.func.coalesce(getattr(statement.excluded, key), getattr(Subject, key)) for key in KEYS}
        | {"lost_at": None, "merged_into": None},
    ))


def find(type_name: str, ref: str) -> Subject | None:
    """Return the subject row of an object's id, or None when nobody has said anything yet."""
    return model.Session.scalar(sa.select(Subject).where(Subject.type == type_name, Subject.ref == ref))


def as_dict(row: Subject, found: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the subject as pages and API show it."""
    shown = {"type": row.type, "id": row.ref, "title": row.title, "organization_id": row.organization_id,
             "lost": row.lost_at is not None, "removed": None, "url": None}
    if found:
        shown |= {"title": found.get("label") or found["title"], "url": found["url"], "removed": found.get("removed")}
    return shown


def attach(subject_id: int, type_name: str, found: dict[str, Any], *, actor_id: int) -> Subject:
    """Give a lost subject the object that `read` gave, as an administrator wants it, without committing; return where it is now.

    A subject that is talked about already takes the conversations in. Raises ValidationError unless the subject is lost.
    """
    row = model.Session.scalar(sa.select(Subject).where(Subject.id == subject_id).with_for_update()
                               .execution_options(populate_existing=True)) if subject_id < 2**63 else None
    if row is None or row.lost_at is None or row.merged_into is not None:
        raise field_error("subject", tk._("These conversations are not lost, or not any more. Open the list again."))
    touched: set[int] = set()
    if row.type != type_name:
        row_for(type_name, found)
    reattach([Match(row, type_name, found["ref"], "hand")], touched, event="subject.attached", actor_id=actor_id)
    tell(touched)
    model.Session.flush()
    return model.Session.scalars(sa.select(Subject).where(Subject.type == type_name, Subject.ref == found["ref"])
                                 .execution_options(populate_existing=True)).one()


def story(subject_id: int, *, thread_id: int | None = None, begun: datetime | None = None) -> dict[str, Any] | None:
    """Say what happened to the object since a conversation began: `{"at", "kind", "from_title"}`, or None for nothing.

    `kind` is "reattached" (it has another id now), "returned" (it was gone for a while), "moved" (the conversation was about another
    object, such as a file, that is not there any more) or "attached" (an administrator put it here). With `begun` only what came
    after that instant counts; with `thread_id` a move counts only for the threads that were moved. One statement, on an index
    that holds nothing but the sweep's own events of this subject; a second one where something was moved here.
    """
    rows = model.Session.execute(
        sa.select(Event.type, Event.at, Event.data).where(
            Event.target_type == "subject", Event.target_id == str(subject_id), Event.type.in_(_STORIES))
        .order_by(Event.id)).all()
    origin: int | None = None
    for row in rows:
        if begun is not None and row.at < begun:
            continue
        merged = row.data.get("merged")
        if merged is not None and thread_id is not None:
            origin = origin or _origin(thread_id) or subject_id
            if origin == subject_id:
                continue
        kind = "attached" if row.type == "subject.attached" else "moved" if merged is not None else _STORIES[row.type]
        return {"at": row.at.isoformat(), "kind": kind, "from_title": row.data.get("from_title") or ""}
    return None


_STORIES = {"subject.reattached": "reattached", "subject.returned": "returned", "subject.attached": "attached"}


def _origin(thread_id: int) -> int | None:
    """Return the subject about which a thread was begun: its event keeps that, whatever was moved since."""
    return model.Session.scalar(sa.select(Event.subject_id).where(
        Event.target_type == "thread", Event.target_id == str(thread_id), Event.type == "thread.created").order_by(Event.id).limit(1))
