"""The table of licence changes: until when data were under which terms, what came after, and what the organisation says of it.

The terms of a row never change. It hangs on the subject of the dataset, so that it outlives the dataset as conversations do.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, Subject, now

OPEN = sa.text("state = 'open'")
# Kinds of changes that are offered for one answer.
MOST_GROUPS = 10


class LicenceChange(tk.BaseModel):
    """One change of the terms of a dataset, or (`files`) of some of its files.

    `before` and `after` are register ids, `notspecified` or `unrecognised`; `…_words` the publisher's own. `since` is the earliest day
    on which the data are known to have been there; `via` says by what it came: `edit`, `harvest`, or `return` (the dataset was gone
    and came back with other terms). `explained_for` is the organisation whose word the explanation is.
    """

    __tablename__ = "participation_licence_change"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    subject_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("participation_subject.id"))
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    since: Mapped[datetime | None] = mapped_column(WHEN)
    kind: Mapped[str] = mapped_column(sa.Text)
    via: Mapped[str] = mapped_column(sa.Text)
    before: Mapped[str] = mapped_column(sa.Text)
    after: Mapped[str] = mapped_column(sa.Text)
    before_words: Mapped[str] = mapped_column(sa.Text, default="")
    after_words: Mapped[str] = mapped_column(sa.Text, default="")
    files: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB(none_as_null=True))
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    state: Mapped[str] = mapped_column(sa.Text)
    explanation: Mapped[str | None] = mapped_column(sa.Text)
    explanation_lang: Mapped[str | None] = mapped_column(sa.Text)
    explained_at: Mapped[datetime | None] = mapped_column(WHEN)
    explained_by: Mapped[int | None] = mapped_column(sa.BigInteger)
    explained_for: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("kind IN ('stated', 'same', 'widened', 'narrowed', 'mixed', 'dropped', 'unclear')",
                           name="participation_licence_change_kind_check"),
        sa.CheckConstraint("via IN ('edit', 'harvest', 'return')", name="participation_licence_change_via_check"),
        sa.CheckConstraint("state IN ('open', 'explained', 'noted')", name="participation_licence_change_state_check"),
        sa.Index("participation_licence_change_subject_idx", "subject_id", "id"),
        sa.Index("participation_licence_change_open_idx", "subject_id", "id", postgresql_where=OPEN),
    )

    @classmethod
    def of_subject(cls, subject_id: int) -> list[LicenceChange]:
        """Return all changes of a dataset, the latest first."""
        return list(model.Session.scalars(sa.select(cls).where(cls.subject_id == subject_id).order_by(cls.id.desc())))

    @classmethod
    def with_subject(cls, change_id: int, *, lock: bool = False) -> tuple[LicenceChange, Subject] | None:
        """Return a change and what it is about; with `lock`, as it is now, and held until the commit."""
        if not 0 <= change_id < 2**63:
            return None
        query = sa.select(cls, Subject).join(Subject, Subject.id == cls.subject_id).where(cls.id == change_id)
        if lock:
            query = query.with_for_update(of=cls).execution_options(populate_existing=True)
        row = model.Session.execute(query).first()
        return (row[0], row[1]) if row else None

    @classmethod
    def these(cls, ids: list[int]) -> list[LicenceChange]:
        """Return changes by their numbers, in this order."""
        return list(model.Session.scalars(sa.select(cls).where(cls.id.in_(ids)).order_by(cls.id)))

    @classmethod
    def waiting(cls, organization_id: str, *, limit: int, after: int | None) -> list[Any]:
        """Return the changes that wait for the organisation's word, the latest first: `(change, subject, dataset)`."""
        query = cls._waiting(organization_id, cls, Subject, model.Package)
        if after is not None:
            query = query.where(cls.id < after)
        return list(model.Session.execute(query.order_by(cls.id.desc()).limit(limit)))

    @classmethod
    def count_waiting(cls, organization_id: str) -> int:
        """Return how many changes wait for the organisation's word."""
        return model.Session.scalar(cls._waiting(organization_id, sa.func.count())) or 0

    @classmethod
    def one_batch_at_a_time(cls, organization_id: str) -> None:
        """Let nobody else hold many changes of this organisation until the commit: two who do would wait for each other for ever."""
        model.Session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
                              {"name": f"participation_licence_change {organization_id}"})

    @classmethod
    def alike(cls, change: LicenceChange, organization_id: str, most: int) -> list[tuple[int, int]]:
        """Return what else waits at this organisation with the same terms before and after, `(id, subject)`, held until the commit."""
        query = cls._like(change, cls._waiting(organization_id, cls.id, cls.subject_id)).order_by(cls.id).limit(most)
        return [(row.id, row.subject_id) for row in model.Session.execute(query.with_for_update(of=cls))]

    @classmethod
    def count_alike(cls, change: LicenceChange, organization_id: str) -> int:
        """Return how many others wait at this organisation with the same terms before and after."""
        return model.Session.scalar(cls._like(change, cls._waiting(organization_id, sa.func.count()))) or 0

    @classmethod
    def waiting_alike(cls, organization_id: str) -> list[Any]:
        """Return what waits by its terms, where several changes share them, the most frequent first: `(number, id of the latest, …)`."""
        terms = (cls.before, cls.after, cls._unknown(cls.before, cls.before_words), cls._unknown(cls.after, cls.after_words))
        number, latest = sa.func.count(), sa.func.max(cls.id)
        query = cls._waiting(organization_id, number.label("number"), latest.label("latest"), sa.func.max(cls.kind).label("kind"),
                             cls.before, cls.after, terms[2].label("before_words"), terms[3].label("after_words"))
        return list(model.Session.execute(query.group_by(*terms).having(number > 1).order_by(number.desc(), latest.desc())
                                          .limit(MOST_GROUPS)))

    @classmethod
    def explain(cls, ids: list[int], words: dict[str, Any]) -> None:
        """Give these changes the organisation's word, without committing."""
        model.Session.execute(sa.update(cls).where(cls.id.in_(ids)).values(state="explained", **words))

    @staticmethod
    def _unknown(terms: Any, words: Any) -> Any:
        # A known licence is the same however it was written; of what nobody recognises, only the words tell.
        return sa.case((terms == "unrecognised", words), else_=sa.literal_column("''"))

    @classmethod
    def _like(cls, change: LicenceChange, query: sa.Select[Any]) -> sa.Select[Any]:
        query = query.where(cls.before == change.before, cls.after == change.after, cls.id != change.id)
        if change.before == "unrecognised":
            query = query.where(cls.before_words == change.before_words)
        return query.where(cls.after_words == change.after_words) if change.after == "unrecognised" else query

    @classmethod
    def numbers(cls, subject_ids: list[int]) -> dict[int, dict[str, Any]]:
        """Return how many changes hang on each subject, for the list of what is gone: `{id: {"licence_changes"}}`."""
        rows = model.Session.execute(
            sa.select(cls.subject_id, sa.func.count()).where(cls.subject_id.in_(subject_ids)).group_by(cls.subject_id))
        return {subject_id: {"licence_changes": number} for subject_id, number in rows}

    @classmethod
    def first_of_its_hour(cls, organization_id: str, ids: list[int], at: datetime) -> bool:
        """Say whether one of these changes is the first of its hour that waits for the organisation's word."""
        begun = at.replace(minute=0, second=0, microsecond=0)
        first = model.Session.scalar(
            sa.select(sa.func.min(cls.id)).join(Subject, Subject.id == cls.subject_id)
            .where(Subject.organization_id == organization_id, cls.state != "noted", cls.at >= begun, cls.id <= max(ids)))
        return first in ids

    @classmethod
    def _waiting(cls, organization_id: str, *wanted: Any) -> sa.Select[Any]:
        return (sa.select(*wanted).select_from(cls).join(Subject, Subject.id == cls.subject_id)
                .join(model.Package, sa.and_(model.Package.id == Subject.ref, Subject.type == "dataset"))
                .where(cls.state == "open", Subject.organization_id == organization_id, Subject.lost_at.is_(None),
                       model.Package.state == model.State.ACTIVE))

    @classmethod
    def move(cls, from_subject: int, to_subject: int) -> int:
        """Give every change of one subject to another."""
        moved: Any = model.Session.execute(sa.update(cls).where(cls.subject_id == from_subject).values(subject_id=to_subject))
        return moved.rowcount
