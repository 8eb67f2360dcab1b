"""Tables and statements of threads. Numbers are dense per thread; counters change in the statement that changes what they count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, Subject, now
from ckanext.participation.common.visibility import VISIBLE

ROOTS = sa.text("state <> 'held' AND depth = 0")


class Thread(tk.BaseModel):
    """A titled conversation about one subject."""

    __tablename__ = "participation_thread"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    subject_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_subject.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str] = mapped_column(sa.Text)
    lang: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default="open")
    visibility: Mapped[str] = mapped_column(sa.Text, default=VISIBLE)
    author_id: Mapped[int] = mapped_column(sa.BigInteger)
    created: Mapped[datetime] = mapped_column(WHEN, default=now)
    next_seq: Mapped[int] = mapped_column(sa.Integer, default=1)
    n_visible: Mapped[int] = mapped_column(sa.Integer, default=0)
    last_seq: Mapped[int] = mapped_column(sa.Integer, default=0)
    last_at: Mapped[datetime] = mapped_column(WHEN, default=now)
    version: Mapped[int] = mapped_column(sa.Integer, default=1)
    state_reason: Mapped[str | None] = mapped_column(sa.Text)
    state_at: Mapped[datetime | None] = mapped_column(WHEN)
    answer_seq: Mapped[int | None] = mapped_column(sa.Integer)
    assignee_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    problem_state: Mapped[str | None] = mapped_column(sa.Text)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    n_changes: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    n_untranslated: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")

    __table_args__ = (
        sa.CheckConstraint("problem_state IN ('open', 'confirmed', 'fixed', 'wont_fix')", name="participation_thread_problem_check"),
        sa.Index("participation_thread_to_do_idx", "subject_id", "state", "kind", postgresql_where=sa.text("visibility = 'visible'")),
        sa.CheckConstraint("kind IN ('question', 'problem', 'suggestion', 'thanks')", name="participation_thread_kind_check"),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed', 'locked')", name="participation_thread_state_check"),
        sa.CheckConstraint("visibility IN ('visible', 'held', 'hidden', 'removed')", name="participation_thread_visibility_check"),
        sa.Index("participation_thread_subject_idx", "subject_id", "last_at", "id"),
        sa.Index("participation_thread_latest_idx", "last_at", "id", postgresql_where=sa.text("visibility = 'visible'")),
    )

    def take_number(self, *, visible: bool, at: datetime) -> int:
        """Take the next message number and count the message. The thread is held since it was loaded for this, or is new."""
        seq = self.next_seq
        self.next_seq, self.version = seq + 1, self.version + 1
        if visible:
            self.n_visible, self.last_seq, self.last_at = self.n_visible + 1, seq, at
        return seq

    @classmethod
    def with_subject(cls, thread_id: int) -> tuple[Thread, Subject, Any] | None:
        """Return a thread, what it is about, and the row of its dataset or None, in one statement.

        Who holds the dataset's row spares CKAN's own check of rights a statement: the session finds it again.
        """
        row = model.Session.execute(_WITH_SUBJECT, {"thread": thread_id}).first()
        return (row[0], row[1], row[2]) if row else None

    @classmethod
    def locked_with_subject(cls, thread_id: int) -> tuple[Thread, Subject, Any] | None:
        """Return the same as it is in the database now, and hold the thread until the commit: changes of one thread queue up here."""
        row = model.Session.execute(_LOCKED, {"thread": thread_id}).first()
        return (row[0], row[1], None) if row else None

    @classmethod
    def of_subject(cls, subject_id: int, *, limit: int, before: tuple[datetime, int] | None) -> list[Thread]:
        """Return the threads of a subject that are not held, the latest spoken in first."""
        query = sa.select(cls).where(cls.subject_id == subject_id, cls.visibility == VISIBLE)
        if before:
            query = query.where(sa.tuple_(cls.last_at, cls.id) < sa.tuple_(sa.literal(before[0]), sa.literal(before[1])))
        return list(model.Session.scalars(query.order_by(cls.last_at.desc(), cls.id.desc()).limit(limit)))

    @classmethod
    def latest(cls, limit: int) -> list[tuple[Thread, Subject]]:
        """Return the latest visible threads of the site with their subjects; rights are the caller's to check."""
        rows = model.Session.execute(
            sa.select(cls, Subject).join(Subject, Subject.id == cls.subject_id)
            .where(cls.visibility == VISIBLE, Subject.lost_at.is_(None), Subject.merged_into.is_(None))
            .order_by(cls.last_at.desc(), cls.id.desc()).limit(limit))
        return [(row[0], row[1]) for row in rows]

    @classmethod
    def count(cls) -> int:
        """Return how many visible threads the site has."""
        return model.Session.scalar(sa.select(sa.func.count()).where(cls.visibility == VISIBLE)) or 0

    @classmethod
    def move(cls, from_subject: int, to_subject: int) -> int:
        """Give every thread of one subject to another."""
        return model.Session.execute(sa.update(cls).where(cls.subject_id == from_subject).values(subject_id=to_subject)).rowcount


_WITH_SUBJECT = (
    sa.select(Thread, Subject, model.Package).join(Subject, Subject.id == Thread.subject_id)
    .outerjoin(model.Package, sa.and_(model.Package.id == Subject.ref, Subject.type == "dataset"))
    .where(Thread.id == sa.bindparam("thread")))
