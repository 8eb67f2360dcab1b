"""What the answers of an address say about it, one after the other. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from ckanext.participation.common.waiting import retry_after

Kind = Literal["there", "gone", "closed", "failing", "not-asked"]
State = Literal["new", "alive", "moved", "unknown", "dead"]

LIVING: Final = timedelta(days=30)
# Living addresses are spread over so many days around it, so that a harvest of a thousand is not asked on one day for ever.
SPREAD: Final = 6
DEAD: Final = timedelta(days=7)
CLOSED: Final = timedelta(days=7)
# Three failures at this distance lie three days apart.
AGAIN: Final = timedelta(hours=36)
GONE_AGAIN: Final = timedelta(days=1)
FAILURES: Final = 3
FAILURES_OVER: Final = timedelta(days=3)
GONE: Final = 2
LONGEST_WAIT: Final = timedelta(days=30)
MOST_HOPS: Final = 5
FOR_EVER: Final = frozenset({301, 308})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of asking an address, redirects followed; `why` is a sentence's key or an error's own sentence."""

    kind: Kind
    status: int | None = None
    moved_to: str | None = None
    why: str = ""
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an address."""

    state: str
    failures: int
    failed_since: datetime | None
    due_at: datetime


def kind_of(status: int) -> Kind:
    """Return what a status says: 4xx other than 404 and 410 mean that somebody is there who does not let a program in."""
    # 416: there is a file, and it has no byte number 0.
    if 200 <= status < 300 or status in (304, 416):
        return "there"
    if status in (404, 410):
        return "gone"
    return "failing" if status >= 500 else "closed"


def asks_again_with_get(status: int) -> bool:
    """Say whether a refusal of HEAD may be one of the method only; who asks for patience is not asked twice."""
    return status >= 400 and status not in (410, 429, 503)


def after(known: Known, answer: Answer, now: datetime, number: int) -> Known:
    """Return what is known after an answer; `number` spreads living addresses over the days."""
    wait = min(answer.wait, LONGEST_WAIT) if answer.wait else timedelta()
    if answer.kind == "not-asked":
        return Known("unknown", 0, None, now + LIVING)
    if answer.kind == "there":
        days = number % (2 * SPREAD + 1) - SPREAD
        return Known("moved" if answer.moved_to else "alive", 0, None, now + max(wait, LIVING + timedelta(days=days)))
    if answer.kind == "closed":
        return Known("unknown", 0, None, now + max(wait, CLOSED))
    failed = replace(known, failures=known.failures + 1, failed_since=known.failed_since or now)
    gone = answer.kind == "gone"
    dead = known.state == "dead" or (failed.failures >= GONE if gone else (
        failed.failures >= FAILURES and now - (failed.failed_since or now) >= FAILURES_OVER))
    pause = DEAD if dead else GONE_AGAIN if gone else AGAIN
    return Known("dead" if dead else "unknown", failed.failures, failed.failed_since, now + max(wait, pause))


def wait_of(header: str, now: datetime) -> timedelta | None:
    """Return how long a `Retry-After` asks to wait; None for nothing or nonsense."""
    wait = retry_after(header, now)
    return min(wait, LONGEST_WAIT) if wait else None
