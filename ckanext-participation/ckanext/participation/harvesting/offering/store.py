"""The pieces of all datasets, packed in sections and kept between builds in a file of SQLite: a later build works out only what changed.

Nothing here is needed for good: without the file, or with one that a full disk has broken, the next build works out everything again.
One process at a time writes it (`files.lock`). New sections stand beside the old ones until a build is through, so what a killed build
made is there for the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson

from ckanext.participation.harvesting.offering.packing import Packed
from ckanext.participation.harvesting.offering.sections import Member, Section
from ckanext.participation.harvesting.offering.triples import Shared

NAME = "pieces.sqlite"
# `facts`: the members, and size and checksum of each text.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recipe (value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS section (
  number INTEGER PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL, facts BLOB NOT NULL,
  data_json BLOB NOT NULL, turtle BLOB NOT NULL, json_ld BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS section_first ON section (first, last);
CREATE TABLE IF NOT EXISTS shared (key TEXT PRIMARY KEY, turtle TEXT NOT NULL, json_ld TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A section that is kept: its number, and the ids of its first and of its last dataset."""

    number: int
    first: str
    last: str


class Store:
    """The pieces of one site."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.base = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._ready()
        except sqlite3.DatabaseError:
            # Broken by a full disk or a lost machine; worth no more than the time of one build.
            self._delete()
            return self._ready()

    def _ready(self) -> sqlite3.Connection:
        base = sqlite3.connect(self.path, timeout=60)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.executescript(_SCHEMA)
        return base

    def _delete(self) -> None:
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def made_by(self, recipe: str, *, anew: bool = False) -> None:
        """Forget everything that was made in another way, or (`anew`) everything."""
        known = self.base.execute("SELECT value FROM recipe").fetchone()
        if anew or known is None or known[0] != recipe:
            self.base.close()
            self._delete()
            self.base = self._ready()
            self.base.execute("INSERT INTO recipe VALUES (?)", (recipe,))
            self.base.commit()

    def known(self) -> list[Known]:
        """Return what is kept, in the order of ids; what killed builds left overlaps."""
        return [Known(*row) for row in self.base.execute("SELECT number, first, last FROM section ORDER BY first, last")]

    def members(self, number: int) -> list[Member]:
        """Return the datasets of a section."""
        facts, = self.base.execute("SELECT facts FROM section WHERE number = ?", (number,)).fetchone()
        return [Member(*row) for row in orjson.loads(facts)["members"]]

    def section(self, number: int) -> Section:
        """Return a section."""
        facts, *texts = self.base.execute("SELECT facts, data_json, turtle, json_ld FROM section WHERE number = ?", (number,)).fetchone()
        about = orjson.loads(facts)
        return Section([Member(*row) for row in about["members"]],
                       [Packed(text, *rest) for text, rest in zip(texts, about["texts"], strict=True)])

    def add(self, sections: Iterable[Section], shared: Iterable[Shared]) -> list[int]:
        """Keep sections and what their pieces share, in one transaction; return the sections' numbers."""
        numbers: list[int] = []
        with self.base:
            for one in sections:
                facts = {"members": [tuple(member) for member in one.members], "texts": [(text.size, text.checksum) for text in one.texts]}
                added = self.base.execute(
                    "INSERT INTO section (first, last, facts, data_json, turtle, json_ld) VALUES (?, ?, ?, ?, ?, ?)",
                    (one.members[0].id, one.members[-1].id, orjson.dumps(facts), *(text.data for text in one.texts)))
                numbers.append(added.lastrowid or 0)
            self.base.executemany("INSERT OR IGNORE INTO shared VALUES (?, ?, ?)", ((one.key, one.turtle, one.json_ld) for one in shared))
        return numbers

    def keep(self, numbers: Iterable[int]) -> None:
        """Forget all other sections."""
        kept = set(numbers)
        with closing(self.base.execute("SELECT number FROM section")) as rows:
            gone = [row for row in rows if row[0] not in kept]
        with self.base:
            self.base.executemany("DELETE FROM section WHERE number = ?", gone)

    def shared(self, keys: set[str]) -> Iterator[tuple[str, str]]:
        """Yield what is shared under these keys, in their order."""
        for key in sorted(keys):
            row = self.base.execute("SELECT turtle, json_ld FROM shared WHERE key = ?", (key,)).fetchone()
            yield row[0], row[1]

    def close(self) -> None:
        """Close the file."""
        self.base.close()
