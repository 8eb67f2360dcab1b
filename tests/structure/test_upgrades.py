"""F12: the schema is brought up to date under a site that runs. The old version goes on reading and posting; nobody waits for long.

The tables of release 001 are made in a schema of their own, filled, and upgraded there, while clients work on them with the statements
of the version before. LARGE=300000 takes that many messages.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from alembic.config import Config
from running import eventually
from sqlalchemy.pool import NullPool

import ckanext.participation

MIGRATIONS = Path(ckanext.participation.__file__).parent / "migration" / "participation"
SCHEMA = "before_upgrade"
MESSAGES = int(os.environ.get("LARGE", "20000"))
THREADS = 100
LONGEST_WAIT = 4.0

FILL = f"""
INSERT INTO participation_subject (type, ref, title, created) VALUES ('dataset', 'x', 'Snow', now());
INSERT INTO participation_thread (subject_id, kind, title, lang, state, visibility, author_id, created, next_seq, n_visible, last_seq, last_at, version)
  SELECT 1, 'question', 'Why?', 'en', 'open', 'visible', 1, now(), {MESSAGES // THREADS} + 1, {MESSAGES // THREADS}, 1, now(), 1
  FROM generate_series(1, {THREADS});
INSERT INTO participation_comment (thread_id, seq, path, depth, author_id, lang, state, created, body, body_html, text_version)
  SELECT 1 + mod(n, {THREADS}), 1 + n / {THREADS}, lpad(CAST(n AS text), 6, '0'), 0, mod(n, 50), 'en', 'visible', now(), repeat('words ', 50), repeat('words ', 60), 2
  FROM generate_series(0, {MESSAGES - 1}) n;
"""
# What the version before does for one message, in its order.
POST = ("UPDATE participation_thread SET next_seq = next_seq + 1, n_visible = n_visible + 1, version = version + 1 WHERE id = :thread RETURNING next_seq - 1",
        ("INSERT INTO participation_comment (thread_id, seq, path, depth, author_id, lang, state, created, body, body_html, text_version) "
         "VALUES (:thread, :seq, :path, 0, 1, 'en', 'visible', now(), 'x', 'x', 2)"),
        "INSERT INTO participation_event (type, at, target_type, target_id, data) VALUES ('comment.created', now(), 'comment', :path, '{}')")
READ = "SELECT thread_id, seq, body_html FROM participation_comment WHERE thread_id = :thread AND state <> 'held' ORDER BY path LIMIT 50"


def address() -> str:
    return f"{tk.config['sqlalchemy.url']}{'&' if '?' in tk.config['sqlalchemy.url'] else '?'}options=-csearch_path%3D{SCHEMA}"


def upgrade(revision: str) -> None:
    """Do what `ckan db upgrade` does, in the schema of this test."""
    settings = Config(str(MIGRATIONS / "alembic.ini"))
    settings.set_main_option("sqlalchemy.url", address().replace("%", "%%"))
    alembic.command.upgrade(settings, revision)


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    """Give connections to the tables of release 001, filled."""
    engine = sa.create_engine(address(), poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    try:
        upgrade("001")
        with engine.begin() as connection:
            connection.execute(sa.text(FILL))
        yield engine
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


class Client(threading.Thread):
    """Somebody who reads and posts through the old version, one after the other, until it is told to stop."""

    def __init__(self, engine: sa.Engine, number: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.engine, self.number, self.over = engine, number, over
        self.posted, self.longest = 0, 0.0
        self.trouble: Exception | None = None

    def run(self) -> None:
        try:
            with self.engine.connect() as connection:
                while not self.over.is_set():
                    began = time.monotonic()
                    self.one(connection)
                    self.longest = max(self.longest, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            self.trouble = error

    def one(self, connection: sa.Connection) -> None:
        thread = 1 + (self.posted * 7 + self.number) % THREADS
        with connection.begin():
            seq = connection.scalar(sa.text(POST[0]), {"thread": thread})
            for statement in POST[1:]:
                connection.execute(sa.text(statement), {"thread": thread, "seq": seq, "path": f"{self.number}-{self.posted}"})
            connection.execute(sa.text(READ), {"thread": thread}).all()
        self.posted += 1


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Give settings for a process of its own: the tool keeps what it works on in global variables."""
    settings = tmp_path / "alembic.ini"
    settings.write_text(f"[alembic]\nscript_location = {MIGRATIONS}\nsqlalchemy.url = {address().replace('%', '%%')}\n")
    return settings


def begin(settings: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "alembic", "-c", str(settings), "upgrade", "head"])


