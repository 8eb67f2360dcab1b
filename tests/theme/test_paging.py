"""Filter links and page numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.theme import paging

ITEMS = [
    {"name": "CSV", "display_name": "CSV", "count": 3},
    {"name": "PDF", "display_name": "PDF", "count": 9},
    {"name": "XML", "display_name": "XML", "count": 1},
]


def test_a_filter_is_added_to_the_search_and_goes_back_to_the_first_page() -> None:
    rows = paging.facet_items("res_format", ITEMS, "/dataset/", [("q", "eau"), ("page", "3")], None)
    assert rows[0]["url"] == "/dataset/?q=eau&res_format=PDF"


def test_a_chosen_filter_comes_first_and_its_link_takes_it_away() -> None:
    rows = paging.facet_items("res_format", ITEMS, "/dataset/", [("q", "eau"), ("res_format", "XML")], 2)
    assert [(row["name"], row["active"]) for row in rows] == [("XML", True), ("PDF", False)]
    assert rows[0]["url"] == "/dataset/?q=eau"


def test_only_the_chosen_value_is_taken_away() -> None:
    params = [("tags", "eau"), ("tags", "neige"), ("page", "2")]
    assert paging.chosen([("tags", "eau")], {("tags", "eau"): "Eau"}, "/d", params) == [
        {"name": "tags", "label": "Eau", "url": "/d?tags=neige"}
    ]


def test_pages_show_the_ends_and_the_neighbours() -> None:
    shown = paging.pages(6, 12, "/d", [("q", "a")])
    assert [row and row["number"] for row in shown["pages"]] == [1, None, 5, 6, 7, None, 12]
    assert (shown["prev"], shown["next"]) == ("/d?q=a&page=5", "/d?q=a&page=7")


def test_a_gap_of_one_page_is_that_page() -> None:
    assert [row and row["number"] for row in paging.pages(4, 5, "/d", [])["pages"]] == [1, 2, 3, 4, 5]


def test_a_single_page_has_no_pager() -> None:
    assert paging.pages(1, 1, "/d", []) == {"prev": None, "next": None, "pages": []}
    assert paging.pages(1, 0, "/d", []) == {"prev": None, "next": None, "pages": []}


@given(st.integers(1, 500), st.integers(1, 500))
def test_the_current_page_is_always_there_and_the_first_page_has_no_number(current: int, last: int) -> None:
    current = min(current, last)
    rows = [row for row in paging.pages(current, last, "/d", [])["pages"] if row]
    assert last == 1 or [row["number"] for row in rows if row["current"]] == [current]
    assert all("page=1" not in row["url"].split("&") for row in rows if row["number"] == 1)
    assert len(rows) <= 7
