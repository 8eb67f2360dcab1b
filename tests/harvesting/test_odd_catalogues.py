"""Catalogues that answer in ways of their own: every readable record comes in, and a second run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests.helpers import call_action

from ckanext.participation.harvesting.engine import ckan_reading
from ckanext.participation.harvesting.running import Report, run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
TURTLE = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"


@pytest.fixture
def portal(allowed: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A CKAN with five datasets, asked for two at a time."""
    monkeypatch.setattr(ckan_reading, "WHOLE_ROWS", 2)
    datasets = allowed.csa.datasets
    first = next(iter(datasets.values()))
    datasets.clear()
    for number in range(5):
        datasets[f"road-{number}"] = {**first, "id": f"{number}0000000-0000-4000-8000-000000000000", "name": f"road-{number}", "resources": [],
                                      "title": f"Road {number}", "title_translated": {"en": f"Road {number}"}}
    return allowed.csa


def answer_with(portal: Any, after: Callable[[dict[str, Any]], dict[str, Any]], **forgotten: bool) -> None:
    """Let the search forget words that it is asked with, and say something else."""
    asked = portal.actions["package_search"]
    portal.actions["package_search"] = lambda words: after(asked({name: said for name, said in words.items() if name not in forgotten}))


def both(source: dict[str, Any]) -> tuple[Report, Report]:
    return run(source["id"]), run(source["id"])


def packages(state: str = "active") -> set[str]:
    model.Session.expire_all()
    return {row.title for row in model.Session.query(model.Package).filter_by(type="dataset", state=state)}


def said(report: Report, words: str) -> bool:
    return any(words in sentence for sentence in report.sentences)


@pytest.mark.parametrize("count", [str, float, lambda count: None, lambda count: 0, lambda count: max(count - 2, 0), lambda count: 2])
def test_a_count_that_is_none_or_wrong_loses_nothing(make_source: Make, portal: Any, count: Callable[[int], Any]) -> None:
    answer_with(portal, lambda result: {**result, "count": count(result["count"])})
    first, second = both(make_source("csa"))
    assert first.counts == {"added": 5}
    assert second.counts == {"not modified": 5}


@pytest.mark.parametrize("ignored", [{}, {"fq": True}, {"fq": True, "sort": True}, {"fq": True, "fl": True}])
def test_datasets_with_numbers_for_ids_are_read_once(make_source: Make, portal: Any, ignored: dict[str, bool]) -> None:
    for number, row in enumerate(portal.datasets.values(), 1):
        row["id"] = str(number)
    answer_with(portal, lambda result: {**result, "results": [{**row, "id": int(row["id"])} for row in result["results"]]}, **ignored)
    first, second = both(make_source("csa"))
    assert first.counts == {"added": 5}
    assert second.counts == {"not modified": 5}


def test_datasets_without_ids_are_known_by_their_names(make_source: Make, portal: Any) -> None:
    answer_with(portal, lambda result: {**result, "results": [{**row, "id": None} for row in result["results"]]}, fq=True)
    first, second = both(make_source("csa"))
    assert first.counts == {"added": 5}
    assert second.counts == {"not modified": 5}


def test_a_catalogue_without_a_search_is_read_by_its_list_of_names(make_source: Make, portal: Any) -> None:
    portal.actions["package_search"] = lambda words: portal.actions["organization_show"]({"id": "nobody"})
    source = make_source("csa")
    first, second = both(source)
    assert (first.counts, first.sentences) == ({"added": 5}, [])
    assert second.counts == {"not modified": 5}
    del portal.datasets["road-1"]
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 4}


def test_a_name_that_is_listed_and_not_given_removes_nothing(make_source: Make, portal: Any) -> None:
    portal.actions["package_search"] = lambda words: portal.actions["organization_show"]({"id": "nobody"})
    source = make_source("csa")
    run(source["id"])
    show = portal.actions["package_show"]
    portal.actions["package_show"] = lambda words: show(words if words["id"] != "road-1" else {"id": "nothing"})
    report = run(source["id"])
    assert report.counts == {"not modified": 4}
    assert said(report, "1 of 5 datasets of the catalogue's list are not given by it.")
    assert len(packages()) == 5


@pytest.mark.parametrize("below", ["/api/3/action", "/api/3/", "/dataset"])
def test_the_address_of_the_api_will_do(make_source: Make, portal: Any, allowed: Any, below: str) -> None:
    assert run(make_source("csa", url=allowed.url(f"/csa{below}"))["id"]).counts == {"added": 5}


@pytest.mark.parametrize("change", [{"private": True}, {"state": "deleted"}])
def test_a_dataset_that_is_no_longer_public_there_is_not_here(make_source: Make, portal: Any, change: dict[str, Any]) -> None:
    source = make_source("csa")
    run(source["id"])

    def withdrawn(result: dict[str, Any]) -> dict[str, Any]:
        return {**result, "results": [{**row, **change} if row["name"] == "road-1" else row for row in result["results"]]}

    portal.datasets["road-1"]["metadata_modified"] = "2031-01-01T00:00:00.000000"
    answer_with(portal, withdrawn)
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 4}
    assert packages("deleted") == {"Road 1"}
    assert run(source["id"]).counts == {"not modified": 4}


