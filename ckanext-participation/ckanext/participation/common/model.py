"""Tables that more than one room needs. No foreign keys to CKAN's tables: CKAN deletes rows with raw SQL (docs/decisions/0001)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column


def now() -> datetime:
    """Return the present instant, with its zone."""
    return datetime.now(UTC)


def now_of_ckan() -> datetime:
    """Return the present instant as CKAN's own tables keep it: in UTC, without saying so."""
    return now().replace(tzinfo=None)


WHEN = sa.DateTime(timezone=True)


class Person(tk.BaseModel):
    """Who acts: an account, or (later) a verified e-mail address without one."""

    __tablename__ = "participation_person"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    user_id: Mapped[str | None] = mapped_column(sa.Text, unique=True)
    email: Mapped[str | None] = mapped_column(sa.Text, unique=True)
    public_name: Mapped[str | None] = mapped_column(sa.Text)
    created: Mapped[datetime] = mapped_column(WHEN, default=now)

    __table_args__ = (sa.CheckConstraint("user_id IS NOT NULL OR email IS NOT NULL", name="participation_person_known"),)

    @classmethod
    def for_user(cls, user_id: str) -> int:
        """Return the id of the account's person, made on first use; safe when two requests do so at once."""
        found = model.Session.scalar(_OF_USER, {"user": user_id})
        if found is None:
            model.Session.execute(insert(cls).values(user_id=user_id, created=now()).on_conflict_do_nothing())
            found = model.Session.scalar(_OF_USER, {"user": user_id})
        return found  # type: ignore[return-value]


_OF_USER = sa.select(Person.id).where(Person.user_id == sa.bindparam("user"))


class Subject(tk.BaseModel):
    """What is talked about: one row per object, with the keys by which it is found again after it was lost."""

    __tablename__ = "participation_subject"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    type: Mapped[str] = mapped_column(sa.Text)
    ref: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.Text, default="")
    name: Mapped[str | None] = mapped_column(sa.Text)
    organization_id: Mapped[str | None] = mapped_column(sa.Text)
    guid: Mapped[str | None] = mapped_column(sa.Text)
    uri: Mapped[str | None] = mapped_column(sa.Text)
    landing_page: Mapped[str | None] = mapped_column(sa.Text)
    created: Mapped[datetime] = mapped_column(WHEN, default=now)
    lost_at: Mapped[datetime | None] = mapped_column(WHEN)
    merged_into: Mapped[int | None] = mapped_column(sa.BigInteger)
    parent_ref: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.UniqueConstraint("type", "ref", name="participation_subject_type_ref_key"),
        sa.Index("participation_subject_lost_idx", "lost_at", postgresql_where=sa.text("lost_at IS NOT NULL")),
        sa.Index("participation_subject_organization_idx", "organization_id"),
        sa.Index("participation_subject_parent_idx", "parent_ref", postgresql_where=sa.text("parent_ref IS NOT NULL")),
    )


class RemovedDataset(tk.BaseModel):
    """A dataset that a harvest removed here, because `source_id` no longer offered it, while everybody could read it.

    Written with the removal, taken back with any other deletion and with the return: it says who removed, CKAN's state says whether.
    """

    __tablename__ = "participation_removed_dataset"

    dataset_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)


class Event(tk.BaseModel):
    """What happened: append-only (a trigger refuses changes), one row per write, in the write's transaction."""

    __tablename__ = "participation_event"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    type: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    subject_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    target_type: Mapped[str] = mapped_column(sa.Text)
    target_id: Mapped[str] = mapped_column(sa.Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

    __table_args__ = (
        sa.Index("participation_event_actor_idx", "actor_id", "at"),
        sa.Index("participation_event_target_idx", "target_type", "target_id"),
        sa.Index("participation_event_subject_idx", "subject_id", "at"),
    )


class Outbox(tk.BaseModel):
    """What must still leave the house because of an event: first an announcement, which becomes one mail per recipient."""

    __tablename__ = "participation_outbox"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_event.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    recipient: Mapped[str] = mapped_column(sa.Text, default="")
    created: Mapped[datetime] = mapped_column(WHEN, default=now)
    not_before: Mapped[datetime] = mapped_column(WHEN, default=now)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    done_at: Mapped[datetime | None] = mapped_column(WHEN)

    __table_args__ = (
        sa.UniqueConstraint("event_id", "kind", "recipient", name="participation_outbox_once_key"),
        sa.Index("participation_outbox_due_idx", "not_before", postgresql_where=sa.text("done_at IS NULL")),
    )


class Idempotency(tk.BaseModel):
    """Replies already given: the same person, action and key get the first reply again."""

    __tablename__ = "participation_idempotency"

    person_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    action: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    created: Mapped[datetime] = mapped_column(WHEN, default=now)
    target_id: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (sa.Index("participation_idempotency_created_idx", "created"),)


class Support(tk.BaseModel):
    """Who finds something useful (+1) or, where the site allows it, not (-1): one row per person and target."""

    __tablename__ = "participation_support"

    target_type: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    target_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    value: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)

    __table_args__ = (sa.CheckConstraint("value IN (-1, 1)", name="participation_support_value_check"),
                      sa.Index("participation_support_person_idx", "person_id"))


class Follow(tk.BaseModel):
    """Who is told of what is new about something; `muted` remembers a wish not to be told, against following by writing."""

    __tablename__ = "participation_follow"

    target_type: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    target_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    muted: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)

    __table_args__ = (sa.Index("participation_follow_person_idx", "person_id"),)


class Attachment(tk.BaseModel):
    """A picture that somebody uploaded, already re-encoded; without a thread until its message is posted."""

    __tablename__ = "participation_attachment"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger)
    thread_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    seq: Mapped[int | None] = mapped_column(sa.Integer)
    width: Mapped[int] = mapped_column(sa.Integer)
    height: Mapped[int] = mapped_column(sa.Integer)
    bytes: Mapped[int] = mapped_column(sa.Integer)
    media_type: Mapped[str] = mapped_column(sa.Text)
    created: Mapped[datetime] = mapped_column(WHEN, default=now)

    __table_args__ = (sa.Index("participation_attachment_loose_idx", "created", postgresql_where=sa.text("thread_id IS NULL")),)


class IndexMark(tk.BaseModel):
    """Something whose search document may be out of date: `number` grows with every write, `since` is when the first one came."""

    __tablename__ = "participation_index_mark"

    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    ref: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    since: Mapped[datetime] = mapped_column(WHEN, default=now)
    number: Mapped[int] = mapped_column(sa.Integer, default=1)

    __table_args__ = (sa.Index("participation_index_mark_since_idx", "since"),)


class Indexed(tk.BaseModel):
    """What the search holds of an entry with many parts, such as a thread: digests of what all its documents say alike.

    While its parts are sent one batch after the other, `walking` is the digest they get and `walked` the last part sent.
    """

    __tablename__ = "participation_indexed"

    kind: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    about: Mapped[str] = mapped_column(sa.Text)
    said: Mapped[str] = mapped_column(sa.Text)
    walking: Mapped[str | None] = mapped_column(sa.Text)
    walked: Mapped[int] = mapped_column(sa.Integer, default=0)
