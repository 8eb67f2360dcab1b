"""A dataset page costs the same few statements and one search, at any number of files, for everyone.

The conversation's own statements are counted apart. What the measures save is seen in the last test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pages.conftest import MEASURES, Cost

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
People = dict[str, dict[str, Any]]
Read = Callable[..., str]
SIZES = (3, 20)


def counts(cost: Cost, read: Read, path: str, reader: dict[str, Any] | None = None) -> tuple[int, int]:
    """Statements and searches of a page, the conversation's aside."""
    read(path, reader)
    return len(cost.page), len(cost.searches)


@pytest.fixture
def pages(snow: Make) -> list[str]:
    """The pages of a dataset with 3 files and of one with 20."""
    return [f"/dataset/{snow(files)['name']}" for files in SIZES]


def test_a_visitor_costs_three_statements_and_one_search(pages: list[str], read: Read, cost: Cost) -> None:
    """Whether settings changed, the dataset, its organisation's title."""
    assert [counts(cost, read, prefix + page) for page in pages for prefix in ("", "/fr")] == [(3, 1)] * 4


def test_a_signed_in_citizen_costs_three_statements_more(pages: list[str], read: Read, cost: Cost, person: Make) -> None:
    """Their account, their memberships, whether they follow the dataset."""
    citizen = person()
    assert [counts(cost, read, prefix + page, citizen) for page in pages for prefix in ("", "/fr")] == [(6, 1)] * 4


def test_staff_cost_at_most_eight(pages: list[str], staff: People, read: Read, cost: Cost, person: Make) -> None:
    """An administrator's role reaches the organisations below: one statement looks for them."""
    expected = {"member": (6, 1), "editor": (6, 1), "admin": (7, 1)}
    for role, figures in expected.items():
        assert [counts(cost, read, page, staff[role]) for page in pages] == [figures] * 2, cost.page
    root = person(sysadmin=True)
    assert [counts(cost, read, page, root) for page in pages] == [(5, 1)] * 2, cost.page


@pytest.mark.usefixtures("previews")
def test_a_plugin_with_previews_costs_one_statement(pages: list[str], staff: People, read: Read, cost: Cost, person: Make) -> None:
    for reader, figures in ((None, (4, 1)), (person(), (7, 1)), (staff["admin"], (8, 1))):
        assert [counts(cost, read, page, reader) for page in pages] == [figures] * 2, cost.page


def test_a_private_dataset_costs_its_staff_as_much_as_a_public_one(snow: Make, staff: People, read: Read, cost: Cost) -> None:
    page = f"/dataset/{snow(3, private=True)['name']}"
    assert counts(cost, read, page, staff["editor"]) == (6, 1)


def test_without_the_measures_every_file_costs_two_statements_more(
    pages: list[str], read: Read, cost: Cost, without: Callable[..., None]
) -> None:
    """What makes the other tests mean something: the counters do see CKAN's statements."""
    without(*MEASURES)
    few, many = (counts(cost, read, page)[0] for page in pages)
    assert many - few == 2 * (SIZES[1] - SIZES[0])
