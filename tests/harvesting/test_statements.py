"""RDF read statement by statement says what rdflib's graphs say."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from harvesting.conftest import DEMO
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.compare import to_isomorphic
from rdflib.plugins.parsers.notation3 import BadSyntax

from ckanext.participation.harvesting import rdf_pages, statements

RECORDED = sorted((DEMO / "recordings/psdi").glob("catalog-*.ttl*"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def text_of(path: Path) -> str:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode("utf-8")


def of_rdflib(text: str, kind: str) -> statements.Statements:
    found = statements.Statements()
    for triple in Graph().parse(data=text, format=kind):
        found.add(*map(statements.term, triple))
    return found


def records(page: statements.Statements) -> dict[str, Any]:
    """What the profiles get of each dataset: there numbers are written in one way."""
    rdf_pages.repair(page)
    found = {}
    for _, entry in rdf_pages.entries(page, "http://x/"):
        assert entry.content, entry.problem
        graph = Graph()
        statements.fill(graph, entry.content()["ntriples"])
        found[entry.guid] = to_isomorphic(graph)
    return found


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_a_recorded_page_says_the_same_to_both_readers(path: Path) -> None:
    text = text_of(path)
    found = records(statements.read(text, "turtle"))
    assert found
    assert found == records(of_rdflib(text, "turtle"))


@pytest.mark.parametrize("kind", ["xml", "nt", "json-ld", "turtle"])
def test_every_format_gives_the_same_records(kind: str) -> None:
    text = text_of(RECORDED[0])
    written = Graph().parse(data=text, format="turtle").serialize(format=kind)
    assert records(statements.read(written, kind)) == records(statements.read(text, "turtle"))


@given(TEXTS, st.sampled_from([{}, {"lang": "fr"}, {"lang": "fr-CA"}, {"datatype": URIRef("http://x/type")}]))
def test_a_literal_comes_through_unchanged(text: str, kind: dict[str, Any]) -> None:
    said = Literal(text, **kind)
    graph = Graph()
    statements.fill(graph, statements.ntriples([("<http://x/1>", "<http://x/p>", statements.term(said))]))
    assert list(graph.objects()) == [said]
    assert statements.value(statements.term(said)) == text


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["p", "q"]), st.sampled_from(["a", "b", "text"]))))
def test_what_is_handed_on_is_the_same_graph(said: list[tuple[str, str, str]]) -> None:
    graph = Graph()
    for subject, predicate, target in said:
        graph.add((BNode(subject), URIRef(f"http://x/{predicate}"), Literal(target) if target == "text" else BNode(target)))
    made = Graph()
    statements.fill(made, statements.ntriples(of_rdflib(graph.serialize(format="nt"), "nt")))
    assert to_isomorphic(made) == to_isomorphic(graph)


def test_an_address_that_is_none_costs_nothing_but_itself() -> None:
    text = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
    <http://x/1> a dcat:Dataset ; dct:title "One" ; dcat:landingPage <http://x/a page|here> .
    <http://x/2> a dcat:Dataset ; dct:title "Two" ."""
    read = statements.read(text, "turtle")
    assert {entry.guid for _, entry in rdf_pages.entries(read, "http://x/")} == {"http://x/1", "http://x/2"}
    content = next(entry.content() for _, entry in rdf_pages.entries(read, "http://x/") if entry.guid == "http://x/1" and entry.content)
    graph = Graph()
    statements.fill(graph, content["ntriples"])
    assert URIRef("http://x/a page|here") in set(graph.objects())


def test_what_only_rdflib_takes_is_read_by_rdflib() -> None:
    # A language with an underscore ends the quick reading.
    text = '<http://x/1> <http://x/p> "a"@en . <http://x/2> <http://x/p> 1.e3 .'
    assert len(list(statements.read(text, "turtle"))) == 2


def test_broken_rdf_is_refused() -> None:
    with pytest.raises(BadSyntax):
        statements.read("<http://x/1> <http://x/p> [ .", "turtle")
