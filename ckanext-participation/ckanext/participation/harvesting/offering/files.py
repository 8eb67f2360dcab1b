"""The feeds' files: written beside the old ones and put in their place in one step. Knows nothing of datasets.

`current.json` names the file of each feed by its content's hash. It is replaced last and at once, so a reader has either the old
files or the new ones; a build that was killed leaves drafts that the next one removes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from ckanext.participation import config
from ckanext.participation.harvesting.offering import packing

CURRENT = "current.json"
FEEDS = {"data.json": "application/json", "data.ttl": "text/turtle; charset=utf-8", "data.jsonld": "application/ld+json"}
_GZIP = 31
_PART = 1 << 16
# A build takes seconds at least: two in a row do not end within one request.
_ATTEMPTS = 3


class Busy(RuntimeError):
    """Another process is building."""


class NoFolder(RuntimeError):
    """The site has no folder to store anything (`ckan.storage_path`)."""


@dataclass(frozen=True)
class Feed:
    """One file of the folder: its hash, its sizes in bytes unpacked and as it lies there, and when it last changed (ISO 8601, UTC)."""

    file: str
    digest: str
    size: int
    packed: int
    changed: str


@dataclass(frozen=True)
class Current:
    """What is served, and of which state of the catalogue it was made."""

    feeds: dict[str, Feed]
    built: str
    datasets: int
    state: str
    waiting: int = 0
    failed: list[str] = field(default_factory=list)
    # Which datasets were public before a moment (`catalogue.those_public`).
    public: str = ""


def folder() -> Path:
    """Return the folder of the feeds, made when it is not there; raises NoFolder."""
    path = config.offering_folder()
    if path is None:
        raise NoFolder
    path.mkdir(parents=True, exist_ok=True)
    return path


def current(path: Path | None = None) -> Current | None:
    """Return what is served, or None while nothing was built."""
    path = path or config.offering_folder()
    if path is None:
        return None
    try:
        found = json.loads((path / CURRENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Current(**{**found, "feeds": {name: Feed(**feed) for name, feed in found["feeds"].items()}})


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Be the only one that builds; raises Busy. The lock ends with the process, however it ends."""
    with (path / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy from None
        yield


class Draft:
    """One feed while it is written, of parts that may have been packed before; the same content gives the same bytes."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.path = path / f"{name}.draft"
        self.handle = self.path.open("wb")
        self.hash = hashlib.sha256()
        self.size = 0
        self.checksum = 0
        self._put(packing.HEAD)

    def write(self, text: str) -> None:
        """Add text."""
        self.add(packing.packed(text.encode("utf-8")))

    def add(self, part: packing.Packed) -> None:
        """Add text that is packed already."""
        self._put(part.data)
        self.size += part.size
        self.checksum = packing.joined(self.checksum, part.checksum, part.size)

    def close(self) -> None:
        """Bring it to the disk."""
        self._put(packing.end(self.size, self.checksum))
        self.handle.flush()
        os.fsync(self.handle.fileno())
        self.handle.close()

    def _put(self, data: bytes) -> None:
        self.hash.update(data)
        self.handle.write(data)


def publish(path: Path, drafts: list[Draft], now: str, **facts: Any) -> Current:
    """Put closed drafts in the place of what was served before; a feed whose content is the same keeps its date."""
    before = current(path)
    feeds: dict[str, Feed] = {}
    for draft in drafts:
        digest = draft.hash.hexdigest()
        known = before.feeds.get(draft.name) if before else None
        stem, _, ending = draft.name.rpartition(".")
        feed = Feed(f"{stem}-{digest[:24]}.{ending}.gz", digest, draft.size, draft.path.stat().st_size,
                    known.changed if known and known.digest == digest else now)
        draft.path.replace(path / feed.file)
        feeds[draft.name] = feed
    made = Current(feeds=feeds, built=now, **facts)
    new = path / f"{CURRENT}.draft"
    with new.open("w", encoding="utf-8") as handle:
        json.dump(asdict(made), handle)
        handle.flush()
        os.fsync(handle.fileno())
    new.replace(path / CURRENT)
    tidy(path, made)
    return made


def tidy(path: Path, made: Current | None) -> None:
    """Remove files that nobody is given any more. Whoever is reading one reads it to its end."""
    kept = {feed.file for feed in made.feeds.values()} if made else set()
    for ending in ("*.draft", "data-*.gz"):
        for one in path.glob(ending):
            if one.name not in kept:
                one.unlink()


def opened(name: str) -> tuple[Feed, IO[bytes]] | None:
    """Return what is served under a name, and its file, open; None while nothing was built. The caller closes it.

    Opened at once: a build may put others in their place between the look at `current.json` and the first byte.
    """
    path = config.offering_folder()
    for _attempt in range(_ATTEMPTS):
        now = current(path)
        found = now.feeds.get(name) if now else None
        if path is None or found is None:
            return None
        try:
            return found, (path / found.file).open("rb")
        except FileNotFoundError:
            continue
    return None


def unpacked(handle: IO[bytes]) -> Iterator[bytes]:
    """Yield a packed file's content in parts."""
    opener = zlib.decompressobj(_GZIP)
    while part := handle.read(_PART):
        while part:
            yield opener.decompress(part, 16 * _PART)
            part = opener.unconsumed_tail
    yield opener.flush()


def packed(handle: IO[bytes]) -> Iterator[bytes]:
    """Yield a packed file as it is, in parts."""
    while part := handle.read(_PART):
        yield part
