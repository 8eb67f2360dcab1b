"""The portals that the harvest benchmark synthesises, and how it compares costs."""

from __future__ import annotations

import json

import pytest
from bench.harvest_costs import Cost, times
from bench.harvest_source import PAGE, Catalogue, Portals
from rdflib import Graph, Namespace
from rdflib.namespace import DCTERMS, RDF

DCAT = Namespace("http://www.w3.org/ns/dcat#")


@pytest.fixture(scope="module")
def portals() -> Portals:
    return Portals()


@pytest.fixture
def catalogue(portals: Portals) -> Catalogue:
    made = Catalogue(7, 250, moment="2026-11-23T00:00:00.000000")
    portals.catalogues[7] = made
    return made


def found(portals: Portals, catalogue: Catalogue, **query: str) -> dict:
    return json.loads(portals.search(catalogue, query))["result"]


def graph(portals: Portals, catalogue: Catalogue, page: int) -> Graph:
    return Graph().parse(data=portals.page(catalogue, page, "http://portal.example/dcat/7"), format="turtle")


def test_a_catalogue_lists_every_dataset_once_in_the_order_of_ids(portals: Portals, catalogue: Catalogue) -> None:
    ids, last = [], ""
    while rows := found(portals, catalogue, rows="100", fl="id", fq=f'id:{{"{last}" TO *]' if last else "")["results"]:
        ids += [row["id"] for row in rows]
        last = ids[-1]
    assert len(ids) == len(set(ids)) == 250
    assert ids == sorted(ids)


def test_pages_by_offset_give_whole_datasets_and_end(portals: Portals, catalogue: Catalogue) -> None:
    assert len(found(portals, catalogue, rows="100", start="200")["results"]) == 50
    assert found(portals, catalogue, rows="100", start="300")["results"] == []
    row = found(portals, catalogue, rows="1")["results"][0]
    assert row["resources"]
    assert all(file["package_id"] == row["id"] for file in row["resources"])


def test_datasets_are_given_by_id(portals: Portals, catalogue: Catalogue) -> None:
    wanted = sorted(row["id"] for row in found(portals, catalogue, rows="250", fl="id")["results"][3:250:100])
    rows = found(portals, catalogue, rows="10", fq="id:({})".format(" OR ".join(f'"{one}"' for one in wanted)))["results"]
    assert [row["id"] for row in rows] == wanted


def test_one_per_cent_changed_is_what_a_search_by_date_finds(portals: Portals, catalogue: Catalogue) -> None:
    since = "metadata_modified:[2026-11-22T23:00:00Z TO *]"
    assert found(portals, catalogue, rows="9", fq=since)["count"] == 0
    before = {row["id"]: row["notes"] for row in found(portals, catalogue, rows="250")["results"]}
    catalogue.changed = 1
    changed = found(portals, catalogue, rows="9", fq=since)["results"]
    assert len(changed) == 3
    assert all(row["notes"] != before[row["id"]] for row in changed)


def test_the_failing_dataset_has_no_name_and_no_title_and_what_is_lost_is_gone(portals: Portals, catalogue: Catalogue) -> None:
    catalogue.failing = True
    rows = found(portals, catalogue, rows="300")["results"]
    assert [(row["name"], row["title"]) for row in rows if not row["name"]] == [("", "")]
    catalogue.failing, catalogue.lost = False, 2
    assert found(portals, catalogue, rows="1")["count"] == 248


def test_pages_of_turtle_have_every_dataset_with_its_files_and_lead_to_the_next(portals: Portals, catalogue: Catalogue) -> None:
    pages = [graph(portals, catalogue, number) for number in (1, 2, 3)]
    sets = [set(page.subjects(RDF.type, DCAT.Dataset)) for page in pages]
    assert [len(one) for one in sets] == [PAGE, PAGE, 50]
    assert len(set().union(*sets)) == 250
    assert all((ref, DCAT.distribution, None) in page for page, refs in zip(pages, sets, strict=True) for ref in refs)
    following = Namespace("http://www.w3.org/ns/hydra/core#").next
    assert [[str(one) for one in page.objects(None, following)] for page in pages] == [
        ["http://portal.example/dcat/7?page=2"], ["http://portal.example/dcat/7?page=3"], []]


def test_a_change_of_one_dataset_in_turtle_is_a_change_of_no_other(portals: Portals, catalogue: Catalogue) -> None:
    def said(page: Graph) -> dict[str, set[str]]:
        return {str(ref): {str(text) for text in page.objects(ref, DCTERMS.description)} for ref in page.subjects(DCTERMS.description)}

    before = said(graph(portals, catalogue, 1))
    catalogue.changed = 1
    after = said(graph(portals, catalogue, 1))
    number = catalogue.name(0)
    assert {ref.rpartition("-")[2] for ref in before if before[ref] != after[ref]} == {number}


def test_costs_are_compared_per_dataset_or_as_wholes_by_their_medians() -> None:
    stock = [Cost(10, 2.0, 1.0, 0.5, 0.5), Cost(10, 4.0, 1.0, 0.5, 0.5), Cost(10, 90.0, 1.0, 0.5, 0.5)]
    ours = [Cost(100, 1.0, 0.5, 0.25, 0.25)]
    assert times(stock, ours, "wall") == pytest.approx(40)
    assert times(stock, ours, "cpu") == pytest.approx(20)
    assert times(stock, ours, "cpu", whole=True) == pytest.approx(2)
