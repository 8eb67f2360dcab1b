"""What a peer's rows become on the way: a conversation with its messages, and what of them is not carried."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from ckanext.participation.common.visibility import VISIBLE

Row = dict[str, Any]


@dataclass(frozen=True)
class Loss:
    """A row of the peer that is not carried, or with `whole` False one that is carried without a part of it.

    `reason` is a code of `report.REASONS`; `detail` what the reader of the report needs to look it up.
    """

    table: str
    id: str
    reason: str
    detail: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Like:
    """Who found a message useful, and when."""

    user_id: str
    at: datetime


@dataclass(frozen=True)
class Stars:
    """How many stars the author of the opening message gave the dataset."""

    value: int
    at: datetime


@dataclass
class Message:
    """One text. `row` names its source for ever (table and key); `parent` is the `row` of what it answers.

    Without `user_id` the author is not known. `as_staff` lets it stand in the organisation's name if its author is an
    administrator there; `marked` says that the text is Markdown already.
    """

    row: str
    at: datetime
    text: str
    user_id: str | None = None
    parent: str | None = None
    edited: datetime | None = None
    state: str = VISIBLE
    reason: str | None = None
    marked: bool = False
    as_staff: bool = False
    likes: list[Like] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass
class Step:
    """One step of a conversation's history: `what` is "state" or "problem"; `reason` a code of `texts.WORDS`."""

    what: str
    after: str
    at: datetime
    user_id: str | None
    reason: str | None = None


@dataclass
class Conversation:
    """What becomes a thread: its subject in our words, its opening message first, then the replies, oldest first."""

    subject_type: str
    subject_ref: str
    kind: str
    messages: list[Message]
    title: str | None = None
    steps: list[Step] = field(default_factory=list)
    assignee: str | None = None
    problem: dict[str, str] | None = None
    stars: Stars | None = None
    losses: list[Loss] = field(default_factory=list)
    # Rows beside the messages whose content goes with them, as `(table, id)`.
    also: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Options:
    """What the operator chose: the language of the texts, the kind of what has none, the zone of dates without one."""

    lang: str = "en"
    kind: str = "suggestion"
    zone: ZoneInfo | None = None


class Tables(Protocol):
    """The peer's database, as `reading.Source` opens it."""

    def has(self, table: str) -> bool:
        """Say whether the table is there."""
        ...

    def count(self, table: str) -> int:
        """Return how many rows the table has."""
        ...

    def batches(self, table: str, *order: str, where: Row | None = None) -> Iterator[list[Row]]:
        """Give the rows of a table in batches, in the order of the columns `order`."""
        ...

    def matching(self, table: str, column: str, values: list[Any]) -> list[Row]:
        """Return the rows whose `column` is one of `values`."""
        ...


class Peer(Protocol):
    """A module that knows one peer."""

    NEEDED: tuple[str, ...]

    @staticmethod
    def conversations(source: Tables, options: Options) -> Iterator[Conversation | Loss]:
        """Give everything the peer holds, oldest conversation first, and what can't be carried."""
        ...


def moment(value: datetime, zone: ZoneInfo | None) -> datetime:
    """Return a date of the peer as an instant; one without a zone is meant in `zone`, or with None in that of this machine."""
    if value.tzinfo is None and zone is not None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def in_order(messages: list[Message]) -> list[Message]:
    """Return the messages oldest first, but the opening one (the first given) before all, and none before the one it answers."""
    known = {message.row for message in messages}
    replies: dict[str, list[int]] = {}
    waiting: list[tuple[datetime, int]] = []
    for place, message in enumerate(messages[1:], start=1):
        if message.parent in known and message.parent != message.row:
            replies.setdefault(message.parent or "", []).append(place)
        else:
            waiting.append((message.at, place))
    ordered, place = [messages[0]], 0
    heapq.heapify(waiting)
    while True:
        for reply in replies.pop(messages[place].row, []):
            heapq.heappush(waiting, (messages[reply].at, reply))
        if not waiting:
            return ordered
        _, place = heapq.heappop(waiting)
        ordered.append(messages[place])
