"""What organisations and administrators have decided about licences, and what nobody recognises."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, now


class LicencePolicy(tk.BaseModel):
    """Under which licences an organisation publishes, by register id, and which one its forms begin with."""

    __tablename__ = "participation_licence_policy"

    organization_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    allowed: Mapped[list[str]] = mapped_column(JSONB)
    default_id: Mapped[str | None] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    actor_id: Mapped[int] = mapped_column(sa.BigInteger)


ACTIVE = sa.text("taken_back_at IS NULL")


class LicenceAlias(tk.BaseModel):
    """A name that an administrator of the site gave to a licence of the register; one that was taken back stays, with who did so.

    `key` is `licences.folding.name_key` of `text`. `applied_at` is when the search was told; empty while it must still be.
    """

    __tablename__ = "participation_licence_alias"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    licence_id: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    actor_id: Mapped[int] = mapped_column(sa.BigInteger)
    taken_back_at: Mapped[datetime | None] = mapped_column(WHEN)
    taken_back_by: Mapped[int | None] = mapped_column(sa.BigInteger)
    applied_at: Mapped[datetime | None] = mapped_column(WHEN)

    __table_args__ = (
        sa.CheckConstraint("kind IN ('text', 'url')", name="participation_licence_alias_kind_check"),
        sa.Index("participation_licence_alias_key_idx", "key", unique=True, postgresql_where=ACTIVE),
    )

    @classmethod
    def names(cls) -> dict[str, str]:
        """Return `{key: register id}` of those in force; one statement."""
        rows = model.Session.execute(sa.select(cls.key, cls.licence_id).where(cls.taken_back_at.is_(None)))
        return {row.key: row.licence_id for row in rows}

    @classmethod
    def in_force(cls, key: str) -> LicenceAlias | None:
        """Return who has this key now."""
        return model.Session.scalar(sa.select(cls).where(cls.key == key, cls.taken_back_at.is_(None)))

    @classmethod
    def meant(cls, keys: list[str]) -> set[str]:
        """Return every licence that one of these keys stood for at any time."""
        return set(model.Session.scalars(sa.select(cls.licence_id).where(cls.key.in_(keys))))

    @classmethod
    def page(cls, *, limit: int, after: int | None, former: bool) -> list[LicenceAlias]:
        """Return aliases, the latest first; with `former` those that were taken back, else those in force."""
        query = sa.select(cls).where(cls.taken_back_at.is_not(None) if former else cls.taken_back_at.is_(None))
        if after is not None:
            query = query.where(cls.id < after)
        return list(model.Session.scalars(query.order_by(cls.id.desc()).limit(limit)))

    @classmethod
    def pending(cls) -> list[Any]:
        """Return what the search was not told yet: `(id, key, licence_id, latest)`, `latest` being when it was added or taken back."""
        return list(model.Session.execute(sa.select(
            cls.id, cls.key, cls.licence_id, sa.func.coalesce(cls.taken_back_at, cls.at).label("latest")).where(cls.applied_at.is_(None))))

    @classmethod
    def settle(cls, pending: list[Any], at: datetime) -> None:
        """Note that the search was told of these, unless one was taken back meanwhile."""
        for row in pending:
            model.Session.execute(sa.update(cls).where(cls.id == row.id, sa.func.coalesce(cls.taken_back_at, cls.at) == row.latest)
                                  .values(applied_at=at))


class LicenceStatement(tk.BaseModel):
    """What datasets or files say of their licence and nobody recognises, as of the last count; `number` is the place in its list.

    `parts` are the names that it holds, `keys` those by which an alias would be found, `examples` are `[{"id", "name"}]` of datasets.
    """

    __tablename__ = "participation_licence_statement"

    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    level: Mapped[str] = mapped_column(sa.Text)
    statement: Mapped[str] = mapped_column(sa.Text)
    count: Mapped[int] = mapped_column(sa.Integer)
    parts: Mapped[list[str]] = mapped_column(JSONB)
    keys: Mapped[list[str]] = mapped_column(JSONB)
    why: Mapped[str] = mapped_column(sa.Text)
    candidates: Mapped[list[str]] = mapped_column(JSONB)
    examples: Mapped[list[dict[str, str]]] = mapped_column(JSONB)

    @classmethod
    def page(cls, *, limit: int, after: int | None) -> list[LicenceStatement]:
        """Return statements in their order, after this number."""
        return list(model.Session.scalars(sa.select(cls).where(cls.number > (after or 0)).order_by(cls.number).limit(limit)))

    @classmethod
    def with_key(cls, key: str, most: int) -> list[LicenceStatement]:
        """Return the most frequent statements that hold this key."""
        return list(model.Session.scalars(sa.select(cls).where(cls.keys.contains([key])).order_by(cls.number).limit(most)))


class LicenceCount(tk.BaseModel):
    """The last count, in one row: of how many datasets, how many statements, and by key how many datasets and files an alias helped."""

    __tablename__ = "participation_licence_count"

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(WHEN)
    datasets: Mapped[int] = mapped_column(sa.Integer)
    statements: Mapped[int] = mapped_column(sa.Integer)
    left_out: Mapped[int] = mapped_column(sa.Integer)
    recognised: Mapped[dict[str, int]] = mapped_column(JSONB)

    @classmethod
    def last(cls) -> LicenceCount | None:
        """Return the last count, if there was one."""
        return model.Session.get(cls, 1)
