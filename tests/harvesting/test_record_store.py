"""The store for one record answers as rdflib's own does."""

from __future__ import annotations

import random
from itertools import product

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import XSD
from rdflib.term import Node

from ckanext.participation.harvesting.record_store import RecordStore

SUBJECTS: list[Node] = [URIRef("http://example.org/a"), URIRef("http://example.org/b"), BNode("c")]
PREDICATES: list[Node] = [URIRef("http://example.org/p"), URIRef("http://example.org/q")]
VALUES: list[Node] = [*SUBJECTS, Literal("1"), Literal("1", datatype=XSD.integer), Literal("eau", lang="fr"), Literal("eau", lang="en")]


def graphs(chance: random.Random) -> tuple[Graph, Graph]:
    """The same in both, where some statements came twice and some were removed again."""
    made = Graph(store=RecordStore()), Graph(store="SimpleMemory")
    for _ in range(chance.randint(0, 20)):
        said = chance.choice(SUBJECTS), chance.choice(PREDICATES), chance.choice(VALUES)
        for graph in made:
            graph.add(said)
    gone = chance.choice([*SUBJECTS, None]), chance.choice(PREDICATES), chance.choice([*VALUES, None])
    for graph in made:
        graph.remove(gone)
    return made


def test_every_question_has_the_same_answer() -> None:
    chance = random.Random(3)
    for _ in range(100):
        ours, theirs = graphs(chance)
        assert len(ours) == len(theirs)
        for subject, predicate, value in product([*SUBJECTS, None], [*PREDICATES, None], [*VALUES, None]):
            said = list(ours.triples((subject, predicate, value)))
            expected = list(theirs.triples((subject, predicate, value)))
            # Of one subject in the same order: the first title is the one that is read.
            assert said == expected if subject is not None else sorted(said) == sorted(expected)
        assert ours.isomorphic(theirs)


def test_prefixes_are_kept_for_people_who_read_it() -> None:
    graph = Graph(store=RecordStore())
    graph.bind("eau", "http://example.org/")
    graph.add((SUBJECTS[0], PREDICATES[0], VALUES[3]))
    assert 'eau:a eau:p "1"' in graph.serialize(format="turtle")
