"""Sections: the pieces of some consecutive datasets, packed together once for the files and for the next build. Pure.

One dataset alone packs badly, and the whole catalogue would be packed again for each change. Where a section begins depends on its ids
and on nothing else, so the same catalogue gives the same sections, whatever was built before.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ckanext.participation.harvesting.offering import packing
from ckanext.participation.harvesting.offering.catalogue import Row
from ckanext.participation.harvesting.offering.triples import Shared

# So many datasets on average, and at most. Of smaller sections fewer are packed again, but they take more room.
USUAL: Final = 32
MOST: Final = 256
# Between pieces, and between sections: of data.json, of Turtle, of JSON-LD.
BETWEEN: Final = (b",\n", b"\n", b",\n")


@dataclass(frozen=True)
class Kept:
    """One dataset's pieces; `stamp` says of which state of the dataset, `shared` what the files must also hold."""

    id: str
    stamp: str
    data_json: str
    turtle: str
    json_ld: str
    shared: tuple[Shared, ...] = ()


class Member(NamedTuple):
    """A dataset of a section: keys of what its pieces share with others, and the pieces' lengths in bytes."""

    id: str
    stamp: str
    shared: Sequence[str]
    lengths: Sequence[int]


class Piece(NamedTuple):
    """A dataset's texts, each in UTF-8."""

    id: str
    stamp: str
    shared: Sequence[str]
    texts: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Section:
    """Datasets in the order of their ids, and their texts packed: data.json, Turtle, JSON-LD."""

    members: Sequence[Member]
    texts: Sequence[packing.Packed]

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces as they were before they were packed."""
        whole = [packing.unpacked(text) for text in self.texts]
        places = [0] * len(whole)
        for member in self.members:
            yield Piece(member.id, member.stamp, member.shared, tuple(
                text[start:start + length] for text, start, length in zip(whole, places, member.lengths, strict=True)))
            places = [start + length + len(between) for start, length, between in zip(places, member.lengths, BETWEEN, strict=True)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A section to be: the datasets that it would hold, and what earlier builds packed of them."""

    rows: Sequence[Row]
    old: Sequence[Section] = field(default_factory=list)


def cut(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the datasets of each section, of all datasets in the order of their ids."""
    some: list[Row] = []
    for row in rows:
        if some and (zlib.crc32(row.id.encode()) % USUAL == 0 or len(some) == MOST):
            yield some
            some = []
        some.append(row)
    if some:
        yield some


def piece(kept: Kept) -> Piece:
    """Return new pieces as they are packed."""
    return Piece(kept.id, kept.stamp, tuple(one.key for one in kept.shared),
                 (kept.data_json.encode(), kept.turtle.encode(), kept.json_ld.encode()))


def section(pieces: Sequence[Piece]) -> Section:
    """Pack pieces together."""
    members = [Member(one.id, one.stamp, one.shared, tuple(map(len, one.texts))) for one in pieces]
    return Section(members, [packing.packed(between.join(one.texts[place] for one in pieces)) for place, between in enumerate(BETWEEN)])
