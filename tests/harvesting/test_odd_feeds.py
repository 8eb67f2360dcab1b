"""Feeds that are nearly what they should be: read as they were meant, or refused in plain words."""

from __future__ import annotations

import json
import re

import pytest
from rdflib import DCAT, DCTERMS, RDF, Graph

from ckanext.participation.harvesting import contexts, feeds, lenient, mending
from ckanext.participation.harvesting.feeds import NotACatalogue

PAGE = "https://data.example/catalogue"
ROW = {"@type": "dcat:Dataset", "title": "Roads", "identifier": "roads"}
PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
XML = ('<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
       'xmlns:dct="http://purl.org/dc/terms/"><dcat:Dataset rdf:about="{about}"><dct:title{more}>{title}</dct:title></dcat:Dataset></rdf:RDF>')


def graph(text: str, content_type: str = "") -> Graph:
    feed = feeds.read(text, content_type, address=PAGE)
    return Graph().parse(data=feed.text, format=feed.kind)


def titles(found: Graph) -> dict[str, str]:
    return {str(ref): str(found.value(ref, DCTERMS.title)) for ref in found.subjects(RDF.type, DCAT.Dataset)}


def turtle(address: str, more: str = "") -> str:
    return f'{PREFIXES}<{address}> a dcat:Dataset ; dct:title "Roads" {more} .\n'


# -- data.json -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    json.dumps({"dataset": [ROW]}),
    json.dumps([ROW]),
    json.dumps(ROW),
    json.dumps({"datasets": [ROW]}),
    json.dumps({"Dataset": [ROW]}),
    json.dumps({"dataset": ROW}),
    json.dumps({"dataset": {"0": ROW}}),
    json.dumps({"dataset": [ROW]}).replace("}]", "},]"),
    json.dumps({"dataset": [ROW]}, indent=1).replace('"roads"', '"roads",'),
    json.dumps({"dataset": [ROW]}).replace("Roads", "Roads\n\tand streets"),
    json.dumps({"dataset": [ROW]}).replace("Roads", "C:\\Roads, [old,]"),
])  # fmt: skip
def test_an_inventory_is_read_however_it_is_written(text: str) -> None:
    feed = feeds.read(text, "application/json")
    assert (feed.kind, [row["identifier"] for row in feed.document["dataset"]]) == (feeds.DATA_JSON, ["roads"])


def test_records_on_lines_of_their_own_are_an_inventory() -> None:
    text = "\n".join(json.dumps({**ROW, "identifier": str(number)}) for number in range(3))
    assert [row["identifier"] for row in feeds.read(text).document["dataset"]] == ["0", "1", "2"]


def test_mending_json_changes_no_text() -> None:
    said = {"a": "1,]", "b": 'say ",}"', "c": [1, 2]}
    assert lenient.loads(json.dumps(said).replace("[1, 2]", "[1, 2,]")) == said


@pytest.mark.parametrize("text", ['{"dataset": [{"title": "A"', '{"dataset": [1 2]}', '{"a": 1}\n{"b": '])
def test_what_is_missing_is_not_guessed(text: str) -> None:
    with pytest.raises(NotACatalogue, match="broken"):
        feeds.read(text)


def test_a_catalogue_that_names_its_datasets_by_address_is_no_inventory() -> None:
    text = json.dumps({"@context": "https://www.w3.org/ns/dcat.jsonld", "@id": PAGE, "dataset": ["https://data.example/1"]})
    assert feeds.read(text).kind == feeds.JSON_LD


# -- RDF -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "meant"), [
    ("https://data.example/a b", "https://data.example/a%20b"),
    ("https://data.example/{x}|y", "https://data.example/%7Bx%7D%7Cy"),
    ("https://data.example/é", "https://data.example/é"),
    ("dataset/1", "https://data.example/dataset/1"),
    ("#one", f"{PAGE}#one"),
])  # fmt: skip
def test_addresses_mean_the_same_in_every_form(written: str, meant: str) -> None:
    document = {"@context": {"dcat": str(DCAT), "dct": str(DCTERMS)}, "@id": written, "@type": "dcat:Dataset", "dct:title": "Roads"}
    for text in (turtle(written), XML.format(about=written, title="Roads", more=""), json.dumps(document)):
        assert titles(graph(text)) == {meant: "Roads"}


def test_a_graph_of_odd_addresses_can_be_written_again() -> None:
    more = '; dcat:landingPage <https://data.example/page one> ; dct:license <nothing here> ; dct:description "<p class=\\"x\\"> a b </p>"'
    found = graph(turtle("https://data.example/1", more))
    assert "page%20one" in found.serialize(format="nt")
    assert '<p class=' in str(found.value(predicate=DCTERMS.description, subject=next(found.subjects(RDF.type, DCAT.Dataset))))


