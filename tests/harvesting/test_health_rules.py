"""How sources stand, how far runs are, which sentences are the same: rules without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ckanext.participation.harvesting.health import rules, wording
from ckanext.participation.harvesting.health.progress import progress
from ckanext.participation.harvesting.health.rules import Outcome, Run, State
from ckanext.participation.harvesting.health.wording import Example

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WELL, FAILED, STOPPED = Run(True, NOW), Run(False, NOW), Run(False, NOW, stopped=True)
FLAWED, RUNNING = Run(True, NOW, errors=3), Run(False)


@pytest.mark.parametrize(("run", "outcome"), [(WELL, Outcome.WELL), (FAILED, Outcome.FAILED), (STOPPED, Outcome.STOPPED),
                                              (FLAWED, Outcome.FLAWED), (RUNNING, Outcome.RUNNING)])
def test_what_became_of_a_run(run: Run, outcome: Outcome) -> None:
    assert run.outcome is outcome


@pytest.mark.parametrize(("runs", "number"), [
    ([], 0), ([WELL, FAILED], 0), ([FAILED, WELL, FAILED], 1), ([FAILED, STOPPED, FAILED, FLAWED, FAILED], 2), ([RUNNING, FAILED, FAILED], 2)])
def test_failures_in_a_row_count_from_the_last_success_and_a_stop_says_nothing(runs: list[Run], number: int) -> None:
    assert rules.failures(runs) == number


@pytest.mark.parametrize(("given", "expected"), [
    ({"runs": [WELL]}, State.HEALTHY), ({"runs": []}, State.NEVER), ({"runs": [STOPPED], "succeeded": None}, State.NEVER),
    ({"runs": [FAILED, WELL]}, State.FAILING), ({"runs": [WELL], "error_share": 0.6}, State.FAILING),
    ({"runs": [FLAWED], "error_share": 0.02}, State.HEALTHY), ({"runs": [WELL], "succeeded": NOW - 3 * DAY}, State.LATE),
    ({"runs": [RUNNING, FAILED]}, State.RUNNING), ({"runs": [RUNNING], "held": True}, State.HELD),
    ({"runs": [WELL], "succeeded": NOW - 300 * DAY, "frequency": "MANUAL"}, State.HEALTHY)])
def test_a_state_is_one_word_and_what_needs_a_person_wins(given: dict[str, Any], expected: State) -> None:
    usual: dict[str, Any] = {"frequency": "DAILY", "succeeded": NOW if given["runs"] else None, "held": False, "error_share": 0.0, "now": NOW}
    assert rules.state(**{**usual, **given}) is expected


@pytest.mark.parametrize(("frequency", "days", "late"), [
    ("DAILY", 1.9, False), ("DAILY", 2.1, True), ("WEEKLY", 8.5, False), ("WEEKLY", 9, True), ("MONTHLY", 38, False), ("MONTHLY", 40, True),
    ("MANUAL", 1000, False), ("SOMETIMES", 1000, False)])
def test_late_is_a_quarter_of_its_time_or_a_day_after_it(frequency: str, days: float, late: bool) -> None:
    assert rules.late(frequency, NOW - timedelta(days=days), NOW) is late


@pytest.mark.parametrize(("errors", "records", "share"), [(0, 100, 0.0), (3, 100, 0.03), (7, 5, 1.0), (2, 0, 1.0), (0, None, None)])
def test_the_share_of_errors(errors: int, records: int | None, share: float | None) -> None:
    assert rules.share(errors, records) == share


@pytest.mark.parametrize(("runs", "succeeded", "told", "tell"), [
    ([FAILED], None, None, False), ([FAILED, FAILED], None, None, True), ([FAILED, FAILED, FAILED], None, NOW - DAY, False),
    ([FAILED, FAILED, WELL], NOW - DAY, NOW - 2 * DAY, True), ([FAILED, FAILED, WELL], NOW - 2 * DAY, NOW - DAY, False),
    ([RUNNING, FAILED, FAILED], None, None, True), ([WELL, FAILED, FAILED], NOW, None, False)])
def test_an_agency_hears_once_of_two_failures_in_a_row(runs: list[Run], succeeded: Any, told: Any, tell: bool) -> None:
    assert rules.to_be_told(runs, succeeded, told) is tell


def far(**given: Any) -> Any:
    usual = {"begun": NOW - timedelta(seconds=100), "now": NOW, "gathered": None, "ended": None, "expected": None, "read": 0, "written": 0,
             "to_write": 0, "beat": NOW, "known": True}
    return progress(**{**usual, **given})


def test_reading_has_a_rate_and_the_time_that_is_left() -> None:
    found = far(expected=1000, read=400)
    assert (found.step, found.done, found.total, found.rate, found.left, found.quiet) == ("reading", 400, 1000, 4.0, 150, False)


def test_writing_is_counted_from_when_the_reading_ended() -> None:
    found = far(expected=1000, read=1000, gathered=NOW - timedelta(seconds=20), to_write=50, written=10)
    assert (found.step, found.done, found.total, found.rate, found.left) == ("writing", 10, 50, 0.5, 80)


@pytest.mark.parametrize("given", [{"read": 5}, {"expected": 10, "read": 0}, {"known": False}, {"begun": NOW, "expected": 9, "read": 3}])
def test_nobody_guesses_how_long_it_takes(given: dict[str, Any]) -> None:
    assert far(**given).left is None


def test_a_source_that_says_too_few_is_never_done_by_more_than_all() -> None:
    found = far(expected=10, read=12)
    assert (found.done, found.total, found.left) == (12, 12, 0)


def test_a_run_without_a_sign_of_life_is_said_to_be_quiet() -> None:
    silent = far(beat=NOW - timedelta(minutes=6), begun=NOW - timedelta(minutes=9), expected=9, read=3)
    assert (silent.quiet, silent.left) == (True, None)
    assert far(beat=NOW - timedelta(minutes=6), ended=NOW).quiet is False


def test_sentences_that_differ_in_names_and_numbers_are_one() -> None:
    rows = [("tags 3, name was left out: “a” is too long", 2, [Example("1"), Example("2")]), ("No title.", 3, []),
            ("tags 14, name was left out: “b” is too long", 4, [Example("3"), Example("4"), Example("5")])]
    found = wording.grouped(rows)
    assert [(one.count, one.text) for one in found] == [(6, "tags 3, name was left out: “a” is too long"), (3, "No title.")]
    assert [example.guid for example in found[0].examples] == ["1", "2", "3"]


@pytest.mark.parametrize(("url", "shown"), [
    ("https://a.example/data.json?api_key=1", "https://a.example/data.json?…"), ("http://me:word@a.example:8080/x#y", "http://a.example:8080/x"),
    ("https://[::1]:99/x", "https://[::1]:99/x"), ("http://a.example:word/", "…")])
def test_what_may_hold_a_key_is_left_out_of_an_address(url: str, shown: str) -> None:
    assert wording.public_address(url) == shown
    assert wording.for_everybody(f"The address {url} did not answer.") == f"The address {shown} did not answer."
