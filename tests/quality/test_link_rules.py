"""What one answer after the other says of an address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ckanext.participation.quality.links import rules
from ckanext.participation.quality.links.rules import Answer, Known, after, kind_of, wait_of

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW = Known("new", 0, None, START)
FAILED, GONE, THERE = Answer("failing", 503), Answer("gone", 404), Answer("there", 200)


def story(*answers: tuple[timedelta, Answer]) -> Known:
    known = NEW
    for later, answer in answers:
        known = after(known, answer, START + later, 1)
    return known


def days(number: float) -> timedelta:
    return timedelta(days=number)


def test_two_failures_or_three_within_a_day_are_not_death() -> None:
    assert story((days(0), FAILED), (days(9), FAILED)).state == "unknown"
    assert story((days(0), FAILED), (days(0.3), FAILED), (days(0.9), FAILED)).state == "unknown"


def test_three_failures_over_three_days_are() -> None:
    assert story((days(0), FAILED), (days(1.5), FAILED), (days(3), FAILED)).state == "dead"


def test_the_times_between_tries_make_three_failures_last_three_days() -> None:
    known = NEW
    for _try in range(3):
        known = after(known, FAILED, known.due_at, 1)
    assert known.state == "dead"
    assert known.failures == 3


def test_what_is_not_found_twice_is_dead() -> None:
    assert story((days(0), GONE)).state == "unknown"
    assert story((days(0), GONE), (days(1), GONE)).state == "dead"


def test_one_answer_revives() -> None:
    known = story((days(0), GONE), (days(1), GONE), (days(8), THERE))
    assert (known.state, known.failures, known.failed_since) == ("alive", 0, None)


def test_an_address_that_was_there_in_between_begins_to_fail_anew() -> None:
    assert story((days(0), FAILED), (days(2), FAILED), (days(3), THERE), (days(4), FAILED)).failures == 1


def test_who_refuses_a_program_is_never_dead_for_it() -> None:
    refusals = [(days(day), Answer("closed", 403)) for day in range(0, 100, 7)]
    assert story(*refusals).state == "unknown"


@pytest.mark.parametrize(("status", "kind"), [(200, "there"), (206, "there"), (416, "there"), (404, "gone"), (410, "gone"), (401, "closed"),
                                              (403, "closed"), (405, "closed"), (429, "closed"), (500, "failing"), (503, "failing")])
def test_a_status_is_of_one_kind(status: int, kind: str) -> None:
    assert kind_of(status) == kind


def test_living_addresses_are_spread_over_the_month() -> None:
    due = {(after(NEW, THERE, START, number).due_at - START).days for number in range(100)}
    assert min(due) == 24
    assert max(due) == 36
    assert len(due) == 13


def test_moving_for_ever_is_told() -> None:
    assert after(NEW, Answer("there", 200, "https://new.example.org/a"), START, 1).state == "moved"


@pytest.mark.parametrize(("header", "wait"), [
    ("120", timedelta(seconds=120)), ("999999999999", rules.LONGEST_WAIT), ("Mon, 23 Nov 2026 13:00:00 GMT", timedelta(hours=1)),
    ("Mon, 23 Nov 2020 13:00:00 GMT", None), ("", None), ("soon", None), ("-5", None), ("١٢", None)])  # fmt: skip
def test_how_long_to_wait_is_read(header: str, wait: timedelta | None) -> None:
    assert wait_of(header, START) == wait


def test_a_wait_that_a_server_asks_for_is_kept() -> None:
    assert after(NEW, Answer("failing", 503, wait=days(5)), START, 1).due_at == START + days(5)
