"""What a reading hands on, and what it hears back. Pure; all of it can be sent to another process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from ckanext.participation.harvesting.engine.rules import Verdict


class Source(NamedTuple):
    """What mapping needs to know of a source, free of the database: as `HarvestSource` has it."""

    id: str
    type: str
    url: str
    config: str


class Taken(NamedTuple):
    """A record that differs from what is known. `content` is JSON; `modified` and `content_hash` are what it is known by from now on."""

    guid: str
    content: str
    verdict: Verdict
    modified: str = ""
    content_hash: str = ""
    page: int = 0


class Gone(NamedTuple):
    """A record that the source lost, and its dataset's id."""

    guid: str
    package_id: str


@dataclass
class Portion:
    """What is written together. `again`: it was given out before, and a part of it may be written."""

    records: list[Taken] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    again: bool = False

    def __len__(self) -> int:
        """The number of records."""
        return len(self.records) + len(self.gone)

    def halves(self) -> list[Portion]:
        """The portion in two; of a single record, nothing but itself."""
        if len(self) < 2:
            return [self]
        of_records, of_gone = (len(self.records) + 1) // 2, len(self.gone) // 2
        return [Portion(self.records[:of_records], self.gone[:of_gone], again=True),
                Portion(self.records[of_records:], self.gone[of_gone:], again=True)]


@dataclass
class Tally:
    """What became of a portion. `same`: records that make the very dataset that is here, by what they had been taken for."""

    written: int = 0
    errors: int = 0
    same: Counter[Verdict] = field(default_factory=Counter)


class Hands(Protocol):
    """Who takes what a reading found."""

    def take(self, record: Taken) -> None:
        """Take a record that differs."""

    def remove(self, gone: Gone) -> None:
        """Take a record that is gone."""

    def flush(self) -> None:
        """Hand on what has come together."""

    def finish(self) -> list[str]:
        """Wait until all is dealt with; the ids of harvest objects that are left for ckanext-harvest to import."""
        ...

    def close(self) -> None:
        """End, without what was not handed on yet."""
