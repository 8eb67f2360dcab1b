"""When a source is read next. Pure.

Promises: sources of one frequency have turns of their own, spread over its time, which stay the same as long as the source lives;
a source whose run failed is tried again sooner, at growing distances and never more often than its frequency; a server that asked to
be left alone is; turns that were missed are made up, spread over an hour.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from ckanext.participation.harvesting.health.rules import Outcome, Run, failures

# Frequencies in seconds, for those that are read by day as well as by night.
SECONDS: Final = {"HOURLY": 3600, "SIX_HOURLY": 21_600}
# Frequencies in days, for those that are read by night.
NIGHTS: Final = {"DAILY": 1, "WEEKLY": 7, "BIWEEKLY": 14}
MONTHLY, ALWAYS, MANUAL = "MONTHLY", "ALWAYS", "MANUAL"
# Every month has these days.
DAYS_OF_A_MONTH = 28
# What is offered in a form, the most frequent first.
OFFERED: Final = (*SECONDS, *NIGHTS, MONTHLY, MANUAL)
# Those that ckanext-harvest does not know.
OURS: Final = tuple(SECONDS)
# How long after its end a failed run is tried again: the first, the second in a row. After that its next turn is soon enough.
AGAIN: Final = (timedelta(hours=1), timedelta(hours=4))
# A turn that is longer ago was missed: nobody looked at the timetable, or the source was read more seldom then.
MISSED: Final = timedelta(hours=1)


class Why(StrEnum):
    """Why a source is read just then."""

    FIRST = "first"
    TURN = "turn"
    AGAIN = "again"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Night:
    """The hours in which sources are read that are read once a day or more seldom: from `begins` o'clock on, `hours` of them."""

    zone: tzinfo = UTC
    begins: int = 20
    hours: int = 10


@dataclass(frozen=True, slots=True)
class Next:
    """The next reading of a source."""

    at: datetime
    why: Why


def place(source_id: str) -> float:
    """Return where a source stands among the others, 0 to less than 1."""
    return int.from_bytes(hashlib.sha256(source_id.encode()).digest()[:6], "big") / 2**48


def turn_after(frequency: str, source_id: str, moment: datetime, night: Night) -> datetime | None:
    """Return the first turn of a source after `moment`; None for a frequency without turns."""
    where = place(source_id)
    if frequency in SECONDS:
        length = SECONDS[frequency]
        number = (moment.timestamp() - where * length) // length + 1
        turn = datetime.fromtimestamp(int((number + where) * length), UTC)
        return turn if turn > moment else turn + timedelta(seconds=length)
    # A night that is not over began yesterday.
    day = moment.astimezone(night.zone).date() - timedelta(days=2)
    if frequency in NIGHTS:
        days = NIGHTS[frequency]
        number, within = divmod(where * days, 1)
        day += timedelta(days=(int(number) - day.toordinal()) % days)
        while (turn := _in_night(day, within, night)) <= moment:
            day += timedelta(days=days)
        return turn
    if frequency == MONTHLY:
        number, within = divmod(where * DAYS_OF_A_MONTH, 1)
        day = day.replace(day=int(number) + 1)
        while (turn := _in_night(day, within, night)) <= moment:
            day += timedelta(days=monthrange(day.year, day.month)[1])
        return turn
    return None


def _in_night(day: date, within: float, night: Night) -> datetime:
    begins = datetime.combine(day, time(night.begins), night.zone).astimezone(UTC)
    return begins + timedelta(seconds=int(within * night.hours * 3600))


def next_run(frequency: str, source_id: str, runs: Sequence[Run], now: datetime, night: Night, *, planned: datetime | None = None,
             not_before: datetime | None = None) -> Next | None:
    """Return when a source is read next, and why; a moment that has come means now. None: when somebody asks for it.

    :param runs: its latest runs, the latest first
    :param planned: what was answered before, by which a turn that was missed is to be made up
    :param not_before: until when its server asked to be left alone: its latest run, or that of another source on the same host
    """
    coming = turn_after(frequency, source_id, now, night)
    if coming is None and frequency != ALWAYS:
        return None
    if not runs:
        return Next(not_before, Why.ASKED) if not_before is not None and not_before > now else Next(now, Why.FIRST)
    ended = runs[0].ended
    if ended is None:
        return Next(coming, Why.TURN) if coming else None
    found = _after(frequency, source_id, runs, ended, night)
    if not_before is not None and not_before > found.at:
        found = Next(not_before, Why.ASKED)
    if now - found.at <= MISSED or frequency == ALWAYS:
        return found
    if planned is not None and found.at < planned <= now + MISSED:
        return Next(planned, found.why)
    # All sources missed theirs when nobody looked at the timetable: they must not all start at once.
    return Next(turn_after("HOURLY", source_id, now, night) or now, found.why)


def _after(frequency: str, source_id: str, runs: Sequence[Run], ended: datetime, night: Night) -> Next:
    # After its end: what takes longer than its frequency must not follow on itself for ever.
    turn = turn_after(frequency, source_id, ended, night)
    # One that a person stopped is not tried again.
    failed = failures(runs) if runs[0].outcome is Outcome.FAILED else 0
    if not failed:
        return Next(turn or ended, Why.TURN)
    again = ended + AGAIN[min(failed, len(AGAIN)) - 1]
    if turn is None or (failed <= len(AGAIN) and again < turn):
        return Next(again, Why.AGAIN)
    return Next(turn, Why.TURN)
