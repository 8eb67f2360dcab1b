"""The pages that everybody sees, as the server sends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")]

Make = Callable[..., dict[str, Any]]
PUBLIC = ("/", "/dataset/", "/organization/", "/about", "/user/login", "/user/register", "/user/reset")


@pytest.fixture
def read(app: Any) -> Callable[..., BeautifulSoup]:
    def get(path: str, status: int = 200, **more: Any) -> BeautifulSoup:
        reply = app.get(path, status=status, **more)
        return BeautifulSoup(reply.body, "html.parser")

    return get


def words(tag: Any) -> str:
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("prefix", ["", "/fr"])
def test_a_page_has_one_heading_one_main_and_the_readers_language(
    read: Callable[..., BeautifulSoup], path: str, prefix: str
) -> None:
    page = read(prefix + path)
    assert len(page.find_all("h1")) == 1
    assert len(page.select("main, [role=main]")) == 1
    assert page.html["lang"] == (prefix.strip("/") or "en")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_has_no_inline_script_style_or_handler(read: Callable[..., BeautifulSoup], path: str) -> None:
    page = read(path)
    assert not [tag for tag in page.find_all("script") if not tag.get("src") and tag.get("type") != "application/ld+json"]
    assert not page.find_all("style")
    assert not [tag for tag in page.find_all(True) for name in tag.attrs if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("path", PUBLIC)
def test_ids_are_unique_and_every_labelled_reference_leads_somewhere(read: Callable[..., BeautifulSoup], path: str) -> None:
    page = read(path)
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    wanted = {
        word
        for tag in page.find_all(True)
        for name in ("aria-labelledby", "aria-describedby", "for")
        for word in tag.get(name, "").split()
    }
    assert wanted <= set(ids)


def test_the_language_link_leads_to_the_same_search_in_the_other_language(read: Callable[..., BeautifulSoup]) -> None:
    link = read("/dataset/?q=neige").select_one(".pt-languages a")
    assert (link["hreflang"], link["lang"], link["href"]) == ("fr", "fr", "/fr/dataset/?q=neige")


def test_the_home_page_counts_what_is_public(read: Callable[..., BeautifulSoup], dataset: Make) -> None:
    dataset()
    dataset(private=True)
    counts = words(read("/").select_one(".pt-hero__counts"))
    assert "1 dataset" in counts
    assert "2 organisations" in counts


def test_a_dataset_is_listed_in_the_readers_language_or_marked_with_its_own(
    read: Callable[..., BeautifulSoup], dataset: Make
) -> None:
    dataset(title_translated={"fr": "Neige", "en": "Snow"})
    dataset(title_translated={"fr": "Grêle"})
    titles = {words(link): link.get("lang") for link in read("/dataset/").select(".dataset-list .pt-card__title a")}
    assert titles == {"Snow": None, "Grêle": "fr"}


def test_a_search_without_results_gives_advice(read: Callable[..., BeautifulSoup]) -> None:
    page = read("/dataset/?q=zzzz")
    assert "Check the spelling" in words(page.select_one(".pt-empty"))


def test_a_chosen_filter_can_be_taken_away(read: Callable[..., BeautifulSoup], dataset: Make) -> None:
    dataset(resources=[{"url": "https://example.org/a.csv", "format": "CSV"}])
    page = read("/dataset/?q=snow&res_format=CSV")
    assert words(page.select_one(".pt-chosen a")) == "Remove filter: CSV"
    assert page.select_one(".pt-chosen a")["href"] == "/dataset/?q=snow"


def test_a_dataset_page_shows_both_descriptions_each_in_its_language(read: Callable[..., BeautifulSoup], dataset: Make) -> None:
    made = dataset(notes_translated={"fr": "La neige au sol.", "en": "Snow on the ground."})
    sides = {side["lang"]: words(side) for side in read(f"/fr/dataset/{made['name']}").select(".pt-bilingual > div")}
    assert list(sides) == ["fr", "en"]
    assert "La neige au sol." in sides["fr"]
    assert "Snow on the ground." in sides["en"]


def test_an_address_that_is_no_web_address_is_not_a_link(read: Callable[..., BeautifulSoup], dataset: Make) -> None:
    made = dataset(resources=[{"url": "https://example.org/a.csv", "format": "CSV", "name": "<b>Snow</b>"}])
    row = read(f"/dataset/{made['name']}").select_one(".pt-files tbody tr")
    assert "<b>Snow</b>" in words(row)
    assert row.select_one(".pt-files__get a")["href"] == "https://example.org/a.csv"


def test_details_have_no_empty_rows(read: Callable[..., BeautifulSoup], dataset: Make) -> None:
    made = dataset(issued="2019-03")
    rows = {words(row.dt): words(row.dd) for row in read(f"/dataset/{made['name']}").select("#details .pt-facts > div")}
    assert rows["First published"] == "March 2019"
    assert all(rows.values())


@pytest.fixture
def many_files() -> list[dict[str, str]]:
    return [{"url": f"https://example.org/{n}.csv", "name": f"File {n}", "format": "CSV"} for n in range(60)]


def test_a_dataset_with_many_files_stays_small_and_can_show_them_all(
    app: Any, dataset: Make, many_files: list[dict[str, str]]
) -> None:
    made = dataset(resources=many_files)
    reply = app.get(f"/dataset/{made['name']}")
    assert len(reply.body.encode()) <= 60_000
    assert len(BeautifulSoup(reply.body, "html.parser").select(".pt-files tbody tr")) == 10
    everything = BeautifulSoup(app.get(f"/dataset/{made['name']}?files=all").body, "html.parser")
    assert len(everything.select(".pt-files tbody tr")) == 60


def test_a_refused_sign_in_says_so_and_keeps_the_name(app: Any) -> None:
    page = BeautifulSoup(app.post("/user/login", data={"login": "ariane", "password": "wrong"}).body, "html.parser")
    summary = page.select_one(".pt-errors")
    assert summary["role"] == "alert"
    assert page.select_one(summary.a["href"])["value"] == "ariane"


def test_a_page_that_does_not_exist_helps_to_go_on(read: Callable[..., BeautifulSoup]) -> None:
    page = read("/nothing-here", status=404)
    assert words(page.h1) == "This page does not exist"
    assert page.select_one("#error-content form[role=search]")


def test_a_search_and_an_organisation_have_the_same_column_of_filters(read: Callable[..., BeautifulSoup], dataset: Make) -> None:
    about = dataset(resources=[{"url": "https://a.example/f.csv", "name": "F", "format": "CSV"}])
    columns = [read(path).select_one("aside[aria-label='Filters'] details.pt-filters") for path in ("/dataset/", f"/organization/{about['owner_org']}")]
    assert [words(column.summary) for column in columns] == ["Filter the results"] * 2
    names = [[words(group.summary) for group in column.select(".pt-facet")] for column in columns]
    assert set(names[0]) - set(names[1]) == {"Organisations"}
    assert "Formats" in names[1]
