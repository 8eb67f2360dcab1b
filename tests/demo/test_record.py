"""Recording takes people out and keeps everything else. The originals here are made up."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import record
import record_common
import record_rdf
from rdflib import Graph, Literal, URIRef

INVENTORY_RECORD: dict[str, Any] = {
    "identifier": "1",
    "title": "Leases",
    "description": "Ask jane.doe@agency.gov or contact Max Roe and Ann B. Poe, Lease Desk.",
    "accessLevel": "public",
    "publisher": {"name": "Buildings"},
    "contactPoint": {"fn": "Jane Doe", "hasEmail": "mailto:jane.doe@agency.gov"},
}


def test_a_contact_becomes_a_role() -> None:
    people: set[str] = set()
    cleaned = record._us_dataset(copy.deepcopy(INVENTORY_RECORD), "agency", people)
    assert cleaned["contactPoint"] == {
        "fn": "Buildings data contact",
        "hasEmail": "mailto:contact@agency.example",
    }
    assert cleaned["description"] == "Ask contact@agency.example or contact the person in charge, Lease Desk."
    assert people == {"Jane Doe"}


def test_an_office_keeps_its_name() -> None:
    original = copy.deepcopy(INVENTORY_RECORD)
    original["contactPoint"]["fn"] = "Help Desk"
    assert record._us_dataset(original, "agency", set())["contactPoint"]["fn"] == "Help Desk"


def test_datasets_are_taken_in_turn_from_every_publisher_and_those_without_files_are_left() -> None:
    def dataset(identifier: str, publisher: str, files: int) -> dict[str, Any]:
        return {
            **INVENTORY_RECORD,
            "identifier": identifier,
            "publisher": {"name": publisher},
            "distribution": [{}] * files,
        }

    many = [
        dataset("a1", "A", 1),
        dataset("a2", "A", 1),
        dataset("a3", "A", 1),
        dataset("b1", "B", 0),
        dataset("b2", "B", 1),
    ]
    assert [each["identifier"] for each in record._spread(many, 3)] == ["a1", "a2", "b2"]


def test_a_person_in_a_graph_becomes_a_number_everywhere() -> None:
    graph = Graph().parse(
        format="turtle",
        data="""
        @prefix dct: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
        <http://d.example/1> dct:creator <http://orcid.org/0000-0001> ; dct:contact <mailto:jane@lab.org/> ;
            dct:citation "Jane Doe and Dr Max Roe. Data. J. K. Poe wrote to jane@lab.org." .
        <http://orcid.org/0000-0001> foaf:name "Jane Doe" .
        <https://lab.org/> foaf:name "The Lab" .
    """,
    )
    people: set[str] = set()
    cleaned = record_rdf._without_people(graph, people)
    dataset, terms = URIRef("http://d.example/1"), record_rdf.DCT
    contributor = URIRef("https://people.example/contributor/1")
    assert people == {"Jane Doe"}
    assert cleaned.value(dataset, terms.creator) == contributor
    assert cleaned.value(contributor, record_rdf.FOAF.name) == Literal("Contributor 1")
    assert cleaned.value(dataset, terms.contact) == URIRef("mailto:contact@psdi.example/")
    assert (
        str(cleaned.value(dataset, terms.citation))
        == "Contributor 1 and a contributor. Data. a contributor wrote to contact@psdi.example."
    )
    assert cleaned.value(URIRef("https://lab.org/"), record_rdf.FOAF.name) == Literal("The Lab")


def test_a_name_that_is_left_stops_the_recording() -> None:
    record_common.refuse_people("Janet Doerr", {"Jane Doe"}, "here")
    with pytest.raises(SystemExit, match="here: names of people are left: Jane Doe"):
        record_common.refuse_people("written by Jane Doe", {"Jane Doe"}, "here")
