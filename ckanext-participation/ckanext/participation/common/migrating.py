"""Steps of a migration that a site survives while it runs: each is its own short transaction, and can be done again.

A change of a table waits for everybody who uses it, and everybody who comes after waits behind it. So a step gives up after
`LOCK_SECONDS`, lets the others pass, and tries again; it touches one large table only, so that it can't deadlock with a post that
holds one and wants the next; indexes are made `CONCURRENTLY`. A migration that failed half-way is run again from its start: what is
there already is left as it is, and an index that was not finished is made anew.

Every step is called within `with op.get_context().autocommit_block():`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn

__all__ = ["TableInUse", "add_check", "add_columns", "add_index", "add_table", "one_at_a_time", "step"]

log = logging.getLogger(__name__)

LOCK_SECONDS = 2
# Pauses grow from half a second to eight; all together the step gives up after about ten minutes.
TRIES = 60
LONGEST_PAUSE = 8.0
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"
UPGRADE_LOCK = "participation.upgrade"
WAIT_FOR_UPGRADE_SECONDS = 3600

BLOCKERS = """
SELECT coalesce(string_agg(format('%s (%s, %s since %s)', pid, application_name, state, xact_start), ', '), 'none now')
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '2 seconds'
"""


class TableInUse(RuntimeError):
    """A lock was not to be had in all the tries; the message names who holds on."""


def step(what: Callable[[], Any], name: str) -> None:
    """Do `what`, waiting for locks for at most two seconds at a time. Raises TableInUse when it never gets one."""
    pause = 0.5
    for _ in range(TRIES):
        op.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        try:
            what()
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                raise
            log.info("%s: the table is in use, trying again in %.1f s", name, pause)
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        else:
            return
    raise TableInUse(f"{name}: the table was in use all the time. Open transactions: {op.get_bind().scalar(sa.text(BLOCKERS))}. "
                       "Nothing is broken: run the upgrade again when they have ended.")


def add_columns(table: str, *columns: sa.Column[Any]) -> None:
    """Add what is missing of `columns`, all under one lock. Defaults must be constants: they need no rewrite of the table."""
    dialect = postgresql.dialect()
    parts = ", ".join(f"ADD COLUMN IF NOT EXISTS {CreateColumn(column).compile(dialect=dialect)}" for column in columns)
    step(lambda: op.execute(f"ALTER TABLE {table} {parts}"), f"columns of {table}")


def add_check(name: str, table: str, condition: str) -> None:
    """Add a check that new rows keep at once; the old ones are looked at without stopping who writes."""
    known = op.get_bind().scalar(sa.text("SELECT 1 FROM pg_constraint WHERE conname = :name AND conrelid = CAST(:table AS regclass)"),
                                 {"name": name, "table": table})
    if not known:
        step(lambda: op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID"), name)
    step(lambda: op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"), name)


def add_table(name: str, *parts: Any) -> None:
    """Create a table. It may point at one other table, not more: each is locked for a moment."""
    step(lambda: op.create_table(name, *parts, if_not_exists=True), name)


def add_index(name: str, table: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    """Make an index while people write. It waits, without holding anybody up, until transactions that are open now have ended."""
    more: dict[str, Any] = {"postgresql_where": sa.text(where)} if where else {}

    def make() -> None:
        works = op.get_bind().scalar(sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"), {"name": name})
        if works:
            return
        if works is False:
            op.drop_index(name, table, postgresql_concurrently=True)
        op.execute("SET lock_timeout = 0")
        op.create_index(name, table, columns, unique=unique, postgresql_concurrently=True, **more)

    step(make, name)


def one_at_a_time(connection: sa.Connection) -> None:
    """Wait until no other process upgrades this database; the right to do so is the connection's until it is closed.

    Asked for again and again: who waited inside a statement would be waited for by the indexes of the other.
    """
    deadline = time.monotonic() + WAIT_FOR_UPGRADE_SECONDS
    while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(hashtext(:name))"), {"name": UPGRADE_LOCK}):
        connection.commit()
        if time.monotonic() > deadline:
            raise TableInUse("Another process has been upgrading this database for an hour. Look at it, then run the upgrade again.")
        time.sleep(0.5)
    connection.commit()
