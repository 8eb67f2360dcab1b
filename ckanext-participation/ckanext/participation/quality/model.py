"""The tables of the room: what was found of each dataset, what is to be judged anew, and the addresses of files."""

from __future__ import annotations

from datetime import date, datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, now


class Quality(tk.BaseModel):
    """What the rules of version `rules` said of an active dataset; `met` and `missing` are bits of `rules.BITS`.

    `use` is what the list is sorted by: `follows`, `messages` and, where the site counts them, `views` of the last two weeks.
    """

    __tablename__ = "participation_quality"

    package_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    organization_id: Mapped[str | None] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    rules: Mapped[int] = mapped_column(sa.Integer)
    met: Mapped[int] = mapped_column(sa.Integer)
    missing: Mapped[int] = mapped_column(sa.Integer)
    stars: Mapped[int | None] = mapped_column(sa.Integer)
    files: Mapped[int] = mapped_column(sa.Integer)
    machine: Mapped[int] = mapped_column(sa.Integer)
    dead: Mapped[int] = mapped_column(sa.Integer)
    follows: Mapped[int] = mapped_column(sa.Integer)
    messages: Mapped[int] = mapped_column(sa.Integer)
    views: Mapped[int] = mapped_column(sa.Integer)
    use: Mapped[int] = mapped_column(sa.BigInteger)

    __table_args__ = (
        sa.Index("participation_quality_organization_idx", "organization_id", "use", "package_id"),
        sa.Index("participation_quality_at_idx", "at"),
    )


class QualityMark(tk.BaseModel):
    """A dataset that was written, or one of whose addresses turned out otherwise: to be judged anew. Only added and taken away."""

    __tablename__ = "participation_quality_mark"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    package_id: Mapped[str] = mapped_column(sa.Text)


class Link(tk.BaseModel):
    """One address of files, however many files have it. `digest` is that of the address.

    `failures` in a row, the first of them at `failed_since`; `due_at` is when it is asked next; `answered_at` when it last was there.
    """

    __tablename__ = "participation_link"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    digest: Mapped[str] = mapped_column(sa.Text, unique=True)
    url: Mapped[str] = mapped_column(sa.Text)
    host: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text, default="new")
    status: Mapped[int | None] = mapped_column(sa.Integer)
    why: Mapped[str] = mapped_column(sa.Text, default="")
    failures: Mapped[int] = mapped_column(sa.Integer, default=0)
    failed_since: Mapped[datetime | None] = mapped_column(WHEN)
    asked_at: Mapped[datetime | None] = mapped_column(WHEN)
    answered_at: Mapped[datetime | None] = mapped_column(WHEN)
    due_at: Mapped[datetime] = mapped_column(WHEN, default=now)
    moved_to: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.CheckConstraint("state IN ('new', 'alive', 'moved', 'unknown', 'dead')", name="participation_link_state_check"),
        sa.Index("participation_link_host_idx", "host", "due_at"),
    )


class LinkUse(tk.BaseModel):
    """Which datasets have files at an address; of public datasets only."""

    __tablename__ = "participation_link_use"

    package_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    link_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)

    __table_args__ = (sa.Index("participation_link_use_link_idx", "link_id"),)


class LinkDay(tk.BaseModel):
    """How many requests the checking of addresses made on one day (UTC)."""

    __tablename__ = "participation_link_day"

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    requests: Mapped[int] = mapped_column(sa.Integer)
