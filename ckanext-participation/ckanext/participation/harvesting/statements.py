"""What RDF says, statement by statement, its terms as N-Triples writes them: read some thirty times faster than into a graph of rdflib's.

Graphs are for ckanext-dcat's profiles, which read the few records that differ. Knows no CKAN.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import RDF, BNode, ConjunctiveGraph, Graph, Literal, URIRef
from rdflib.term import Node

from ckanext.participation.harvesting.feeds import N_QUADS, N_TRIPLES, TRIG, TURTLE, XML

Statement = tuple[str, str, str]
# Under which names a record's content holds its statements; those that were stored earlier are in Turtle.
NTRIPLES: Final = "ntriples"
IN_TURTLE: Final = "turtle"

# What rdflib reads otherwise (it resolves JSON-LD's terms more generously) is left to rdflib. Graphs within a page are one to us, and
# TriG is Turtle with them, N-Quads is N-Triples with them.
_FORMATS: Final = {TURTLE: RdfFormat.TRIG, TRIG: RdfFormat.TRIG, N_TRIPLES: RdfFormat.N_QUADS, N_QUADS: RdfFormat.N_QUADS,
                   XML: RdfFormat.RDF_XML}
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_CONTROLS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20<>\"]")
_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"
_A: Final = f"<{RDF.type}>"

_address = lru_cache(maxsize=4096)(URIRef)


class Statements:
    """Statements by their subjects, each once, in the order in which they were added."""

    def __init__(self) -> None:
        self._about: dict[str, dict[tuple[str, str], None]] = {}
        self._typed: dict[str, dict[str, None]] = {}
        self._named: Counter[str] | None = None

    def add(self, subject: str, predicate: str, target: str) -> None:
        """Add a statement, its three terms as N-Triples writes them."""
        self._about.setdefault(subject, {})[predicate, target] = None
        if predicate == _A:
            self._typed.setdefault(target, {})[subject] = None

    def __iter__(self) -> Iterator[Statement]:
        return ((subject, predicate, target) for subject, about in self._about.items() for predicate, target in about)

    @property
    def by_subject(self) -> Mapping[str, Collection[tuple[str, str]]]:
        """What is said of each subject: predicates and targets."""
        return self._about

    def about(self, subject: str) -> Collection[tuple[str, str]]:
        """What is said of a subject: predicates and targets."""
        return self._about.get(subject, ())

    def targets(self, subject: str, predicate: str) -> list[str]:
        """The targets of a subject's statements with this predicate."""
        return [target for said, target in self.about(subject) if said == predicate]

    def of_type(self, kind: str) -> Collection[str]:
        """The subjects of this type."""
        return self._typed.get(kind, ())

    def named(self) -> Counter[str]:
        """How many subjects name each term; counted once, when all statements are there."""
        if self._named is None:
            self._named = Counter(target for about in self._about.values() for target in {target for _, target in about})
        return self._named


def read(text: str, kind: str) -> Statements:
    """Read RDF; `kind` is one of rdflib's names for its formats. Raises what rdflib's parsers raise, of any class, when it is broken."""
    if kind in _FORMATS:
        try:
            return _read(text, _FORMATS[kind])
        except SyntaxError:
            # rdflib takes some of what is not quite RDF, and says better what is wrong with the rest.
            pass
    graph = ConjunctiveGraph()
    graph.parse(data=text, format=kind)
    found = Statements()
    for subject, predicate, target in graph.triples((None, None, None)):
        found.add(term(subject), term(predicate), term(target))
    return found


def _read(text: str, kind: RdfFormat) -> Statements:
    found = Statements()
    # Many statements share few terms: each is put into words once.
    words = lru_cache(maxsize=65_536)(str)
    for said in pyoxigraph.parse(text, format=kind, lenient=True):
        found.add(words(said.subject), words(said.predicate), words(said.object))
    return found


def ntriples(statements: Iterable[Statement]) -> str:
    """The statements, a line each."""
    return "".join(f"{subject} {predicate} {target} .\n" for subject, predicate, target in statements)


def is_rdf(content: Any) -> bool:
    """Whether the content of a record is of an RDF catalogue."""
    return isinstance(content, Mapping) and (NTRIPLES in content or IN_TURTLE in content)


def fill(graph: Graph, text: str) -> None:
    """Add to a graph of rdflib's what a text of `ntriples` says. Raises SyntaxError when it is none."""
    # `Graph.add` asks of each term whether it is one.
    add = graph.store.add
    for said in pyoxigraph.parse(text, format=RdfFormat.N_TRIPLES, lenient=True):
        add((_node(said.subject), _address(said.predicate.value), _node(said.object)), graph)


def is_address(word: str) -> bool:
    """Whether the term is an IRI."""
    return word.startswith("<")


def is_blank(word: str) -> bool:
    """Whether the term is a blank node."""
    return word.startswith("_:")


def value(word: str) -> str:
    """The text of a term: of a literal without its language and type, of a blank node its label."""
    if word.startswith("<"):
        return word[1:-1]
    if word.startswith("_:"):
        return word[2:]
    return _ESCAPED.sub(_meant, word[1 : word.rindex('"')])


def _meant(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _CONTROLS.get(found[3], found[3])


def term(node: Node) -> str:
    """A term of rdflib's as N-Triples writes it."""
    if isinstance(node, Literal):
        text = str(node).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        if node.language:
            return f'"{text}"@{node.language}'
        return f'"{text}"' if node.datatype is None or str(node.datatype) == _STRING else f'"{text}"^^{term(node.datatype)}'
    if isinstance(node, BNode):
        return f"_:{node}"
    return f"<{_NOT_IN_ADDRESSES.sub(lambda found: f'%{ord(found[0]):02X}', str(node))}>"


def _node(said: pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple) -> Node:
    if isinstance(said, pyoxigraph.NamedNode):
        return _address(said.value)
    if isinstance(said, pyoxigraph.BlankNode):
        return BNode(said.value)
    if isinstance(said, pyoxigraph.Triple):
        # RDF's next edition has statements about statements; no profile reads them.
        return BNode()
    if said.language:
        return Literal(said.value, lang=said.language)
    kind = said.datatype.value
    return Literal(said.value, datatype=None if kind == _STRING else _address(kind))
