"""The tables of the engine: what is known of a source's records and pages, its runs, and removals that wait for a person."""

from __future__ import annotations

from datetime import datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, now

OPEN = "open"


class HarvestState(tk.BaseModel):
    """What is known of one record of a source.

    `source_modified` and `content_hash` are those of what was imported last; `mapped_digest` of what it became, `mapped_with`
    the settings it was mapped with. `due`: it was handed to the import, which has not succeeded since. `page`: where a paged
    catalogue last listed it. `seen_run`: the run that last handed it on. `package_id` is NULL for a record that was never
    imported, and for one that is nothing for us.
    """

    __tablename__ = "participation_harvest_state"

    source_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    guid: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    package_id: Mapped[str | None] = mapped_column(sa.Text)
    source_modified: Mapped[str] = mapped_column(sa.Text, default="")
    content_hash: Mapped[str] = mapped_column(sa.Text, default="")
    mapped_digest: Mapped[str] = mapped_column(sa.Text, default="")
    mapped_with: Mapped[str] = mapped_column(sa.Text, default="")
    page: Mapped[int] = mapped_column(sa.Integer, default=0)
    seen_run: Mapped[int | None] = mapped_column(sa.BigInteger)
    due: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    errors: Mapped[int] = mapped_column(sa.Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    held_id: Mapped[int | None] = mapped_column(sa.BigInteger)

    __table_args__ = (
        sa.Index("participation_harvest_state_package_idx", "package_id"),
        sa.Index("participation_harvest_state_errors_idx", "source_id", postgresql_where=sa.text("errors > 0")),
        sa.Index("participation_harvest_state_held_idx", "held_id", postgresql_where=sa.text("held_id IS NOT NULL")),
    )


class HarvestRun(tk.BaseModel):
    """One reading of a source, for one job. `whole`: it was read to its end; `by_content`: contents were compared, not dates.

    While it goes on: `expected` is the number of records to judge, where the source tells; `read` those that were judged so far,
    `written` those of them that were handed to the writing and are dealt with, `errors` those that could not be imported. `beat` is when a
    sign of life was last given, `finished` when all was written. `stop_asked`: a person wants it to end at the next portion.
    `attempt` is drawn anew each time that the run is begun: only the last of a source's attempts writes. `not_before`: until when the
    server asked to be left alone, for longer than a run waits.
    """

    __tablename__ = "participation_harvest_run"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.Text)
    job_id: Mapped[str] = mapped_column(sa.Text, unique=True)
    attempt: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    started: Mapped[datetime] = mapped_column(WHEN, default=now)
    gathered: Mapped[datetime | None] = mapped_column(WHEN)
    whole: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    by_content: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    listed: Mapped[int] = mapped_column(sa.Integer, default=0)
    unchanged: Mapped[int] = mapped_column(sa.Integer, default=0)
    new: Mapped[int] = mapped_column(sa.Integer, default=0)
    changed: Mapped[int] = mapped_column(sa.Integer, default=0)
    retried: Mapped[int] = mapped_column(sa.Integer, default=0)
    gone: Mapped[int] = mapped_column(sa.Integer, default=0)
    requests: Mapped[int] = mapped_column(sa.Integer, default=0)
    bytes: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    expected: Mapped[int | None] = mapped_column(sa.Integer)
    read: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    written: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    errors: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    beat: Mapped[datetime | None] = mapped_column(WHEN)
    finished: Mapped[datetime | None] = mapped_column(WHEN)
    not_before: Mapped[datetime | None] = mapped_column(WHEN)
    stop_asked: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())

    __table_args__ = (sa.Index("participation_harvest_run_source_idx", "source_id", "id"),)


class HarvestPage(tk.BaseModel):
    """One page of a catalogue as it was when the catalogue was last read to its end, for a conditional request."""

    __tablename__ = "participation_harvest_page"

    source_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    url: Mapped[str] = mapped_column(sa.Text)
    etag: Mapped[str] = mapped_column(sa.Text, default="")
    last_modified: Mapped[str] = mapped_column(sa.Text, default="")
    content_hash: Mapped[str] = mapped_column(sa.Text)
    next_url: Mapped[str] = mapped_column(sa.Text, default="")


class HarvestHeld(tk.BaseModel):
    """A removal that waits for a person; its datasets carry its number. `passed`: it was settled without an answer.

    That is when the source lists enough of them again, or its settings allow more to be removed.
    """

    __tablename__ = "participation_harvest_held"

    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    run_id: Mapped[int] = mapped_column(sa.BigInteger)
    gone: Mapped[int] = mapped_column(sa.Integer)
    before: Mapped[int] = mapped_column(sa.Integer)
    state: Mapped[str] = mapped_column(sa.Text, default=OPEN)
    decided_at: Mapped[datetime | None] = mapped_column(WHEN)
    decided_by: Mapped[int | None] = mapped_column(sa.BigInteger)

    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'confirmed', 'refused', 'passed')", name="participation_harvest_held_state_check"),
        sa.Index("participation_harvest_held_open_key", "source_id", unique=True, postgresql_where=sa.text("state = 'open'")),
    )
