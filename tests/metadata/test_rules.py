"""What one value of metadata may be, without CKAN."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.metadata import rules
from ckanext.participation.metadata.rules import Refused

MISSHAPEN: list[Any] = [["a"], {"a": 1}, True, "a\x00b", "\ud800", ("a",), b"a"]


@pytest.mark.parametrize("value", MISSHAPEN)
@pytest.mark.parametrize(
    "rule", [rules.text, rules.date, rules.web_address, rules.identifier, rules.email, rules.size, rules.file_address]
)
def test_what_is_not_one_storable_text_is_refused(rule: Any, value: Any) -> None:
    with pytest.raises(Refused):
        rule(value)


def test_text_is_trimmed_and_composed() -> None:
    assert rules.text("  cafe\u0301\x08 ") == "caf\u00e9"


def test_text_keeps_its_lines() -> None:
    assert rules.text("one\n\ttwo") == "one\n\ttwo"


def test_a_number_becomes_text() -> None:
    assert rules.text(2.5) == "2.5"


def test_a_megabyte_of_text_is_refused_with_the_limit() -> None:
    with pytest.raises(Refused) as refusal:
        rules.text("a" * 1_000_000, 500)
    assert "500" in str(refusal.value)


@given(st.text(max_size=200))
def test_text_is_stable_once_stored(value: str) -> None:
    try:
        once = rules.text(value)
    except Refused:
        return
    assert rules.text(once) == once
    once.encode("utf-8")


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2013", "2013"),
        (2013, "2013"),
        ("2013-05", "2013-05"),
        ("2013-05-01", "2013-05-01"),
        ("2013/05/01", "2013-05-01"),
        ("2015-10-27 00:00:00", "2015-10-27T00:00:00"),
        ("2013-05-01T10:20:30Z", "2013-05-01T10:20:30Z"),
        ("2013-05-01T10:20:30.123456+02:00", "2013-05-01T10:20:30.123456+02:00"),
        (datetime.date(2013, 5, 1), "2013-05-01"),
        ("", ""),
    ],
)
def test_dates_as_catalogues_write_them_are_kept(written: Any, stored: str) -> None:
    assert rules.date(written) == stored


@pytest.mark.parametrize(
    "written",
    ["soon", "05/04/2012", "2013-13", "2013-02-30", "13-05-01", "2013-05-01T25:00", "0000", "2013-5-1", "२०१३"],
)
def test_a_date_that_could_be_misread_is_refused(written: str) -> None:
    with pytest.raises(Refused):
        rules.date(written)


@pytest.mark.parametrize(
    ("start", "end", "right"),
    [
        ("2013", "2013-05", True),
        ("2013-05", "2013", True),
        ("2014", "2013-05", False),
        ("2013-05-02", "2013-05-01T10:00", False),
        ("2013-05-01", "2013-05-01", True),
    ],
)
def test_a_period_does_not_end_before_it_starts(start: str, end: str, right: bool) -> None:
    assert rules.in_order(start, end) is right


@pytest.mark.parametrize("address", ["https://example.org", "http://exemple.org/données?x=1#y", "HTTP://EXAMPLE.ORG/"])
def test_web_addresses_are_kept(address: str) -> None:
    assert rules.web_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "example.org", "https://", "javascript:alert(1)", "https://a b.org", "ftp://example.org", "https://[::1",
        "https://example.org:99999999/", "https://" + "a" * 2_000, "http:///path",
    ],
)
def test_what_is_not_a_web_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        rules.web_address(address)


@pytest.mark.parametrize("address", ["urn:isbn:0451450523", "https://doi.org/10.1/x", "doi:10.1/x", "mailto:a@b.org"])
def test_identifiers_of_any_harmless_scheme_are_kept(address: str) -> None:
    assert rules.identifier(address) == address


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "12", "a b:c"])
def test_an_identifier_that_a_browser_would_run_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        rules.identifier(address)


def test_an_uploaded_files_name_is_kept_as_its_address() -> None:
    assert rules.file_address("routes 2026.csv") == "routes 2026.csv"


def test_an_email_loses_its_mailto() -> None:
    assert rules.email(" mailto:Info@Example.org ") == "Info@Example.org"


@pytest.mark.parametrize("address", ["info", "info@", "@example.org", "a@b", "a b@example.org", "a@b.org, c@d.org"])
def test_what_is_not_one_email_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        rules.email(address)


@pytest.mark.parametrize(("written", "stored"), [("52000", 52000), (0, 0), ("52 000", 52000), (52000.0, 52000), ("", None)])
def test_a_size_is_a_whole_number_of_bytes(written: Any, stored: int | None) -> None:
    assert rules.size(written) == stored


@pytest.mark.parametrize("written", ["1.2 MB", "-1", "1e5", str(2**63), "٣", "9" * 50, float("nan"), float("inf")])
def test_a_size_that_the_database_could_not_hold_is_refused(written: Any) -> None:
    with pytest.raises(Refused):
        rules.size(written)


def test_a_geometry_is_stored_as_compact_json() -> None:
    assert rules.geojson('{"type": "Point", "coordinates": [-71.2, 46.8]}') == '{"type":"Point","coordinates":[-71.2,46.8]}'
    assert json.loads(rules.geojson({"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}))


@pytest.mark.parametrize(
    "written",
    ["Quebec", "[]", "{}", '{"type": "Feature"}', '{"type": "Point", "coordinates": [NaN, 1]}', 3, ["a"],
     {"type": "Point", "coordinates": [float("inf")]}, '{"a":' * 5_000, '{"type":["Point"]}'],
)  # fmt: skip
def test_what_is_not_a_geometry_is_refused(written: Any) -> None:
    with pytest.raises(Refused):
        rules.geojson(written)


@pytest.mark.parametrize(
    ("sent", "listed"),
    [(["a", "b"], ["a", "b"]), ('["a"]', ["a"]), ("a\nb", ["a", "b"]), ("a", ["a"]), ("", []), (None, [])],
)
def test_a_repeated_field_comes_as_a_list_as_json_or_as_lines(sent: Any, listed: list[str]) -> None:
    assert rules.items(sent) == listed


CHOICES = [
    {"value": "http://example.org/frequency/ANNUAL", "label": {"en": "Every year", "fr": "Tous les ans"}, "also": ["R/P1Y"]}
]


@pytest.mark.parametrize("written", ["http://example.org/frequency/ANNUAL", "annual", "R/P1Y", "tous les ans", " Every year "])
def test_a_choice_is_found_by_any_of_its_names(written: str) -> None:
    assert rules.chooser(CHOICES)(written) == "http://example.org/frequency/ANNUAL"


def test_a_choice_outside_the_list_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="fortnightly"):
        rules.chooser(CHOICES)("fortnightly")


def test_an_open_list_takes_an_identifier_but_no_other_word() -> None:
    assert rules.chooser(CHOICES, open_to_identifiers=True)("https://example.org/x") == "https://example.org/x"
    with pytest.raises(Refused):
        rules.chooser(CHOICES, open_to_identifiers=True)("fortnightly")
