"""How a source stands, judged from what its runs did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# How often a source is to be read, in days; what is missing here is read when somebody asks for it.
DAYS = {"HOURLY": 1 / 24, "SIX_HOURLY": 0.25, "ALWAYS": 1.0, "DAILY": 1.0, "WEEKLY": 7.0, "BIWEEKLY": 14.0, "MONTHLY": 31.0}
# A run that comes a few hours after its time is no news: a source is late when a quarter of its time, or a day, has passed besides.
GRACE = 0.25
LEAST_GRACE = timedelta(days=1)
# From this share of records that could not be imported on, a source that is read to its end still does not do what it is for.
TOO_MANY_ERRORS = 0.5
# How many runs a trend shows.
TREND = 12
# A run that fails once may have met a server that was being restarted.
TELLING = 2


class State(StrEnum):
    """How a source stands, in one word."""

    HELD = "held"
    FAILING = "failing"
    LATE = "late"
    NEVER = "never"
    RUNNING = "running"
    HEALTHY = "healthy"


class Outcome(StrEnum):
    """What became of one run."""

    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    FLAWED = "flawed"
    WELL = "well"


# What needs a person comes first.
ORDER = tuple(State)


@dataclass(frozen=True, slots=True)
class Run:
    """One job of a source. `whole`: the source was read to its end and something was in it; `ended` is missing while it goes on."""

    whole: bool
    ended: datetime | None = None
    stopped: bool = False
    errors: int = 0

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.ended is None:
            return Outcome.RUNNING
        if self.whole:
            return Outcome.FLAWED if self.errors else Outcome.WELL
        return Outcome.STOPPED if self.stopped else Outcome.FAILED


def failures(runs: Sequence[Run]) -> int:
    """Count the failed runs since the last one that did not fail; `runs` has the latest first. One that a person stopped says nothing."""
    number = 0
    for run in runs:
        if run.outcome is Outcome.FAILED:
            number += 1
        elif run.outcome in {Outcome.WELL, Outcome.FLAWED}:
            break
    return number


def share(errors: int, records: int | None) -> float | None:
    """Return the share of records with errors, 0 to 1; None where nothing is known to be there."""
    return min(1.0, errors / records) if records else (1.0 if errors else None)


def late(frequency: str, succeeded: datetime | None, now: datetime) -> bool:
    """Say whether a source was to be read whole by now, and was not."""
    days = DAYS.get(frequency)
    if days is None or succeeded is None:
        return False
    due = timedelta(days=days)
    return now - succeeded > due + max(due * GRACE, LEAST_GRACE)


def state(runs: Sequence[Run], *, frequency: str, succeeded: datetime | None, held: bool, error_share: float | None,
          now: datetime) -> State:
    """Say how a source stands, in one word. `runs` has the latest first; `succeeded` is when it was last read whole."""
    if held:
        return State.HELD
    if runs and runs[0].outcome is Outcome.RUNNING:
        return State.RUNNING
    if failures(runs) or (error_share or 0) > TOO_MANY_ERRORS:
        return State.FAILING
    if succeeded is None:
        return State.NEVER
    return State.LATE if late(frequency, succeeded, now) else State.HEALTHY


def to_be_told(runs: Sequence[Run], succeeded: datetime | None, told: datetime | None) -> bool:
    """Say whether an agency is to hear that its source fails: twice in a row, and not heard since it was last read whole."""
    if failures(runs) < TELLING:
        return False
    return told is None or (succeeded is not None and told < succeeded)