_LOCKED = (
    sa.select(Thread, Subject).join(Subject, Subject.id == Thread.subject_id).where(Thread.id == sa.bindparam("thread"))
    .with_for_update(of=Thread).execution_options(populate_existing=True))


class Comment(tk.BaseModel):
    """One message: its number, its place among the replies, its text and the text's safe HTML."""

    __tablename__ = "participation_comment"

    thread_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_thread.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    parent_seq: Mapped[int | None] = mapped_column(sa.Integer)
    path: Mapped[str] = mapped_column(sa.Text(collation="C"))
    depth: Mapped[int] = mapped_column(sa.SmallInteger)
    author_id: Mapped[int] = mapped_column(sa.BigInteger)
    on_behalf_of: Mapped[str | None] = mapped_column(sa.Text)
    lang: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default=VISIBLE)
    state_reason: Mapped[str | None] = mapped_column(sa.Text)
    created: Mapped[datetime] = mapped_column(WHEN, default=now)
    edited: Mapped[datetime | None] = mapped_column(WHEN)
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text)
    text_version: Mapped[int] = mapped_column(sa.SmallInteger)
    signed: Mapped[bool] = mapped_column(sa.Boolean, default=True, server_default=sa.true())
    n_support: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    n_against: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    n_versions: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    attachments: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    translation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    translation_pending: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())

    __table_args__ = (
        sa.CheckConstraint("state IN ('visible', 'held', 'hidden', 'removed')", name="participation_comment_state_check"),
        # Hidden and removed messages stay in the page as tombstones that keep their replies; held ones are not there yet.
        sa.Index("participation_comment_page_idx", "thread_id", "path", postgresql_where=sa.text("state <> 'held'")),
        sa.Index("participation_comment_held_idx", "created", postgresql_where=sa.text("state = 'held'")),
        sa.Index("participation_comment_author_idx", "author_id"),
        sa.Index("participation_comment_official_idx", "thread_id", "seq",
                 postgresql_where=sa.text("on_behalf_of IS NOT NULL AND state = 'visible'")),
        sa.Index("participation_comment_useful_idx", "thread_id", "n_support", "seq", postgresql_where=sa.text("state <> 'held'")),
        sa.Index("participation_comment_root_idx", "thread_id", "seq", postgresql_where=ROOTS),
        sa.Index("participation_comment_root_useful_idx", "thread_id", "n_support", "seq", postgresql_where=ROOTS),
        sa.Index("participation_comment_untranslated_idx", "on_behalf_of", "created", postgresql_where=sa.text("translation_pending")),
    )

    @classmethod
    def place(cls, thread_id: int, seq: int) -> Any | None:
        """Return where a message stands and whose it is (`seq`, `path`, `state`, `author_id`), without its text."""
        return model.Session.execute(_PLACE, {"thread": thread_id, "number": seq}).first()

    def insert(self) -> None:
        """Add the message, which nobody changes in this transaction any more: it does not pass through the session."""
        model.Session.execute(_INSERT, {name: getattr(self, name) for name in _COLUMNS})

    @classmethod
    def openings(cls, thread_ids: list[int]) -> dict[int, Comment]:
        """Return the first message of each thread, in one statement."""
        return {row.thread_id: row for row in model.Session.scalars(_OPENINGS, {"threads": thread_ids})}

    @classmethod
    def faces(cls, thread_ids: list[int]) -> dict[int, Any]:
        """Return whether the first message of each thread is there, and in whose name: `state`, `on_behalf_of`, `signed`."""
        return {row.thread_id: row for row in model.Session.execute(_FACES, {"threads": thread_ids})}

    @classmethod
    def answers(cls, threads: list[Thread]) -> dict[int, Comment]:
        """Return of each thread the reply that is marked as the answer, else the latest in an organisation's name; in one statement.

        Two look-ups in an index per thread, also in one of a million messages.
        """
        rows = model.Session.scalars(_ANSWERS, {"ids": [row.id for row in threads], "marks": [row.answer_seq for row in threads]})
        return {row.thread_id: row for row in rows}


_COLUMNS = [column.name for column in Comment.__table__.columns]
_INSERT = Comment.__table__.insert()
_PLACE = sa.select(Comment.seq, Comment.path, Comment.state, Comment.author_id).where(
    Comment.thread_id == sa.bindparam("thread"), Comment.seq == sa.bindparam("number"))
_FIRST = sa.and_(Comment.thread_id == sa.any_(sa.bindparam("threads", type_=sa.ARRAY(sa.BigInteger))), Comment.seq == 1)
_OPENINGS = sa.select(Comment).where(_FIRST)
_FACES = sa.select(Comment.thread_id, Comment.state, Comment.on_behalf_of, Comment.signed).where(_FIRST)
_ANSWERS = sa.select(Comment).from_statement(sa.text("""
    SELECT c.* FROM unnest(CAST(:ids AS bigint[]), CAST(:marks AS integer[])) AS t (id, mark) CROSS JOIN LATERAL (
      (SELECT * FROM participation_comment m WHERE m.thread_id = t.id AND m.seq = t.mark AND m.state = 'visible')
      UNION ALL
      (SELECT * FROM participation_comment o WHERE o.thread_id = t.id AND o.on_behalf_of IS NOT NULL AND o.state = 'visible'
         AND o.seq > 1 ORDER BY o.seq DESC LIMIT 1)
      LIMIT 1) c"""))
