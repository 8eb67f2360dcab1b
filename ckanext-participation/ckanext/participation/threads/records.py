"""What surrounds threads: versions of texts, changes of state, ratings, read marks, switches of organisations, counters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, now


class CommentVersion(tk.BaseModel):
    """What a message said before an edit, until when, and who changed it."""

    __tablename__ = "participation_comment_version"

    thread_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    lang: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    until: Mapped[datetime] = mapped_column(WHEN, default=now)
    editor_id: Mapped[int] = mapped_column(sa.BigInteger)

    __table_args__ = (
        sa.ForeignKeyConstraint(["thread_id", "seq"], ["participation_comment.thread_id", "participation_comment.seq"]),)


class ThreadChange(tk.BaseModel):
    """One step of a thread's public history: its state, a problem's state, the answer, the title, or the colleague in charge."""

    __tablename__ = "participation_thread_change"

    thread_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_thread.id"), primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    actor_id: Mapped[int] = mapped_column(sa.BigInteger)
    official: Mapped[bool] = mapped_column(sa.Boolean)
    what: Mapped[str] = mapped_column(sa.Text)
    before: Mapped[str | None] = mapped_column(sa.Text)
    after: Mapped[str | None] = mapped_column(sa.Text)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    link: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class Rating(tk.BaseModel):
    """How many stars (1 to 5) a person gives a dataset; one row each."""

    __tablename__ = "participation_rating"

    subject_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_subject.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    value: Mapped[int] = mapped_column(sa.SmallInteger)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)

    __table_args__ = (sa.CheckConstraint("value BETWEEN 1 AND 5", name="participation_rating_value_check"),)


class ReadMark(tk.BaseModel):
    """Up to which message a person has read a thread."""

    __tablename__ = "participation_read_mark"

    person_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    thread_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_thread.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.Integer)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)


class OrganizationPolicy(tk.BaseModel):
    """How an organisation takes conversations: for everyone, for its members, or not at all; shown before or after a look."""

    __tablename__ = "participation_organization_policy"

    organization_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    threads: Mapped[str] = mapped_column(sa.Text)
    review: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    actor_id: Mapped[int] = mapped_column(sa.BigInteger)

    __table_args__ = (
        sa.CheckConstraint("threads IN ('on', 'members', 'off')", name="participation_organization_policy_threads_check"),
        sa.CheckConstraint("review IN ('after', 'before')", name="participation_organization_policy_review_check"))


class SubjectCount(tk.BaseModel):
    """What lists and search show of a subject, counted by a job (`counting`); a file's threads count for its dataset too."""

    __tablename__ = "participation_subject_count"

    subject_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_subject.id"), primary_key=True)
    threads: Mapped[int] = mapped_column(sa.Integer, default=0)
    threads_open: Mapped[int] = mapped_column(sa.Integer, default=0)
    questions_open: Mapped[int] = mapped_column(sa.Integer, default=0)
    problems_open: Mapped[int] = mapped_column(sa.Integer, default=0)
    comments: Mapped[int] = mapped_column(sa.Integer, default=0)
    answered: Mapped[int] = mapped_column(sa.Integer, default=0)
    stars_1: Mapped[int] = mapped_column(sa.Integer, default=0)
    stars_2: Mapped[int] = mapped_column(sa.Integer, default=0)
    stars_3: Mapped[int] = mapped_column(sa.Integer, default=0)
    stars_4: Mapped[int] = mapped_column(sa.Integer, default=0)
    stars_5: Mapped[int] = mapped_column(sa.Integer, default=0)
    counted_at: Mapped[datetime] = mapped_column(WHEN, default=now)
    indexed_at: Mapped[datetime | None] = mapped_column(WHEN)

    __table_args__ = (
        sa.Index("participation_subject_count_unindexed_idx", "counted_at", postgresql_where=sa.text("indexed_at IS NULL")),)


class Recount(tk.BaseModel):
    """Subjects whose counters are behind; written with every change, taken by the counting job."""

    __tablename__ = "participation_recount"

    subject_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_subject.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(WHEN, default=now)
