"""What is talked about, with keys that outlive the object: a thread survives delete and re-create, a cleared harvest source,
and a changed identifier.

A subject row is made when somebody first says something. `sweep` finds the lost ones again: by harvest guid, then URI, then
landing page, then organisation and name.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common import events
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Subject, now
from ckanext.participation.common.registry import SubjectType, registry

KEYS = ("title", "name", "organization_id", "guid", "uri", "landing_page")


def type_of(name: Any) -> SubjectType:
    """Return the subject type `name`; a named error that lists the known ones otherwise."""
    entry = registry.subject_types.get(name) if isinstance(name, str) else None
    if entry is None:
        raise field_error("subject_type", tk._("Must be one of: {known}.").format(known=", ".join(sorted(registry.subject_types))))
    return entry


def read(context: Context, type_name: str, ref: str) -> dict[str, Any]:
    """Return the object `ref` (id or name) that the reader may see.

    Raises NotAuthorized or ObjectNotFound: whether a private object exists is not told to those who may not see it.
    """
    entry = type_of(type_name)
    entry.check_read(context, ref)
    found = entry.load(ref)
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no {type} with this id.").format(type=type_name))
    return found


def row_for(type_name: str, found: dict[str, Any]) -> Subject:
    """Return the subject row of an object that `read` gave, making it and refreshing its keys; does not commit."""
    values = {key: found.get(key) or None for key in KEYS} | {"title": found.get("title") or ""}
    statement = insert(Subject).values(type=type_name, ref=found["ref"], created=now(), **values)
    model.Session.execute(statement.on_conflict_do_update(
        constraint="participation_subject_type_ref_key",
        # A key that the object has lost for the moment stays: it may be the one by which the object is found again.
        set_={key: sa.func.coalesce(getattr(statement.excluded, key), getattr(Subject, key)) for key in KEYS} | {"lost_at": None},
    ))
    return model.Session.scalars(sa.select(Subject).where(Subject.type == type_name, Subject.ref == found["ref"])
                                 .execution_options(populate_existing=True)).one()


def find(type_name: str, ref: str) -> Subject | None:
    """Return the subject row of an object's id, or None when nobody has said anything yet."""
    return model.Session.scalar(sa.select(Subject).where(Subject.type == type_name, Subject.ref == ref))


def as_dict(row: Subject, found: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the subject as pages and API show it."""
    shown = {"type": row.type, "id": row.ref, "title": row.title, "organization_id": row.organization_id,
             "lost": row.lost_at is not None, "url": None}
    if found:
        shown |= {"title": found.get("label") or found["title"], "url": found["url"]}
    return shown


def sweep() -> dict[str, int]:
    """Mark dataset subjects whose dataset is gone, re-attach those whose dataset came back; commit; return what was done.

    The counts are `{"lost", "returned", "reattached", "orphans"}`: orphans are still without their object afterwards.
    """
    done = {"lost": 0, "returned": 0, "reattached": 0}
    package = model.Package.__table__
    rows = model.Session.execute(
        sa.select(Subject, package.c.state).outerjoin(package, package.c.id == Subject.ref)
        .where(Subject.type == "dataset", Subject.merged_into.is_(None))).all()
    for row, state in rows:
        if state == model.State.ACTIVE:
            if row.lost_at is not None:
                row.lost_at = None
                _note("subject.returned", row)
                done["returned"] += 1
            continue
        target = _look_for(row)
        if target is not None:
            _reattach(row, target)
            done["reattached"] += 1
        elif row.lost_at is None:
            row.lost_at = now()
            _note("subject.lost", row)
            done["lost"] += 1
    model.Session.commit()
    done["orphans"] = model.Session.scalar(
        sa.select(sa.func.count()).where(Subject.lost_at.is_not(None), Subject.merged_into.is_(None))) or 0
    return done


def _look_for(row: Subject) -> str | None:
    """Return the id of the one active dataset that the lost subject was about, or None when there is none or more than one."""
    package = model.Package.__table__
    extras = package.c.extras
    tries: list[list[Any]] = []
    if row.guid:
        tries.append([extras["guid"].astext == row.guid])
    if row.uri:
        tries.append([extras["uri"].astext == row.uri])
    if row.landing_page:
        tries.append([package.c.url == row.landing_page, package.c.owner_org == row.organization_id])
    if row.name and row.organization_id:
        tries.append([package.c.name == row.name, package.c.owner_org == row.organization_id])
    for conditions in tries:
        ids = model.Session.scalars(sa.select(package.c.id).where(
            package.c.state == model.State.ACTIVE, package.c.type == "dataset", package.c.id != row.ref, *conditions).limit(2)).all()
        if len(ids) == 1:
            return ids[0]
    return None


def _reattach(row: Subject, ref: str) -> None:
    """Give the subject its new object; when that has a subject row of its own already, move everything there."""
    former = row.ref
    there = find(row.type, ref)
    if there is None:
        row.ref, row.lost_at = ref, None
        model.Session.flush()
    else:
        for move in registry.movers():
            move(row.id, there.id)
        row.merged_into, row.lost_at = there.id, None
    _note("subject.reattached", there or row, {"from": former, "to": ref})


def _note(type_: str, row: Subject, data: dict[str, Any] | None = None) -> None:
    events.write(type_, actor_id=None, target=("subject", row.id), subject_id=row.id, data=data)
