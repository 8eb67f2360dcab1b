"""Conversations by COPY: persons with accounts, subjects, threads, and messages from a hundred to ten million, with nested replies.

A message is what the product would have written (`rules.path_of` gives its place), except that texts repeat: their words do not
matter to what is measured. `grow` is called once per size; each call adds to what is there, so that a thread made early can be
measured again when the table has grown.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.server import House

from ckanext.participation.threads import rules

TABLE = "participation_comment"
COLUMNS = "thread_id, seq, parent_seq, path, depth, author_id, on_behalf_of, lang, state, created, body, body_html, text_version, n_support"
SMALL = 100
# From here on it is much faster to build the indexes afterwards.
MANY = 500_000
START = "2026-01-01 00:00:00+00"
TEXTS = [f"The value of station {number} on the third of March is ten times that of its neighbours. "
         f"Was the instrument changed in {1990 + number % 30}, or is a comma in the wrong place? "
         "I compared it with the yearly report and with my own notes." for number in range(200)]


@dataclass
class Conversations:
    """What has been put into the database of `house` so far."""

    house: House
    people: int
    organization: str
    first_person: int = 0
    subjects: list[int] = field(default_factory=list)
    next_thread: int = 1
    messages: int = 0

    def make_people(self) -> None:
        """Make `people` accounts and their persons."""
        with self.house.database() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM participation_person")
            self.first_person = cursor.fetchone()[0]
            _copy(cursor, '"user" (id, name, fullname, email, state, created)', (
                f"bench-{number}\tbench-{number}\tPerson {number}\tbench-{number}@bench.example\tactive\t2025-01-01\n"
                for number in range(self.people)))
            _copy(cursor, "participation_person (id, user_id, created)", (
                f"{self.first_person + number}\tbench-{number}\t{START}\n" for number in range(self.people)))
            _renumber(cursor, "participation_person")
        self.house.vacuum('"user"', "participation_person")

    def subject(self, dataset_id: str, title: str) -> int:
        """Make the subject row of a dataset, as its first message would; return its id."""
        return self.house.sql(
            "INSERT INTO participation_subject (type, ref, title, organization_id, created) VALUES ('dataset', %s, %s, %s, now()) "
            "RETURNING id", dataset_id, title, self.organization)[0][0]

    def count(self, subject_id: int, **numbers: int) -> None:
        """Set a dataset's counters, as the counting job would."""
        names = ("threads", "threads_open", "questions_open", "problems_open", "comments", "answered", *(f"stars_{n}" for n in range(1, 6)))
        self.house.sql(f"INSERT INTO participation_subject_count (subject_id, {', '.join(names)}, counted_at, indexed_at) "
                       f"VALUES (%s, {', '.join(['%s'] * len(names))}, now(), now())",
                       subject_id, *(numbers.get(name, 0) for name in names))

    def grow(self, sizes: Iterable[tuple[int, int]]) -> list[int]:
        """Add threads of so many messages to so many subjects: `[(subject id, messages), …]`; return the threads' ids."""
        wanted = list(sizes)
        ids = list(range(self.next_thread, self.next_thread + len(wanted)))
        visible: dict[int, int] = {}
        with self.house.database() as connection, connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            _copy(cursor, "participation_thread (id, subject_id, kind, title, lang, state, visibility, author_id, created, next_seq, "
                          "n_visible, last_seq, last_at, version)", (
                f"{thread}\t{subject}\t{rules.KINDS[thread % 3]}\tAbout station {thread}\ten\topen\tvisible\t"
                f"{self.author(thread, 1)}\t{START}\t{size + 1}\t{size}\t{size}\t{START}\t1\n"
                for thread, (subject, size) in zip(ids, wanted, strict=True)))
            total = sum(size for _, size in wanted)
            restore = _without_indexes(cursor) if total > MANY else None
            _copy(cursor, f"{TABLE} ({COLUMNS})", self._lines(ids, [size for _, size in wanted], visible))
            if restore:
                restore()
            for thread, count in visible.items():
                cursor.execute("UPDATE participation_thread SET n_visible = %s WHERE id = %s", (count, thread))
            _renumber(cursor, "participation_thread")
        self.house.vacuum("participation_thread", TABLE)
        self.next_thread += len(ids)
        self.messages += total
        return ids

    def author(self, thread: int, seq: int) -> int:
        """Return who wrote a message: everybody writes in every long thread."""
        return self.first_person + (thread * 7919 + seq * 104729) % self.people

    def _lines(self, ids: list[int], sizes: list[int], visible: dict[int, int]) -> Iterator[str]:
        """Give a line of COPY for each message. Small threads share one shape; a long one has a shape of its own."""
        shapes: dict[int, list[tuple[str, str, bool]]] = {}
        for thread, size in zip(ids, sizes, strict=True):
            shape = shapes.get(size) or list(shape_of(size, self.organization))
            if size <= SMALL:
                shapes[size] = shape
            shown = sum(seen for _, _, seen in shape)
            if shown != size:
                visible[thread] = shown
            author = self.first_person + thread * 7919
            for seq, (before, after, _) in enumerate(shape, 1):
                person = self.first_person + (author - self.first_person + seq * 104729) % self.people
                yield f"{thread}\t{before}\t{person}\t{after}"


