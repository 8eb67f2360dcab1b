"""Statements are the same whatever the parser called their blank nodes; datasets without identifiers keep theirs."""

from __future__ import annotations

import random

import pytest

from ckanext.participation.harvesting.engine.hashing import of_triples
from ckanext.participation.harvesting.rdf_pages import entries
from ckanext.participation.harvesting.statements import Statements, is_blank, read

PREFIX = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix v: <http://www.w3.org/2006/vcard/ns#> .\n"
NESTED = """
<http://x/1> a dcat:Dataset ; dct:title "Snow"@en ;
  dcat:contactPoint [ v:fn "One" ; v:hasAddress [ v:locality "A" ] ], [ v:fn "One" ; v:hasAddress [ v:locality "B" ] ] ;
  dcat:distribution [ dcat:accessURL <http://x/a> ; dct:license [ dct:title "L" ] ] .
"""
CIRCLE = """<http://x/1> a dcat:Dataset ; dct:relation _:a . _:a dct:relation _:b ; dct:title "a" . _:b dct:relation _:a ; dct:title "b" ."""


def shuffled(text: str, seed: int) -> Statements:
    """The same statements with other labels, in another order."""
    said = list(read(PREFIX + text, "turtle"))
    shuffling = random.Random(seed)
    shuffling.shuffle(said)
    labels: dict[str, str] = {}

    def named(word: str) -> str:
        return labels.setdefault(word, f"_:b{shuffling.random()}") if is_blank(word) else word

    made = Statements()
    for subject, predicate, target in said:
        made.add(named(subject), predicate, named(target))
    return made


def test_the_hash_does_not_see_labels_and_order() -> None:
    for text in (NESTED, CIRCLE):
        assert len({of_triples(shuffled(text, seed)) for seed in range(20)}) == 1


def test_the_hash_sees_what_is_said_deep_down() -> None:
    texts = [
        NESTED,
        NESTED.replace('"B"', '"C"'),
        NESTED.replace('"L"', '"M"'),
        NESTED.replace("@en", "@fr"),
        NESTED.replace("<http://x/a>", '"http://x/a"'),
        # The addresses change places between two contacts that are alike otherwise.
        NESTED.replace('v:fn "One" ; v:hasAddress [ v:locality "A" ]', 'v:fn "Two" ; v:hasAddress [ v:locality "A" ]'),
        NESTED.replace('v:fn "One" ; v:hasAddress [ v:locality "B" ]', 'v:fn "Two" ; v:hasAddress [ v:locality "B" ]'),
        CIRCLE,
        CIRCLE.replace('"b"', '"c"'),
    ]
    assert len({of_triples(shuffled(text, 1)) for text in texts}) == len(texts)


DEEP = "<http://x/1> <http://x/p> _:n0 . " + "".join(f"_:n{n} <http://x/p> _:n{n + 1} . " for n in range(12)) + '_:n12 dct:title "deep" .'


@pytest.mark.parametrize(("text", "known"), [
    (NESTED, "92da4a609edc6704a09480cdc99160ad"), (CIRCLE, "49e79ebdb976212ae4f2761c437412af"), (DEEP, "0f5f262fd7387cba4db6ebc9bbaea0b3"),
    ('<http://x/1> a dcat:Dataset ; dct:title "Snow"@en, "Neige"@fr .', "402decad67e30fcd6b1911a33de9b350"),
])
def test_the_hash_is_the_one_that_sites_have_stored(text: str, known: str) -> None:
    assert of_triples(shuffled(text, 1), "http://x/1", "en") == known


def test_what_else_decides_about_the_reading_is_in_the_hash() -> None:
    graph = shuffled(NESTED, 1)
    assert of_triples(graph, "", "en") != of_triples(graph, "", "fr")


def identifiers(page: Statements) -> list[str]:
    """As a reading makes them."""
    return sorted(entry.guid for _, entry in entries(page, "http://x/"))


def test_datasets_that_share_a_title_are_told_apart_the_same_way_each_time() -> None:
    text = """
    [] a dcat:Dataset ; dct:title "Snow" ; dcat:distribution [ dcat:downloadURL <http://x/a.csv> ] .
    [] a dcat:Dataset ; dct:title "Snow" ; dcat:distribution [ dcat:downloadURL <http://x/b.csv> ] .
    [] a dcat:Dataset ; dct:title "Snow" ; dct:description "No file" .
    [] a dcat:Dataset ; dct:title "Snow" ; dct:description "No file either" .
    [] a dcat:Dataset ; dct:title "Rain" .
    [] a dcat:Dataset ; dct:title "Snow" ; dct:identifier "s-1" .
    """
    found = {tuple(identifiers(shuffled(text, seed))) for seed in range(10)}
    assert len(found) == 1
    names = found.pop()
    assert len(set(names)) == 6
    assert {"rain", "s-1"} < set(names)