def waiting(engine: sa.Engine) -> int:
    """Return how many changes of a table wait for a lock."""
    with engine.connect() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE%' AND wait_event_type = 'Lock'")) or 0


@contextmanager
def clients(engine: sa.Engine, count: int = 3) -> Iterator[list[Client]]:
    over = threading.Event()
    running = [Client(engine, number, over) for number in range(count)]
    for client in running:
        client.start()
    try:
        yield running
    finally:
        over.set()
        for client in running:
            client.join(30)


def tables_of(engine: sa.Engine) -> dict[str, Any]:
    """Return columns, indexes and checks of each table, and which indexes do not work."""
    inspector = sa.inspect(engine)
    found: dict[str, Any] = {}
    for table in sorted(inspector.get_table_names(schema=SCHEMA)):
        found[table] = (sorted((column["name"], str(column["type"]), column["nullable"], column["default"])
                               for column in inspector.get_columns(table, SCHEMA)),
                        sorted(index["name"] or "" for index in inspector.get_indexes(table, SCHEMA)),
                        sorted((check["name"] or "", check["sqltext"]) for check in inspector.get_check_constraints(table, SCHEMA)))
    with engine.connect() as connection:
        found["not valid"] = connection.scalars(sa.text(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid AND c.relnamespace = "
            f"'{SCHEMA}'::regnamespace UNION ALL SELECT conname FROM pg_constraint WHERE NOT convalidated AND connamespace = '{SCHEMA}'::regnamespace")).all()
    return found


def test_the_version_before_reads_and_posts_while_the_tables_change(engine: sa.Engine) -> None:
    with clients(engine) as running:
        upgrade("head")
    assert [client.trouble for client in running] == [None] * len(running)
    assert max(client.longest for client in running) < LONGEST_WAIT
    assert tables_of(engine)["not valid"] == []
    with engine.connect() as connection:
        stored = connection.scalar(sa.text("SELECT count(*) FROM participation_comment"))
    assert stored == MESSAGES + sum(client.posted for client in running)


def test_who_holds_a_table_for_long_stops_the_upgrade_and_nobody_else(engine: sa.Engine, elsewhere: Path) -> None:
    with engine.connect() as reader, clients(engine) as running:
        reader.execute(sa.text("SELECT 1 FROM participation_comment LIMIT 1")).all()
        process = begin(elsewhere)
        eventually(lambda: waiting(engine), "the upgrade waits for the reader")
        eventually(lambda: not waiting(engine), "the upgrade lets the others pass")
        posted = sum(client.posted for client in running)
        reader.rollback()
        assert process.wait(120) == 0
    assert posted
    assert [client.trouble for client in running] == [None] * len(running)
    assert max(client.longest for client in running) < LONGEST_WAIT
    assert tables_of(engine)["not valid"] == []


@pytest.mark.parametrize("how", ["by the database", "by a kill"])
def test_an_upgrade_that_was_ended_half_way_is_finished_by_the_next_one(engine: sa.Engine, elsewhere: Path, how: str) -> None:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        # Something like a backup, which sees one instant: an index is not valid until it has ended.
        reader.execute(sa.text("SELECT 1 FROM participation_person LIMIT 1")).all()
        process = begin(elsewhere)
        eventually(lambda: tables_of(engine)["not valid"], "an index is under way")
        if how == "by a kill":
            process.send_signal(signal.SIGKILL)
        else:
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'"))
        assert process.wait(60) != 0
        assert tables_of(engine)["not valid"] != []
    half = tables_of(engine)
    upgrade("head")
    whole = tables_of(engine)
    assert half != whole
    assert whole["not valid"] == []
    # The same as one that nothing disturbed, and as what the models describe (test_migrations).
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    upgrade("head")
    assert tables_of(engine) == whole


def test_two_upgrades_at_once_are_one_after_the_other(engine: sa.Engine, elsewhere: Path) -> None:
    both = [begin(elsewhere), begin(elsewhere)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert tables_of(engine)["not valid"] == []
