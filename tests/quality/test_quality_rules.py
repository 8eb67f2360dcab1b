"""What is said of a dataset from what is known of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.quality import formats, freshness, rules
from ckanext.participation.quality.rules import CRITERIA, Facts, judge

TODAY = date(2026, 11, 23)
BOTH = frozenset({"fr", "en"})
GOOD = Facts("known", True, True, BOTH, BOTH, ("CSV", "PDF"), freshness.AUTHORITY + "MONTHLY", TODAY, ("alive", "moved"))


def said(**other: Any) -> dict[str, bool | None]:
    judgement = judge(replace(GOOD, **other), TODAY)
    return {name: judgement.of(name) for name in CRITERIA}


def test_a_dataset_that_has_everything_misses_nothing() -> None:
    assert said() == dict.fromkeys(CRITERIA, True)


@pytest.mark.parametrize(("other", "criterion", "expected"), [
    ({"licence": "unrecognised", "open": None}, "licence", False), ({"licence": "not-specified", "open": None}, "licence", False),
    ({"licence": "unrecognised", "open": None}, "openness", None), ({"licence": "not-specified", "open": None}, "openness", False),
    ({"open": False}, "openness", False), ({"open": None}, "openness", None), ({"files": ("XLS",)}, "openness", False),
    ({"contact": False}, "contact", False), ({"titles": None, "descriptions": None}, "languages", None),
    ({"titles": frozenset({"fr"})}, "languages", False), ({"descriptions": frozenset({"en"})}, "languages", False),
    ({"files": ()}, "formats", False), ({"files": ("PDF", "HTML")}, "formats", False), ({"files": ("PDF", "")}, "formats", None),
    ({"files": ("ZIP",)}, "formats", None), ({"files": ("ZIP", "xlsx")}, "formats", True),
    ({"frequency": ""}, "fresh", None), ({"updated": None}, "fresh", None), ({"frequency": freshness.AUTHORITY + "IRREG"}, "fresh", None),
    ({"frequency": freshness.AUTHORITY + "NEVER", "updated": None}, "fresh", True),
    ({"updated": TODAY - timedelta(days=43)}, "fresh", True), ({"updated": TODAY - timedelta(days=44)}, "fresh", False),
    ({"links": ()}, "links", None), ({"links": ("alive", "new")}, "links", None), ({"links": ("alive", "unknown")}, "links", None),
    ({"links": ("alive", "unknown", "dead")}, "links", False),
])  # fmt: skip
def test_each_criterion_is_met_not_met_or_cannot_be_told(other: dict[str, Any], criterion: str, expected: bool | None) -> None:
    assert said(**other)[criterion] is expected


@pytest.mark.parametrize(("files", "stars"), [((), 0), (("PDF",), 1), (("XLS", "PDF"), 2), (("csv",), 3), (("CSV", "JSON-LD"), 4)])
def test_the_best_file_earns_the_stars(files: tuple[str, ...], stars: int) -> None:
    assert judge(replace(GOOD, files=files), TODAY).stars == stars


def test_without_an_open_licence_no_format_earns_a_star() -> None:
    assert judge(replace(GOOD, open=False, files=("TTL",)), TODAY).stars == 0


def test_the_share_of_files_for_programs_and_the_dead_are_counted() -> None:
    judgement = judge(replace(GOOD, files=("CSV", "PDF", "", "XLS"), links=("dead", "alive", "dead")), TODAY)
    assert (judgement.files, judgement.machine, judgement.dead) == (4, 2, 2)


@pytest.mark.parametrize(("written", "day"), [
    ("2026-02-03", date(2026, 2, 3)), ("2026-02-03T23:59:00Z", date(2026, 2, 3)), ("2026-02", date(2026, 2, 28)), ("2026", date(2026, 12, 31)),
    ("", None), ("soon", None), ("2026-13-01", None), ("2026-02-30", None), ("0000", None), (None, None), (7, None)])  # fmt: skip
def test_a_day_is_read_as_generously_as_it_was_written(written: object, day: date | None) -> None:
    assert freshness.day_of(written) == day


def test_every_rhythm_of_the_form_is_known() -> None:
    from pathlib import Path

    import yaml

    schema = yaml.safe_load((Path(__file__).resolve().parents[2] / "schemas" / "dataset.yaml").read_text())
    field = next(field for field in schema["dataset_fields"] if field["field_name"] == "frequency")
    known = {*freshness.OVERDUE, "NEVER", "IRREG", "OTHER", "UNKNOWN"}
    assert {row["value"].removeprefix(freshness.AUTHORITY) for row in field["choices"]} <= known


def test_no_format_stands_on_two_steps() -> None:
    shelves = [formats.LINKED, formats.FREE, formats.OWNED, formats.UNREADABLE]
    assert sum(map(len, shelves)) == len(frozenset().union(*shelves))


@given(st.builds(
    Facts, licence=st.sampled_from(["known", "not-specified", "unrecognised"]), open=st.sampled_from([True, False, None]), contact=st.booleans(),
    titles=st.none() | st.frozensets(st.sampled_from(["fr", "en"])), descriptions=st.none() | st.frozensets(st.sampled_from(["fr", "en"])),
    files=st.lists(st.text(max_size=5) | st.sampled_from(["CSV", "PDF"])).map(tuple), frequency=st.text(max_size=9),
    updated=st.none() | st.dates(), links=st.lists(st.sampled_from(["new", "alive", "moved", "unknown", "dead"]))))  # fmt: skip
def test_no_criterion_is_met_and_missed(facts: Facts) -> None:
    judgement = judge(facts, TODAY)
    assert judgement.met & judgement.missing == 0
    assert (judgement.met | judgement.missing) < 1 << len(CRITERIA)
    assert judgement.stars is None or 0 <= judgement.stars <= 4
    assert rules.answer(judgement.met, judgement.missing, "links") is judgement.of("links")
