"""The few terms of our own that the RDF of datasets uses, where no published vocabulary has them: what they are called and mean.

Each has an address that answers (`views/terms.py`): the states of a problem report are a `skos:ConceptScheme` with its concepts, the
numbers about stars are `dqv:Metric`s (Data Quality Vocabulary, W3C Note 2016, https://www.w3.org/TR/vocab-dqv/).
"""

from __future__ import annotations

from dataclasses import dataclass

import ckan.plugins.toolkit as tk
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import RDF, SKOS, XSD, Namespace

DQV = Namespace("http://www.w3.org/ns/dqv#")

Words = dict[str, str]

SCHEME = "problem-state"


@dataclass(frozen=True)
class Term:
    """A term: the end of its address, its name and its meaning in both languages, and for a number its data type."""

    path: str
    label: Words
    definition: Words
    datatype: URIRef | None = None

    @property
    def notation(self) -> str:
        """Return the code that the API uses for the same."""
        return self.path.rpartition("/")[2]

    @property
    def iri(self) -> URIRef:
        """Return its address, the same in every language."""
        return iri(self.path)


STATES = {term.notation: term for term in (
    Term(f"{SCHEME}/open", {"en": "Open", "fr": "Ouvert"},
         {"en": "The problem was reported. The organisation has not said yet whether it sees it too.",
          "fr": "Le problème a été signalé. L’organisme n’a pas encore dit s’il le constate aussi."}),
    Term(f"{SCHEME}/confirmed", {"en": "Confirmed", "fr": "Confirmé"},
         {"en": "The organisation sees the problem too and will correct it.",
          "fr": "L’organisme constate aussi le problème et le corrigera."}),
    Term(f"{SCHEME}/fixed", {"en": "Fixed", "fr": "Corrigé"},
         {"en": "The organisation has corrected the data.", "fr": "L’organisme a corrigé les données."}),
    Term(f"{SCHEME}/wont_fix", {"en": "Won’t be fixed", "fr": "Ne sera pas corrigé"},
         {"en": "The organisation will not change the data, and has said why.",
          "fr": "L’organisme ne changera pas les données et a dit pourquoi."}),
)}
METRICS = {term.notation: term for term in (
    Term("metric/average-rating", {"en": "Average of the stars", "fr": "Moyenne des étoiles"},
         {"en": "Average of the stars, 1 to 5, that signed-in people gave the dataset",
          "fr": "Moyenne des étoiles, de 1 à 5, que des personnes connectées ont données au jeu de données"}, XSD.decimal),
    Term("metric/rating-count", {"en": "Number of ratings", "fr": "Nombre d’évaluations"},
         {"en": "Number of people who gave the dataset stars",
          "fr": "Nombre de personnes qui ont donné des étoiles au jeu de données"}, XSD.integer),
)}
STATE_SCHEME = Term(SCHEME, {"en": "States of a problem report", "fr": "États d’un problème signalé"},
                    {"en": "What has become of a problem in the data that somebody reported.",
                     "fr": "Ce qu’il est advenu d’un problème que quelqu’un a signalé dans les données."})
TERMS = {term.path: term for term in (STATE_SCHEME, *STATES.values(), *METRICS.values())}


def iri(path: str) -> URIRef:
    """Return the address of a term, which has no language in it."""
    return URIRef(f"{tk.config['ckan.site_url'].rstrip('/')}/participation/terms/{path}")


def graph(terms: list[Term]) -> Graph:
    """Return what machines are told of the terms."""
    told = Graph()
    for prefix, namespace in (("skos", SKOS), ("dqv", DQV), ("xsd", XSD)):
        told.bind(prefix, namespace)
    for term in terms:
        state = term.path.startswith(f"{SCHEME}/")
        kind = SKOS.ConceptScheme if term is STATE_SCHEME else SKOS.Concept if state else DQV.Metric
        told.add((term.iri, RDF.type, kind))
        for predicate, words in ((SKOS.prefLabel, term.label), (SKOS.definition, term.definition)):
            for lang, value in words.items():
                told.add((term.iri, predicate, Literal(value, lang=lang)))
        if state:
            told.add((term.iri, SKOS.notation, Literal(term.notation)))
            for predicate in (SKOS.inScheme, SKOS.topConceptOf):
                told.add((term.iri, predicate, STATE_SCHEME.iri))
        if term is STATE_SCHEME:
            for concept in STATES.values():
                told.add((term.iri, SKOS.hasTopConcept, concept.iri))
        if term.datatype:
            told.add((term.iri, DQV.expectedDataType, term.datatype))
    return told