@pytest.mark.parametrize("organisation", [{"name": "new", "title": "New"}, {"name": "long", "title": "Long " * 200, "description": "y" * 50_000}])
def test_an_organisation_that_cannot_be_made_as_it_is_costs_no_dataset(make_source: Make, portal: Any, organisation: dict[str, str]) -> None:
    for row in portal.datasets.values():
        row["organization"] = {"id": "90000000-0000-4000-8000-000000000000", **organisation}
    first, second = both(make_source("csa"))
    assert first.counts["added"] == 5
    assert second.counts == {"not modified": 5}


def test_records_of_an_inventory_that_share_an_identifier_all_come_in(make_source: Make, allowed: Any) -> None:
    allowed.us.datasets[:] = [{**allowed.us.datasets[0], "identifier": "none", "title": f"Road {number}"} for number in range(3)]
    first, second = both(make_source("us"))
    assert (first.counts, first.sentences) == ({"added": 3}, [])
    assert second.counts == {"not modified": 3}


@pytest.mark.parametrize("schemes", [("http", "https"), ("https", "http")])
def test_a_catalogue_that_moves_to_https_keeps_its_datasets(make_source: Make, allowed: Any, schemes: tuple[str, str]) -> None:
    allowed.us.datasets[:] = [{**allowed.us.datasets[0], "identifier": f"{schemes[0]}://x.example/{number}", "title": f"Road {number}"}
                              for number in range(8)]
    source = make_source("us")
    run(source["id"])
    before = {row.id for row in model.Session.query(model.Package).filter_by(type="dataset", state="active")}
    for row in allowed.us.datasets:
        row["identifier"] = row["identifier"].replace(schemes[0], schemes[1], 1)
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"updated": 8}, [])
    assert {row.id for row in model.Session.query(model.Package).filter_by(type="dataset", state="active")} == before
    assert run(source["id"]).counts == {"not modified": 8}


def test_both_schemes_of_one_address_may_be_two_datasets(make_source: Make, allowed: Any) -> None:
    allowed.us.datasets[:] = [{**allowed.us.datasets[0], "identifier": f"{scheme}://x.example/1", "title": f"Road {scheme}"}
                              for scheme in ("http", "https")]
    first, second = both(make_source("us"))
    assert first.counts == {"added": 2}
    assert second.counts == {"not modified": 2}


def test_what_no_database_holds_costs_a_character_not_a_record(make_source: Make, allowed: Any) -> None:
    row = {**allowed.us.datasets[0], "identifier": "a\x00b", "title": "Ro\x00ads \ud800", "keyword": ["wa\x00ter"]}
    allowed.fail("/us/data.json", body=json.dumps({"dataset": [row]}).encode(), content_type="application/json")
    first, second = both(make_source("us"))
    assert first.counts["added"] == 1
    assert packages() == {"Roads \ufffd"}
    assert second.counts == {"not modified": 1}


def test_broken_turtle_costs_only_what_is_broken_and_removes_nothing(make_source: Make, allowed: Any) -> None:
    def served(broken: str) -> None:
        text = TURTLE + "".join(f'<https://x.example/{number}> a dcat:Dataset ; dct:title {broken if number == 1 else ""}"Road {number}" .\n'
                                for number in range(4))
        allowed.psdi.pages["ttl"][:] = [text]

    source = make_source("psdi")
    served("")
    assert run(source["id"]).counts == {"added": 4}
    served("oops ")
    report = run(source["id"])
    assert report.counts == {"not modified": 3}
    assert said(report, "1 statements of the catalogue are broken and were left out. No dataset was removed. They begin with: https://x.example/1")
    assert len(packages()) == 4
    served("")
    assert run(source["id"]).counts == {"not modified": 4}


def test_addresses_that_are_none_cost_no_dataset(make_source: Make, allowed: Any) -> None:
    more = "; dcat:landingPage <https://x.example/page one> ; dct:license <nothing here>"
    allowed.psdi.pages["ttl"][:] = [TURTLE + f'<https://x.example/a b> a dcat:Dataset ; dct:title "Road" {more} .\n<2> a dcat:Dataset ; dct:title "Two" .']
    first, second = both(make_source("psdi"))
    assert first.counts == {"added": 2}
    assert second.counts == {"not modified": 2}
    assert call_action("package_show", id="road")["uri"] == "https://x.example/a%20b"


@pytest.mark.parametrize("shared", ["dcat:landingPage <https://x.example/portal>", 'dct:identifier "none"'])
def test_blank_datasets_that_share_a_page_or_an_identifier_all_come_in(make_source: Make, allowed: Any, shared: str) -> None:
    allowed.psdi.pages["ttl"][:] = [TURTLE + "".join(f'[] a dcat:Dataset ; dct:title "Road {number}" ; {shared} .\n' for number in range(3))]
    first, second = both(make_source("psdi"))
    assert first.counts == {"added": 3}
    assert second.counts == {"not modified": 3}


def test_a_dataset_that_only_its_catalogue_calls_one_comes_in(make_source: Make, allowed: Any) -> None:
    allowed.psdi.pages["ttl"][:] = [TURTLE + '<https://x.example/c> a dcat:Catalog ; dcat:dataset <https://x.example/1> .\n'
                                    '<https://x.example/1> dct:title "Road" .']
    first, second = both(make_source("psdi"))
    assert first.counts == {"added": 1}
    assert second.counts == {"not modified": 1}
