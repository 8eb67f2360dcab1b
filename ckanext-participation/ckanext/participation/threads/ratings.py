"""How many stars people give a dataset: one rating each, changed or taken back at will. Averages come from the counted stars.

Nobody's rating is shown to others; the numbers 1 to 5 are what DQV calls user quality feedback.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from ckanext.participation.common.model import Person, Subject, now
from ckanext.participation.threads import counting
from ckanext.participation.threads.records import Rating, Recount, SubjectCount

STARS = (1, 2, 3, 4, 5)


def set_rating(subject_id: int, person_id: int, value: int) -> int | None:
    """Make `value` (1 to 5, or 0 for none) the person's rating, without committing; return the one before, None when unchanged.

    Call it behind `limits.check_reactions`, where requests of one person wait for each other.
    """
    row = (Rating.subject_id == subject_id, Rating.person_id == person_id)
    before = model.Session.scalar(sa.select(Rating.value).where(*row)) or 0
    if before == value:
        return None
    if value == 0:
        model.Session.execute(sa.delete(Rating).where(*row))
    else:
        statement = insert(Rating).values(subject_id=subject_id, person_id=person_id, value=value, at=now())
        model.Session.execute(statement.on_conflict_do_update(
            index_elements=[Rating.subject_id, Rating.person_id],
            set_={"value": statement.excluded.value, "at": statement.excluded.at}))
    return before


def exact(subject_id: int | None, person_id: int | None) -> dict[str, Any]:
    """Return the ratings of a subject counted now, with the person's own."""
    if subject_id is None:
        return shape([0] * 5, None)
    return shape(_count(subject_id), _own(subject_id, person_id))


def summary(type_name: str, ref: str, user_id: str | None) -> dict[str, Any]:
    """Return the ratings of a subject for a page: one statement, and a second one only while the job has not counted the last change.

    The own rating is that of the account `user_id`, None for somebody who is not signed in.
    """
    row = model.Session.execute(_summary(of_reader=user_id is not None), {"type": type_name, "ref": ref, "user": user_id}).first()
    if row is None:
        return shape([0] * 5, None)
    behind = row.counted_at is None or row.since is not None
    return shape(_count(row.id) if behind else list(row[3:8]), row.value if user_id is not None else None)


@cache
def _summary(*, of_reader: bool) -> Any:
    stars = [getattr(SubjectCount, f"stars_{number}") for number in STARS]
    query = sa.select(Subject.id, SubjectCount.counted_at, Recount.since, *stars).outerjoin(
        SubjectCount, SubjectCount.subject_id == Subject.id).outerjoin(Recount, Recount.subject_id == Subject.id)
    if of_reader:
        reader = sa.select(Person.id).where(Person.user_id == sa.bindparam("user")).scalar_subquery()
        query = query.add_columns(Rating.value).outerjoin(
            Rating, sa.and_(Rating.subject_id == Subject.id, Rating.person_id == reader))
    return query.where(Subject.type == sa.bindparam("type"), Subject.ref == sa.bindparam("ref"))


def move(from_subject: int, to_subject: int) -> int:
    """Give the ratings of one subject to another; who rated both keeps the later word. Without committing."""
    other = aliased(Rating)
    twice = sa.select(other.person_id).where(other.subject_id == to_subject)
    taken = model.Session.execute(sa.select(Rating.person_id, Rating.value, Rating.at).where(
        Rating.subject_id == from_subject, Rating.person_id.in_(twice))).all()
    for row in taken:
        model.Session.execute(sa.update(Rating).where(
            Rating.subject_id == to_subject, Rating.person_id == row.person_id, Rating.at < row.at).values(value=row.value, at=row.at))
    model.Session.execute(sa.delete(Rating).where(
        Rating.subject_id == from_subject, Rating.person_id.in_([row.person_id for row in taken])))
    moved = model.Session.execute(sa.update(Rating).where(Rating.subject_id == from_subject).values(subject_id=to_subject)).rowcount
    if moved or taken:
        counting.mark(to_subject)
    return moved


def shape(distribution: list[int], own: int | None) -> dict[str, Any]:
    """Return `{"average", "count", "distribution", "own"}`; the average has two decimals and is None when nobody has rated."""
    count = sum(distribution)
    total = sum(star * number for star, number in zip(STARS, distribution, strict=True))
    return {"average": round(total / count, 2) if count else None, "count": count, "distribution": distribution, "own": own}


def panel(pkg: dict[str, Any]) -> dict[str, Any]:
    """Return what the dataset page's panel shows."""
    user_id = tk.current_user.id if tk.current_user.is_authenticated else None
    return {"rating": summary("dataset", pkg["id"], user_id), "dataset": pkg["name"]}


def _count(subject_id: int) -> list[int]:
    rows = model.Session.execute(sa.select(Rating.value, sa.func.count()).where(Rating.subject_id == subject_id).group_by(Rating.value))
    found = dict(tuple(row) for row in rows)
    return [found.get(star, 0) for star in STARS]


def _own(subject_id: int, person_id: int | None) -> int | None:
    if person_id is None:
        return None
    return model.Session.scalar(sa.select(Rating.value).where(Rating.subject_id == subject_id, Rating.person_id == person_id))
