"""Who is told of what is new about something. A wish not to be told is kept: writing there later does not undo it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import Follow, Person, now

_TABLE = Follow.__table__
_BY_WRITING = insert(_TABLE).on_conflict_do_nothing()


def set_following(target_type: str, target_id: str, person_id: int, *, following: bool) -> bool:
    """Have the person told, or not told any more, without committing; say whether that is a change.

    Not to be told is a row too (`muted`): it keeps the target's writers, and staff who are told anyway, from being told.
    """
    row = insert(Follow).values(target_type=target_type, target_id=target_id, person_id=person_id, muted=not following, at=now())
    changed = model.Session.execute(row.on_conflict_do_update(
        index_elements=[Follow.target_type, Follow.target_id, Follow.person_id],
        set_={"muted": row.excluded.muted, "at": row.excluded.at}, where=Follow.muted != row.excluded.muted,
    ).returning(Follow.person_id)).first()
    return changed is not None


def by_writing(person_id: int, target_type: str, target_id: str) -> None:
    """Have somebody who writes there told from now on, without committing, unless they once said that they do not want to be."""
    model.Session.execute(_BY_WRITING, {"target_type": target_type, "target_id": target_id, "person_id": person_id, "muted": False,
                                        "at": now()})


def state_of(person_id: int, target_type: str, target_id: str) -> bool | None:
    """Return True for somebody who follows, False for somebody who does not want to be told, None for neither."""
    muted = model.Session.scalar(sa.select(Follow.muted).where(
        Follow.target_type == target_type, Follow.target_id == target_id, Follow.person_id == person_id))
    return None if muted is None else not muted


def followers(target_type: str, target_id: str) -> list[str]:
    """Return the ids of the active accounts that follow the target, in a stable order."""
    return _accounts(target_type, target_id, muted=False)


def muted(target_type: str, target_id: str) -> list[str]:
    """Return the ids of the active accounts that do not want to be told, for those who are told for another reason."""
    return _accounts(target_type, target_id, muted=True)


def listed(person_id: int, *, limit: int, before: tuple[datetime, str, str] | None) -> list[Follow]:
    """Return what the person follows, the latest first, after the mark `before`."""
    query = sa.select(Follow).where(Follow.person_id == person_id, Follow.muted.is_(False))
    if before:
        query = query.where(sa.tuple_(Follow.at, Follow.target_type, Follow.target_id) < sa.tuple_(*map(sa.literal, before)))
    return list(model.Session.scalars(query.order_by(
        Follow.at.desc(), Follow.target_type.desc(), Follow.target_id.desc()).limit(limit)))


def _accounts(target_type: str, target_id: str, *, muted: bool) -> list[str]:
    rows = model.Session.scalars(
        sa.select(model.User.id).join(Person, Person.user_id == model.User.id).join(Follow, Follow.person_id == Person.id)
        .where(Follow.target_type == target_type, Follow.target_id == target_id, Follow.muted.is_(muted),
               model.User.state == model.State.ACTIVE).order_by(model.User.id))
    return list(rows)