def shape_of(size: int, organization: str) -> Iterator[tuple[str, str, bool]]:
    """Give, for each message of a thread of `size`, its columns before the author, those after, and whether it is visible.

    Four in ten answer the opening message, five in ten something said shortly before, one in ten anything said so far. Every 100th
    was removed; every 25th of a small thread speaks for the organisation. A long thread has no answer in its name: looking for one
    there must not read the whole thread.
    """
    chance = random.Random(size)
    paths: list[str] = [""]
    for seq in range(1, size + 1):
        dice = chance.random()
        if seq <= 2 or dice < 0.4:
            parent = 1
        elif dice < 0.9:
            parent = chance.randint(max(1, seq - 20), seq - 1)
        else:
            parent = chance.randint(1, seq - 1)
        path, depth = rules.path_of(seq, paths[parent] if parent > 1 else None)
        paths.append(path)
        removed = seq > 1 and seq % 100 == 0
        official = organization if size <= SMALL and seq % 25 == 0 and not removed else "\\N"
        text = TEXTS[seq % len(TEXTS)]
        yield (f"{seq}\t{parent if seq > 1 else chr(92) + 'N'}\t{path}\t{depth}",
               f"{official}\ten\t{'removed' if removed else 'visible'}\t{START}\t{text}\t<p>{text}</p>\t1\t{chance.randrange(20) // 17}\n",
               not removed)


class _Reader(io.RawIOBase):
    """What COPY reads from: lines, a megabyte at a time."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.rest = b""

    def read(self, size: int = -1) -> bytes:
        parts, length = [self.rest], len(self.rest)
        for line in self.lines:
            part = line.encode()
            parts.append(part)
            length += len(part)
            if length >= size > 0:
                break
        whole = b"".join(parts)
        self.rest = whole[size:] if size > 0 else b""
        return whole[:size] if size > 0 else whole


def _copy(cursor: Any, target: str, lines: Iterable[str]) -> None:
    cursor.copy_expert(f"COPY {target} FROM STDIN", _Reader(lines), size=1 << 20)


def _renumber(cursor: Any, table: str) -> None:
    """Let the next number follow the copied ones."""
    cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")


def _without_indexes(cursor: Any) -> Callable[[], None]:
    """Drop the messages' indexes and keys; return the function that makes them again, as they were."""
    cursor.execute("SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint "
                   "WHERE (conrelid = %s::regclass OR confrelid = %s::regclass) AND contype IN ('p', 'f') ORDER BY contype", (TABLE, TABLE))
    keys = cursor.fetchall()
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN %s",
                   (TABLE, tuple(name for _, name, _, _ in keys)))
    indexes = cursor.fetchall()
    for table, name, _, _ in keys:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")

    def restore() -> None:
        for _, text in indexes:
            cursor.execute(text)
        for table, name, _, text in sorted(keys, key=lambda key: key[2] != "p"):
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}")

    return restore
