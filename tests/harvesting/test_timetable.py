"""When a source is read next: pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.harvesting import timetable
from ckanext.participation.harvesting.health.rules import Run
from ckanext.participation.harvesting.timetable import MISSED, Next, Night, Why, next_run, turn_after

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MONTREAL = ZoneInfo("America/Montreal")
NIGHT = Night(MONTREAL, 20, 10)
REGULAR = ("HOURLY", "SIX_HOURLY", "DAILY", "WEEKLY", "BIWEEKLY", "MONTHLY")
LONGEST = {"HOURLY": HOUR, "SIX_HOURLY": 6 * HOUR, "DAILY": DAY, "WEEKLY": 7 * DAY, "BIWEEKLY": 14 * DAY, "MONTHLY": 31 * DAY}
SHORTEST = {**LONGEST, "MONTHLY": 28 * DAY}
IDS = [str(UUID(int=number)) for number in range(300)]
# Nights begin an hour earlier or later when clocks change.
CLOCKS = HOUR

moments = st.integers(1_577_836_800, 2_208_988_800).map(lambda second: datetime.fromtimestamp(second, UTC))
nights = st.builds(Night, st.sampled_from([UTC, MONTREAL, ZoneInfo("Australia/Lord_Howe")]), st.integers(0, 23), st.integers(1, 24))


def ended(ago: timedelta, *, whole: bool = True, stopped: bool = False) -> Run:
    return Run(whole, NOON - ago, stopped)


def turn(frequency: str, moment: datetime, source: str = "snow", night: Night = NIGHT) -> datetime:
    found = turn_after(frequency, source, moment, night)
    assert found is not None
    return found


@given(st.sampled_from(REGULAR), st.uuids().map(str), moments, nights)
def test_turns_follow_each_other_at_the_distance_of_the_frequency(frequency: str, source: str, moment: datetime, night: Night) -> None:
    first = turn(frequency, moment, source, night)
    second = turn(frequency, first, source, night)
    assert moment < first <= moment + LONGEST[frequency] + CLOCKS
    assert SHORTEST[frequency] - CLOCKS <= second - first <= LONGEST[frequency] + CLOCKS
    assert turn(frequency, first - timedelta(microseconds=1), source, night) == first


@given(st.sampled_from(["DAILY", "WEEKLY", "BIWEEKLY", "MONTHLY"]), st.uuids().map(str), moments, nights)
def test_what_is_read_once_a_day_or_more_seldom_is_read_by_night(frequency: str, source: str, moment: datetime, night: Night) -> None:
    local = turn(frequency, moment, source, night).astimezone(night.zone)
    begun = local.replace(hour=night.begins, minute=0, second=0, fold=0)
    begun = begun if begun <= local else begun - DAY
    assert local.astimezone(UTC) - begun.astimezone(UTC) <= timedelta(hours=night.hours) + CLOCKS


def test_three_hundred_daily_sources_start_evenly_over_the_night() -> None:
    starts = sorted(turn("DAILY", NOON, source) for source in IDS)
    assert all(moment.astimezone(MONTREAL).hour >= 20 or moment.astimezone(MONTREAL).hour < 6 for moment in starts)
    hours = Counter((moment - starts[0]) // HOUR for moment in starts)
    assert len(hours) in (10, 11)
    assert max(hours.values()) <= 50
    assert max(Counter(moment.replace(second=0) for moment in starts).values()) <= 4


@pytest.mark.parametrize("frequency", ["HOURLY", "SIX_HOURLY", "WEEKLY", "BIWEEKLY", "MONTHLY"])
def test_sources_of_one_frequency_do_not_start_together(frequency: str) -> None:
    starts = [turn(frequency, NOON, source) for source in IDS]
    most = {"HOURLY": 14}.get(frequency, 6)
    assert max(Counter(moment.replace(second=0) for moment in starts).values()) <= most
    if frequency in ("WEEKLY", "BIWEEKLY", "MONTHLY"):
        days = Counter(moment.astimezone(MONTREAL).date() for moment in starts)
        assert len(days) >= LONGEST[frequency].days - 3


def test_a_source_that_was_never_read_is_read_at_once() -> None:
    assert next_run("WEEKLY", "snow", [], NOON, NIGHT) == Next(NOON, Why.FIRST)


@pytest.mark.parametrize("frequency", ["MANUAL", "", "SOMETIMES"])
def test_a_source_without_a_frequency_waits_for_somebody(frequency: str) -> None:
    assert next_run(frequency, "snow", [], NOON, NIGHT) is None
    assert next_run(frequency, "snow", [ended(HOUR)], NOON, NIGHT) is None


@pytest.mark.parametrize("frequency", REGULAR)
def test_after_a_run_comes_the_next_turn(frequency: str) -> None:
    assert next_run(frequency, "snow", [ended(MINUTE)], NOON, NIGHT) == Next(turn(frequency, NOON - MINUTE), Why.TURN)


@given(st.sampled_from(REGULAR), st.uuids().map(str), moments)
def test_nothing_is_due_while_a_run_goes_on(frequency: str, source: str, moment: datetime) -> None:
    found = next_run(frequency, source, [Run(False)], moment, NIGHT)
    assert found is not None
    assert found.at > moment
    assert next_run("ALWAYS", source, [Run(False)], moment, NIGHT) is None


@pytest.mark.parametrize(("failed", "hours"), [(1, 1), (2, 4)])
def test_a_run_that_failed_is_tried_again_sooner_at_growing_distances(failed: int, hours: int) -> None:
    runs = [ended(MINUTE + number * DAY, whole=False) for number in range(failed)] + [ended(9 * DAY)]
    assert next_run("WEEKLY", "snow", runs, NOON, NIGHT) == Next(NOON - MINUTE + hours * HOUR, Why.AGAIN)


def test_after_three_failures_its_next_turn_is_soon_enough() -> None:
    runs = [ended(MINUTE + number * DAY, whole=False) for number in range(3)]
    assert next_run("WEEKLY", "snow", runs, NOON, NIGHT) == Next(turn("WEEKLY", NOON - MINUTE), Why.TURN)


@given(st.uuids().map(str), st.integers(1, 9), st.integers(0, 59))
def test_a_failed_run_is_never_tried_again_faster_than_an_hourly_source_is_read(source: str, failed: int, minutes: int) -> None:
    runs = [ended(minutes * MINUTE + number * HOUR, whole=False) for number in range(failed)]
    found = next_run("HOURLY", source, runs, NOON, NIGHT)
    assert found is not None
    assert found.at == turn("HOURLY", NOON - minutes * MINUTE, source)


@given(st.sampled_from(REGULAR), st.uuids().map(str), st.integers(1, 9))
def test_a_failure_never_puts_a_turn_off(frequency: str, source: str, failed: int) -> None:
    runs = [ended(MINUTE + number * HOUR, whole=False) for number in range(failed)]
    found = next_run(frequency, source, runs, NOON, NIGHT)
    assert found is not None
    assert found.at <= turn(frequency, NOON - MINUTE, source)


def test_what_is_read_again_and_again_rests_after_a_failure() -> None:
    assert next_run("ALWAYS", "snow", [ended(MINUTE)], NOON, NIGHT) == Next(NOON - MINUTE, Why.TURN)
    runs = [ended(MINUTE + number * HOUR, whole=False) for number in range(5)]
    assert next_run("ALWAYS", "snow", runs[:1], NOON, NIGHT) == Next(NOON - MINUTE + HOUR, Why.AGAIN)
    assert next_run("ALWAYS", "snow", runs, NOON, NIGHT) == Next(NOON - MINUTE + 4 * HOUR, Why.AGAIN)


def test_a_run_that_a_person_stopped_is_not_tried_again() -> None:
    runs = [ended(MINUTE, whole=False, stopped=True), ended(DAY, whole=False)]
    assert next_run("WEEKLY", "snow", runs, NOON, NIGHT) == Next(turn("WEEKLY", NOON - MINUTE), Why.TURN)


def test_a_server_that_asked_to_be_left_alone_is() -> None:
    until = NOON + 30 * HOUR
    for runs in ([ended(MINUTE, whole=False)], [ended(MINUTE)]):
        assert next_run("HOURLY", "snow", runs, NOON, NIGHT, not_before=until) == Next(until, Why.ASKED)
    early = NOON + 10 * MINUTE
    assert next_run("MONTHLY", "snow", [ended(MINUTE)], NOON, NIGHT, not_before=early) == Next(turn("MONTHLY", NOON - MINUTE), Why.TURN)


def test_what_takes_longer_than_its_frequency_does_not_follow_on_itself() -> None:
    assert next_run("HOURLY", "snow", [ended(timedelta())], NOON, NIGHT) == Next(turn("HOURLY", NOON), Why.TURN)


def test_turns_that_were_missed_are_made_up_spread_over_an_hour() -> None:
    long_ago = [ended(3 * DAY)]
    starts = [found.at for source in IDS if (found := next_run("DAILY", source, long_ago, NOON, NIGHT))]
    assert len(starts) == len(IDS)
    assert all(NOON < moment <= NOON + HOUR for moment in starts)
    assert max(Counter(moment.replace(second=0) for moment in starts).values()) <= 14


@given(st.sampled_from(REGULAR), st.uuids().map(str), st.timedeltas(timedelta(), 90 * DAY), st.integers(1, 2000))
def test_every_source_is_read_in_the_end_however_seldom_somebody_looks(
        frequency: str, source: str, ago: timedelta, minutes: int) -> None:
    moment, planned = NOON, None
    for _ in range(3 + int(LONGEST[frequency] / (minutes * MINUTE)) + int(MISSED / (minutes * MINUTE))):
        found = next_run(frequency, source, [ended(ago)], moment, NIGHT, planned=planned)
        assert found is not None
        if found.at <= moment:
            return
        planned = found.at
        moment += minutes * MINUTE
    pytest.fail(f"not due until {moment}")


def test_a_source_that_is_to_be_read_more_often_from_now_on_does_not_wait_for_its_old_turn() -> None:
    planned = NOON + 20 * DAY
    found = next_run("HOURLY", "snow", [ended(10 * DAY)], NOON, NIGHT, planned=planned)
    assert found == Next(turn("HOURLY", NOON), Why.TURN)


def test_frequencies_of_ours_and_those_of_the_form_are_all_known() -> None:
    assert {*timetable.OFFERED, timetable.ALWAYS} == {*REGULAR, "MANUAL", "ALWAYS"}
