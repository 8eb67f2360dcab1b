"""Identifiers for RDF datasets that have none: blank nodes without identifier or page, known by their title alone. Knows rdflib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from rdflib import BNode, Graph
from rdflib.term import Node

from ckanext.participation.harvesting import values
from ckanext.participation.harvesting.from_rdf import DCAT, DCT


class Known(Protocol):
    """What is told apart."""

    guid: str
    content_hash: str


def tell_apart(graph: Graph, entries: Sequence[tuple[Node, Known]]) -> None:
    """Give datasets of one page that share nothing but a title identifiers of their own, the same ones in every run.

    By their files' addresses, else by their number among those that differ in nothing that lasts; the same thing said twice
    keeps one identifier. `entries` come in the order of their content.
    """
    alike = Counter(entry.guid for ref, entry in entries if _nameless(graph, ref))
    said: set[tuple[str, str]] = set()
    numbers: Counter[str] = Counter()
    for ref, entry in entries:
        if not entry.guid or alike[entry.guid] < 2 or not _nameless(graph, ref) or (entry.guid, entry.content_hash) in said:
            continue
        said.add((entry.guid, entry.content_hash))
        own = f"{entry.guid}~{_files(graph, ref)}"
        numbers[own] += 1
        entry.guid = own if numbers[own] == 1 else f"{own}~{numbers[own]}"


def _nameless(graph: Graph, ref: Node) -> bool:
    return isinstance(ref, BNode) and not any(
        not isinstance(value, BNode) for predicate in (DCT.identifier, DCAT.landingPage) for value in graph.objects(ref, predicate)
    )


def _files(graph: Graph, ref: Node) -> str:
    addresses = sorted(
        str(address)
        for file in graph.objects(ref, DCAT.distribution)
        for predicate in (DCAT.downloadURL, DCAT.accessURL)
        for address in graph.objects(file, predicate)
    )
    return values.slug(addresses[0]) if addresses else ""
