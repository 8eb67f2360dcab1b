"""Statements of RDF as the feeds' writer takes them: much lighter than rdflib's graphs, and with nothing that a feed does not need."""

from __future__ import annotations

import itertools
from typing import Final, NamedTuple, TypeAlias

from rdflib import BNode, Graph
from rdflib import Literal as TheirLiteral
from rdflib.term import Node

RDF_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
XSD_STRING: Final = "http://www.w3.org/2001/XMLSchema#string"

_numbers = itertools.count(1)


class Blank(int):
    """A node without an address; equal to itself only."""

    @classmethod
    def new(cls) -> Blank:
        """Return one that no other statement names yet."""
        return cls(next(_numbers))


class Literal(NamedTuple):
    """A text, with its language or its datatype's address; as rdflib would write it."""

    text: str
    language: str = ""
    datatype: str = ""


# A plain text is an address.
Term: TypeAlias = str | Literal | Blank
# The keys are a set that keeps its order.
Values: TypeAlias = dict[Term, None]


class Statements:
    """What is said of each subject, each thing once."""

    __slots__ = ("rows", "uses")

    def __init__(self) -> None:
        self.rows: dict[Term, dict[str, Values]] = {}
        # How often a blank node is named.
        self.uses: dict[Blank, int] = {}

    def add(self, subject: Term, predicate: str, value: Term) -> None:
        """Say something of a subject."""
        values = self.about(subject).setdefault(predicate, {})
        if value not in values:
            values[value] = None
            if type(value) is Blank:
                self.uses[value] = self.uses.get(value, 0) + 1

    def about(self, subject: Term) -> dict[str, Values]:
        """Return what is said of a subject, for `say`; something must be said then."""
        rows = self.rows.get(subject)
        if rows is None:
            rows = self.rows[subject] = {}
        return rows

    def of(self, subject: Term, predicate: str) -> Values:
        """Return the values of a subject's predicate."""
        return self.rows.get(subject, {}).get(predicate, {})


def say(rows: dict[str, Values], predicate: str, value: str | Literal) -> None:
    """Say something of a subject (`Statements.about`) that is no blank node."""
    values = rows.get(predicate)
    if values is None:
        rows[predicate] = {value: None}
    else:
        values[value] = None


def from_graph(graph: Graph) -> Statements:
    """Return the statements of a graph of rdflib's."""
    found = Statements()
    blanks: dict[Node, Blank] = {}

    def term(node: Node) -> Term:
        if isinstance(node, BNode):
            return blanks[node] if node in blanks else blanks.setdefault(node, Blank.new())
        return literal(node) if isinstance(node, TheirLiteral) else str(node)

    for subject, predicate, value in graph:
        # rdflib takes statements about texts, which no format can write.
        if not isinstance(subject, TheirLiteral):
            found.add(term(subject), str(predicate), term(value))
    return found


def literal(node: TheirLiteral) -> Literal:
    """Return a literal of rdflib's."""
    return Literal(str(node), node.language or "", str(node.datatype or ""))
