"""Each dataset's pieces, kept between builds in a file of SQLite: a later build works out only what changed.

Nothing here is needed for good: without the file, or with one that a full disk has broken, the next build works out everything again.
One process at a time writes it (`files.lock`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ckanext.participation.harvesting.offering.triples import Shared

NAME = "pieces.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recipe (value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS piece (
  id TEXT PRIMARY KEY, stamp TEXT NOT NULL, data_json TEXT NOT NULL, turtle TEXT NOT NULL, json_ld TEXT NOT NULL, shared TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shared (key TEXT PRIMARY KEY, turtle TEXT NOT NULL, json_ld TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Kept:
    """One dataset's pieces; `stamp` says of which state of the dataset, `shared` what the files must also hold."""

    id: str
    stamp: str
    data_json: str
    turtle: str
    json_ld: str
    shared: tuple[Shared, ...] = ()


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

    def stamps(self, first: str, last: str) -> dict[str, str]:
        """Return which states are kept of the datasets between two ids; from the first (not it) to the last."""
        return dict(self.base.execute("SELECT id, stamp FROM piece WHERE id > ? AND id <= ?", (first, last)))

    def change(self, kept: Iterable[Kept], gone: Iterable[str]) -> None:
        """Keep pieces and forget others, in one transaction."""
        rows = list(kept)
        with self.base:
            self.base.executemany("DELETE FROM piece WHERE id = ?", ((one,) for one in gone))
            self.base.executemany("INSERT OR REPLACE INTO piece VALUES (?, ?, ?, ?, ?, ?)", (
                (row.id, row.stamp, row.data_json, row.turtle, row.json_ld, " ".join(one.key for one in row.shared)) for row in rows))
            self.base.executemany("INSERT OR IGNORE INTO shared VALUES (?, ?, ?)", (
                (one.key, one.turtle, one.json_ld) for one in {one.key: one for row in rows for one in row.shared}.values()))

    def forget_after(self, last: str) -> int:
        """Forget the datasets behind an id; return how many."""
        with self.base:
            return self.base.execute("DELETE FROM piece WHERE id > ?", (last,)).rowcount

    def pieces(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield (data_json, turtle, json_ld, keys of what is shared) in the order of ids, a few in memory at a time."""
        with closing(self.base.execute("SELECT data_json, turtle, json_ld, shared FROM piece ORDER BY id")) as rows:
            yield from rows

    def shared(self, keys: set[str]) -> Iterator[tuple[str, str]]:
        """Yield what is shared under these keys, in their order."""
        for key in sorted(keys):
            row = self.base.execute("SELECT turtle, json_ld FROM shared WHERE key = ?", (key,)).fetchone()
            yield row[0], row[1]

    def close(self) -> None:
        """Close the file."""
        self.base.close()
