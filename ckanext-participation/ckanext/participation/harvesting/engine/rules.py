"""What differs between what a source lists and what is known of it here. Pure.

Half a million records take some 19 MB: of each there are 64-bit hashes and a few bits in arrays, no texts. The hashes have a
key that is drawn anew in each process, so that no source can choose its identifiers to collide.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

_KEY = os.urandom(16)
SEEN, DUE, STALE, HELD, CONFIRMED, REFUSED, NOTHING, DONE = (1 << bit for bit in range(8))
# From this share of records that must be looked at again, reading everything is cheaper than listing first.
WORTH_LISTING = 0.5


class Verdict(StrEnum):
    """What to do about a listed record.

    `NOTHING` was found to be nothing for us, and is as it was; `DONE` was imported by an earlier attempt at the same run.
    """

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETRY = "retry"
    REPEATED = "repeated"
    NOTHING = "nothing"
    DONE = "done"


class Row(NamedTuple):
    """What is known of one record.

    `modified` is the source's own date, `content` a hash of what was imported, `digest` of what it became; `due`: its import
    failed or never came; `stale`: it was mapped with other settings; `held`: how a person decided about its removal, or `open`;
    `dataset`: whether it has one here (a record that is nothing for us, such as a harvest source, has none); `done`: an earlier
    attempt at the same run dealt with it.
    """

    guid: str
    modified: str = ""
    content: str = ""
    page: int = 0
    due: bool = False
    stale: bool = False
    held: str = ""
    dataset: bool = True
    digest: str = ""
    done: bool = False


_HELD = {"open": HELD, "confirmed": HELD | CONFIRMED, "refused": HELD | REFUSED}


class Known:
    """All that is known of a source, asked record by record."""

    def __init__(self, rows: Iterable[Row]) -> None:
        keys, modified, content, digests = array("Q"), array("Q"), array("Q"), array("Q")
        pages, flags = array("l"), bytearray()
        for row in rows:
            keys.append(_hash(row.guid))
            modified.append(_hash(row.modified) if row.modified else 0)
            content.append(_hash(row.content) if row.content else 0)
            digests.append(_hash(row.digest) if row.digest else 0)
            pages.append(row.page)
            flags.append(
                (DUE if row.due else 0) | (STALE if row.stale else 0) | _HELD.get(row.held, 0) | (0 if row.dataset else NOTHING)
                | (DONE if row.done else 0)
            )
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self._keys = array("Q", (keys[at] for at in order))
        self._modified = array("Q", (modified[at] for at in order))
        self._content = array("Q", (content[at] for at in order))
        self._digests = array("Q", (digests[at] for at in order))
        self._pages = array("l", (pages[at] for at in order))
        self._flags = bytearray(flags[at] for at in order)
        self._new: set[int] = set()
        self._renamed: dict[int, int] = {}
        self._by_page: dict[int, array[int]] | None = None

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def datasets(self) -> int:
        """How many records had a dataset here before this run."""
        return sum(not flag & NOTHING for flag in self._flags)

    @property
    def unseen(self) -> int:
        """How many known records the source has not listed so far, datasets or not."""
        return sum(not flag & SEEN for flag in self._flags)

    @property
    def worth_listing(self) -> bool:
        """Whether most records are expected to be as they were, so that a list without contents saves reading them."""
        sure = sum(not flag & (DUE | STALE) for flag in self._flags)
        return sure > WORTH_LISTING * len(self._flags)

    def see(self, guid: str, *, modified: str = "", content: str = "", page: int = 0) -> Verdict:
        """Say what to do about a record that the source lists, by its content where that is given, else by its date."""
        key = _hash(guid)
        at = self._at(key)
        if at is None:
            if key in self._new:
                return Verdict.REPEATED
            self._new.add(key)
            return Verdict.NEW
        flag = self._flags[at]
        if flag & SEEN:
            return Verdict.REPEATED
        self._flags[at] = flag | SEEN
        if flag & DUE:
            return Verdict.RETRY
        if flag & STALE:
            return Verdict.CHANGED
        here = self._content[at] if content else self._modified[at]
        if not here or here != _hash(content or modified):
            return Verdict.CHANGED
        return Verdict.NOTHING if flag & NOTHING else Verdict.DONE if flag & DONE else Verdict.UNCHANGED

    def withdraw(self, guid: str) -> bool:
        """Take a listed record that has a dataset here for one that the source no longer gives; False when it has none."""
        at = self._at(_hash(guid))
        if at is None or self._flags[at] & NOTHING:
            return False
        self._flags[at] &= ~SEEN
        return True

    def knows(self, guid: str) -> bool:
        """Whether anything is known of the record from before this run."""
        return self._at(_hash(guid)) is not None

    def rename(self, before: str, guid: str) -> None:
        """Know a record by another identifier from now on."""
        if (at := self._at(_hash(before))) is not None:
            self._renamed[_hash(guid)] = at

    def has(self, guid: str, content: str) -> bool:
        """Whether this very content was imported, with the settings of now."""
        at = self._at(_hash(guid))
        return at is not None and not self._flags[at] & (DUE | STALE) and self._content[at] == _hash(content)

    def became(self, guid: str, digest: str) -> bool:
        """Whether the record's dataset is what this would make of it."""
        at = self._at(_hash(guid))
        return at is not None and bool(digest) and self._digests[at] == _hash(digest)

    def page_of(self, guid: str) -> int:
        """The page on which the record was last; 0 when it was on none."""
        at = self._at(_hash(guid))
        return 0 if at is None else self._pages[at]

    def settled(self, page: int) -> bool:
        """Whether there is nothing to do about any record of a page as long as the page is the same."""
        return not any(self._flags[at] & (DUE | STALE) for at in self._on(page))

    def see_page(self, page: int) -> tuple[int, int]:
        """Take all records of a page as listed and unchanged; (how many datasets, how many records that had been listed before)."""
        found = repeated = 0
        for at in self._on(page):
            if self._flags[at] & SEEN:
                repeated += 1
            else:
                self._flags[at] |= SEEN
                found += not self._flags[at] & NOTHING
        return found, repeated

    def gone(self) -> Gone:
        """What the source no longer lists, once it was read to its end."""
        counts = [0, 0, 0]
        returned = 0
        for flag in self._flags:
            if flag & SEEN:
                returned += bool(flag & HELD)
            elif not flag & NOTHING:
                counts[2 if flag & REFUSED else 1 if flag & CONFIRMED else 0] += 1
        return Gone(counts[0], counts[1], counts[2], returned)

    def is_gone(self, guid: str) -> bool:
        """Whether the source did not list this known record."""
        at = self._at(_hash(guid))
        return at is not None and not self._flags[at] & SEEN

    def is_held(self, guid: str) -> bool:
        """Whether a person was asked about the removal of this record."""
        at = self._at(_hash(guid))
        return at is not None and bool(self._flags[at] & HELD)

    def _at(self, key: int) -> int | None:
        if key in self._renamed:
            return self._renamed[key]
        at = bisect_left(self._keys, key)
        return at if at < len(self._keys) and self._keys[at] == key else None

    def _on(self, page: int) -> array[int]:
        if self._by_page is None:
            self._by_page = {}
            for at, number in enumerate(self._pages):
                if number:
                    self._by_page.setdefault(number, array("L")).append(at)
        return self._by_page.get(page, array("L"))


class Gone(NamedTuple):
    """Datasets that a source no longer lists: not yet asked about, confirmed, refused; and held ones that are listed again."""

    unasked: int
    confirmed: int
    refused: int
    returned: int


def _hash(text: str) -> int:
    # 0 stands for “nothing known”.
    raw = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=_KEY).digest()
    return int.from_bytes(raw, "little") or 1
