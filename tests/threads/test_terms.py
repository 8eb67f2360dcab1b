"""The terms of our own in the RDF: every address that a dataset's description names says what it means."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SKOS

from ckanext.participation.threads import vocabulary

TERMS = "/participation/terms"


def graph_at(app: Any, path: str, media_type: str = "text/turtle") -> Graph:
    reply = app.get(path, headers={"Accept": media_type})
    assert reply.mimetype == media_type
    assert "Accept" in reply.headers["Vary"]
    return Graph().parse(data=reply.body, format={"text/turtle": "turtle", "application/ld+json": "json-ld", "application/rdf+xml": "xml"}[media_type])


@pytest.mark.parametrize("path", list(vocabulary.TERMS))
def test_the_address_of_a_term_tells_programmes_its_name_and_meaning_in_both_languages(make_app: Any, path: str) -> None:
    with make_app().flask_app.test_request_context():
        address = vocabulary.iri(path)
    told = graph_at(make_app(), urlsplit(str(address)).path)
    assert (address, RDF.type, None) in told
    for predicate in (SKOS.prefLabel, SKOS.definition):
        assert {getattr(word, "language", None) for word in told.objects(address, predicate)} == {"en", "fr"}


@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json", "application/rdf+xml"])
def test_a_programme_gets_the_form_that_it_asks_for(make_app: Any, media_type: str) -> None:
    told = graph_at(make_app(), f"{TERMS}/problem-state/fixed", media_type)
    assert Literal("Corrigé", lang="fr") in set(told.objects(None, SKOS.prefLabel))


def test_the_list_of_states_names_its_states(make_app: Any) -> None:
    told = graph_at(make_app(), f"{TERMS}/problem-state")
    scheme = URIRef(f"{tk.config['ckan.site_url']}{TERMS}/problem-state")
    assert {str(state).rpartition("/")[2] for state in told.objects(scheme, SKOS.hasTopConcept)} == set(vocabulary.STATES)
    assert set(told.subjects(SKOS.inScheme, scheme)) == set(told.objects(scheme, SKOS.hasTopConcept))


@pytest.mark.parametrize(("prefix", "title", "meaning"), [
    ("", "Fixed", "The organisation has corrected the data."), ("/fr", "Corrigé", "L’organisme a corrigé les données.")])
def test_a_person_gets_a_page_in_their_language(make_app: Any, prefix: str, title: str, meaning: str) -> None:
    page = BeautifulSoup(make_app().get(f"{prefix}{TERMS}/problem-state/fixed", headers={"Accept": "text/html,*/*;q=0.8"}).body, "html.parser")
    assert [heading.get_text() for heading in page.select("h1")] == [title]
    assert meaning in page.get_text()


def test_all_terms_are_on_one_page_and_in_one_file(make_app: Any) -> None:
    page = make_app().get(f"{TERMS}/").body
    told = Graph().parse(data=make_app().get(f"{TERMS}/terms.ttl").body, format="turtle")
    assert {str(term).partition(f"{TERMS}/")[2] for term in told.subjects(RDF.type, None)} == set(vocabulary.TERMS)
    assert all(f"{TERMS}/{path}" in page for path in vocabulary.TERMS)


def test_what_is_no_term_is_not_found(make_app: Any) -> None:
    make_app().get(f"{TERMS}/problem-state/forgotten", status=404)
    make_app().get(f"{TERMS}/problem", status=404)
