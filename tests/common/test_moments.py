"""Dates as a reader sees them: language, time zone, precision, and the hint beside them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.common.moments import Moment, moment

MONTREAL = ZoneInfo("America/Toronto")
NOW = dt.datetime(2026, 11, 4, 18, 8, tzinfo=dt.UTC)


def read(value: object, lang: str = "en", *, hours: bool = False) -> Moment:
    return moment(value, lang, MONTREAL, hours=hours, now=NOW)


@pytest.mark.parametrize(("lang", "text"), [("fr", "4 novembre 2026, 9 h 08"), ("en", "November 4, 2026, 9:08\u202fa.m.")])
def test_an_instant_is_shown_in_the_readers_language_and_the_portals_zone(lang: str, text: str) -> None:
    assert read("2026-11-04T14:08:00", lang, hours=True).text.replace("\xa0", "\u202f") == text


def test_an_instant_without_a_zone_is_utc_and_late_evening_belongs_to_the_day_before() -> None:
    assert read("2026-11-04T02:00:00").text == "November 3, 2026"


def test_a_day_stays_the_day_it_says_in_any_zone() -> None:
    assert read("2026-11-03") == Moment("2026-11-03", "November 3, 2026", "1 day ago")


@pytest.mark.parametrize(
    ("value", "lang", "text"), [("2019", "fr", "2019"), ("2019-03", "fr", "mars 2019"), ("2019-03", "en", "March 2019")]
)
def test_a_year_or_a_month_stays_as_precise_as_it_came(value: str, lang: str, text: str) -> None:
    assert read(value, lang) == Moment(value, text, "")


@pytest.mark.parametrize("value", ["", None, "soon", "2026-13-45", "2026-02-30T00:00:00", "R/P1Y"])
def test_what_is_no_date_comes_back_as_it_is(value: str | None) -> None:
    assert read(value) == Moment("", value or "", "")


def test_today_has_no_hint_and_a_fast_clock_never_speaks_of_the_future() -> None:
    assert read("2026-11-04").ago == ""
    assert read(NOW + dt.timedelta(seconds=30)).ago == "1 minute ago"


@given(st.datetimes(), st.sampled_from(["fr", "en", "fr_CA", "en-GB"]))
def test_every_instant_can_be_shown(value: dt.datetime, lang: str) -> None:
    assert read(value.isoformat(), lang, hours=True).text


@given(st.text(max_size=40))
def test_no_text_makes_a_page_fail(value: str) -> None:
    assert isinstance(read(value).text, str)


def test_french_writes_the_first_of_a_month_as_an_ordinal() -> None:
    assert read("2021-10-01", "fr").text == "1er octobre 2021"
    assert read("2021-10-11", "fr").text == "11 octobre 2021"
    assert read("2021-10-01", "en").text == "October 1, 2021"


def test_nine_and_a_half_years_are_not_ten() -> None:
    assert read("2017-04-25").ago == "9 years ago"
    assert read("2025-12-20").ago == "10 months ago"
