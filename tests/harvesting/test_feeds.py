"""What an address answered, and what is refused before a parser sees it."""

from __future__ import annotations

import contextlib
import json

import pytest
from bounded import costs_at_most
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.harvesting import feeds
from ckanext.participation.harvesting.feeds import NotACatalogue

RDF_XML = '<?xml version="1.0" encoding="utf-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'
TURTLE = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<http://example.org/1> a dcat:Dataset ."
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {chr(98 + level)} "{"&" + chr(97 + level) + ";" * 1}{("&" + chr(97 + level) + ";") * 9}">'
        for level in range(9)
    )
    + "]><l>&j;</l>"
)


@pytest.mark.parametrize(("text", "content_type", "kind"), [
    (TURTLE, "text/turtle", "turtle"),
    (TURTLE, "text/plain", "turtle"),
    (TURTLE, "application/octet-stream", "turtle"),
    ("<http://example.org/1> a <http://www.w3.org/ns/dcat#Dataset> .", "", "turtle"),
    ("# a comment\nPREFIX dcat: <http://www.w3.org/ns/dcat#>\n", "", "turtle"),
    ("<http://a/1> <http://a/2> <http://a/3> .", "application/n-triples", "nt"),
    (RDF_XML, "application/rdf+xml", "xml"),
    (RDF_XML, "text/xml", "xml"),
    (RDF_XML, "text/turtle", "xml"),
    ('{"dataset": []}', "application/json", "data.json"),
    ('\ufeff{"dataset": []}', "text/plain", "data.json"),
    ('[{"title": "a", "identifier": "1"}]', "application/json", "data.json"),
    ('{"@context": {"dcat": "http://www.w3.org/ns/dcat#"}, "@graph": []}', "application/ld+json", "json-ld"),
    ('[{"@id": "http://example.org/1", "@type": ["http://www.w3.org/ns/dcat#Dataset"]}]', "application/json", "json-ld"),
])  # fmt: skip
def test_the_form_is_found_by_what_the_answer_says_and_holds(text: str, content_type: str, kind: str) -> None:
    assert feeds.read(text, content_type).kind == kind


@pytest.mark.parametrize(("text", "word"), [
    ("", "empty"),
    ("   \n", "empty"),
    ("<!DOCTYPE html><html><body>Hello</body></html>", "web page"),
    ("<html lang='en'>", "web page"),
    ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "web page"),
    ('<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"/>', "ISO 19115"),
    ('<csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"/>', "ISO 19115"),
    ('<rss version="2.0"/>', "news feed"),
    ("<catalogue/>", "begins with “catalogue”"),
    ("<rdf:RDF", "broken"),
    ('{"data": [{"type": "a", "attributes": {}}], "jsonapi": {}}', "JSON:API"),
    ('{"success": true, "result": []}', "CKAN"),
    ('{"type": "FeatureCollection", "features": []}', "GeoJSON"),
    ('{"a": 1}', "neither"),
    ("[1, 2]", "neither"),
    ('{"dataset": [', "broken"),
    ("[" * 100_000, "nested"),
    ("Not found", "not a catalogue"),
])  # fmt: skip
def test_what_is_no_catalogue_is_named_in_plain_words(text: str, word: str) -> None:
    with pytest.raises(NotACatalogue, match=word):
        feeds.read(text)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<?xml version="1.0"?><!DOCTYPE rdf:RDF SYSTEM "http://127.0.0.1/x.dtd"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&e;</rdf:RDF>',
    ],
)
def test_a_document_type_is_refused_at_once(text: str) -> None:
    def refused() -> None:
        with pytest.raises(NotACatalogue, match="DOCTYPE"):
            feeds.read(text, "application/rdf+xml")

    costs_at_most(0.1, refused)


@pytest.mark.parametrize("filling", ["\n" * 200_000, "<" + "@" * 200_000, "<x@" * 70_000, "\n" + " \t" * 100_000, "< " * 100_000, '<"' * 100_000])
def test_turtle_with_much_of_one_sign_is_mended_as_quickly_as_any(filling: str) -> None:
    costs_at_most(1, lambda: feeds.read(f"{TURTLE}\n# {filling}", "text/turtle", address="http://example.org/catalog.ttl"))


@pytest.mark.parametrize(("said", "kept"), [
    ("@base <http://other.example/> .\n", True), ("\n \n\t@BASE\n <http://other.example/> .\n", True), ("Base<http://other.example/>\n", True),
    ("@prefix a: <http://a.example/> .\n  base <http://other.example/>\n", True), ("# @base <http://other.example/> .\n", False), ("", False),
])
def test_only_turtle_without_a_base_is_given_one(said: str, kept: bool) -> None:
    text = feeds.read(said + TURTLE, "text/turtle", address="http://example.org/catalog.ttl").text
    assert text.startswith("@base <http://example.org/catalog.ttl> . ") != kept
    assert text.endswith(said + TURTLE)


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "http://169.254.169.254/latest", "@graph": []},
        {"@context": ["file:///etc/passwd"], "@id": "x"},
        {"@context": [{"@import": "http://127.0.0.1/"}], "@id": "x"},
        {"@graph": [{"@context": "http://evil.example/"}]},
        {"@context": {"term": {"@id": "http://x/", "@context": "http://evil.example/"}}, "@graph": []},
    ],
)
def test_a_context_from_another_address_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(NotACatalogue) as refused:
        feeds.read(json.dumps(document), "application/ld+json")
    # Without the address, which may lead to where nobody outside is to know of.
    assert refused.value.sentence == "The JSON-LD needs a context from another address, which is not fetched here."


def test_a_context_that_we_keep_is_written_out() -> None:
    feed = feeds.read('{"@context": "https://schema.org/", "@type": "DataCatalog"}', "application/ld+json")
    assert feed.document["@context"] == {"@vocab": "http://schema.org/"}


@given(st.text())
def test_no_answer_makes_the_reader_raise_anything_else(text: str) -> None:
    with contextlib.suppress(NotACatalogue):
        feeds.read(text)
