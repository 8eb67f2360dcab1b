"""A benchmark's figures say plainly whether a promise is met, and the run fails only when one is missed by more than a tenth."""

from __future__ import annotations

import math
import re

import pytest
from bench import report
from bench.report import Figure

LINE = re.compile(r"figure: [a-z0-9-]+ \S+ target (<=|>=) \S+ (met|missed)")


def test_a_figure_within_its_target_is_met() -> None:
    assert Figure("thread-fragment-sql", 4, "<=", 5).line() == "figure: thread-fragment-sql 4 target <= 5 met"
    assert Figure("posts-per-second", 61.27, ">=", 60).line() == "figure: posts-per-second 61.3 target >= 60 met"


def test_a_figure_on_its_target_is_met() -> None:
    assert Figure("ratio", 0.45, "<=", 0.45).met
    assert Figure("rate", 60, ">=", 60).met


def test_a_figure_missed_by_less_than_a_tenth_says_so_and_lets_the_run_pass() -> None:
    near = Figure("ratio", 0.48, "<=", 0.45)
    assert near.line().endswith("missed")
    assert report.exit_code([near]) == 0
    assert report.exit_code([Figure("rate", 55, ">=", 60)]) == 0


@pytest.mark.parametrize("far", [Figure("ratio", 0.51, "<=", 0.45), Figure("rate", 53, ">=", 60), Figure("lost", 1, "<=", 0)])
def test_a_figure_missed_by_more_than_a_tenth_fails_the_run(far: Figure) -> None:
    assert report.exit_code([Figure("good", 1, "<=", 2), far]) == 1


def test_what_could_not_be_measured_is_missed() -> None:
    assert Figure("gone", math.nan, "<=", 5).line() == "figure: gone nan target <= 5 missed"
    assert report.exit_code([Figure("gone", math.nan, "<=", 5)]) == 1
    assert report.exit_code([Figure("gone", math.inf, "<=", 1.2)]) == 1


def test_a_run_without_figures_fails() -> None:
    assert report.exit_code([]) == 1


def test_the_closing_prints_a_line_per_figure(capsys: pytest.CaptureFixture[str]) -> None:
    code = report.closing([Figure("a", 1, "<=", 2), Figure("b-c", 0.0123, ">=", 1)])
    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert len(lines) == 2
    assert all(LINE.fullmatch(line) for line in lines)


@pytest.mark.parametrize(("number", "text"), [
    (4.0, "4"), (0.41234, "0.412"), (67.345, "67.3"), (1204.6, "1205"), (-2.345, "-2.35"), (0.00012345, "0.000123"), (0, "0")])
def test_numbers_are_short_and_without_exponent(number: float, text: str) -> None:
    assert report.plain(number) == text


def test_a_table_has_one_width_per_column() -> None:
    lines = report.table("Title", ("request", "SQL"), [("the first page", 4), ("deep", 12.345)]).splitlines()
    assert lines[0] == "Title"
    assert lines[2:] == ["| request        |  SQL |", "|----------------|-----:|", "| the first page |    4 |", "| deep           | 12.3 |"]


def test_the_median_is_not_moved_by_one_slow_round() -> None:
    assert report.median([10, 11, 500]) == 11
    assert math.isnan(report.median([]))


def test_the_spread_is_one_when_all_are_equal_and_infinite_when_one_is_nothing() -> None:
    assert report.spread([3, 3, 3]) == 1
    assert report.spread([10, 12]) == pytest.approx(1.2)
    assert math.isinf(report.spread([1, 0]))