@pytest.mark.parametrize(("written", "meant"), [
    ("office@data.example", "mailto:office@data.example"), ("www.data.example/page", "http://www.data.example/page"),
    ("https://data.example/@user", "https://data.example/@user"), ("licence.html", "https://data.example/licence.html")])  # fmt: skip
def test_mail_and_web_addresses_without_their_beginnings_are_no_pages_of_the_catalogue(written: str, meant: str) -> None:
    document = {"@context": {"dcat": str(DCAT), "dct": str(DCTERMS)}, "@id": PAGE, "dct:license": {"@id": written}}
    xml = XML.format(about=PAGE, title="Roads", more="").replace("<dct:title>", f'<dct:license rdf:resource="{written}"/><dct:title>')
    for text in (turtle(PAGE, f"; dct:license <{written}>"), xml, json.dumps(document)):
        assert [str(said) for said in graph(text).objects(None, DCTERMS.license)] == [meant]


def test_a_base_of_its_own_is_kept() -> None:
    assert titles(graph("@base <https://other.example/> .\n" + turtle("1"))) == {"https://other.example/1": "Roads"}


@pytest.mark.parametrize(("title", "more", "meant"), [
    ("a\x0bb", "", "a b"),
    ("Caf&eacute;&nbsp;1", "", "Café\xa01"),
    ("A & B &amp; C &c; &#233;", "", "A & B & C &c; é"),
    ("<![CDATA[A & B &nbsp;]]>", "", "A & B &nbsp;"),
    ("Routes", ' xml:lang="fr_CA"', "Routes"),
    ("Routes", ' xml:lang="no language!"', "Routes"),
])  # fmt: skip
def test_xml_that_is_nearly_well_formed_is_read(title: str, more: str, meant: str) -> None:
    assert list(titles(graph(XML.format(about="https://data.example/1", title=title, more=more))).values()) == [meant]


def test_json_ld_that_no_parser_takes_is_read() -> None:
    text = json.dumps({"@context": {"dcat": "https://www.w3.org/ns/dcat#", "dct": str(DCTERMS)}, "@id": "https://data.example/a b",
                       "@type": "dcat:Dataset", "dct:title": {"@value": "Half \ud800", "@language": "en us!"}, "dcat:byteSize": float("nan")})
    assert titles(graph(text)) == {"https://data.example/a%20b": "Half \ufffd"}


@pytest.mark.parametrize("address", [
    "https://www.w3.org/ns/dcat.jsonld", "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
    "https://semiceu.github.io/DCAT-AP/releases/3.0.0/context/dcat-ap.jsonld",
    "https://raw.githubusercontent.com/DOI-DO/dcat-us/main/context/dcat-us-3.0.jsonld"])  # fmt: skip
def test_contexts_that_everybody_names_are_kept_here(address: str) -> None:
    row = {"@id": "https://data.example/1", "@type": "Dataset", "title": "Roads", "distribution": {"@type": "Distribution", "accessURL": "f.csv"}}
    found = graph(json.dumps({"@context": address, "@graph": [row]}), "application/ld+json")
    assert titles(found) == {"https://data.example/1": "Roads"}
    assert str(next(found.objects(None, DCAT.accessURL))) == "https://data.example/f.csv"


@pytest.mark.parametrize("address", ["https://evil.example/ns/dcat.jsonld", "https://www.w3.org.evil.example/ns/dcat.jsonld", "file:///ns/dcat"])
def test_other_contexts_are_not(address: str) -> None:
    assert contexts.kept(address) is None


# -- broken Turtle -------------------------------------------------------------------------------------------------------


def reads(text: str) -> bool:
    try:
        Graph().parse(data=text, format="turtle")
    except Exception:  # noqa: BLE001  there is no common class of what rdflib's parsers raise
        return False
    return True


def dataset(number: int) -> str:
    return f'<https://data.example/{number}> a dcat:Dataset ;\n  dct:title "Roads {number}" .\n\n'


@pytest.mark.parametrize("broken", [
    '<https://data.example/bad> a dcat:Dataset ; dct:title "unclosed ;\n  dct:description "x" .\n\n',
    '<https://data.example/bad> a dcat:Dataset ; own:thing "x" .\n',
    '<https://data.example/bad> a dcat:Dataset ; dct:title .\n\n',
])  # fmt: skip
def test_of_broken_turtle_the_other_statements_are_read(broken: str) -> None:
    text = PREFIXES + "".join(dataset(number) for number in range(20)) + broken + dataset(20)
    assert not reads(text)
    good, bad = mending.readable(text, reads, prefixes=True)
    assert len(re.findall("dcat:Dataset", good)) == 21
    assert (bad.beginnings, bad.ends_early) == (["https://data.example/bad"], False)


def test_prefixes_that_everybody_knows_may_be_missing() -> None:
    good, bad = mending.readable(dataset(1) + dataset(2), reads, prefixes=True)
    assert bad.beginnings == []
    assert reads(good)
