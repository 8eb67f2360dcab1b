"""One dataset's graph as a piece of a Turtle and of a JSON-LD file: the same bytes for the same triples. Pure; knows rdflib only.

Blank nodes are written inside of what names them, so that pieces can be put one after the other without their labels meeting; those
that say the same are written once. What many datasets describe alike and at length (licences, policies) is handed out beside the piece,
keyed by its content, for the file to hold once.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

PREFIXES = {
    "adms": "http://www.w3.org/ns/adms#",
    "cc": "http://creativecommons.org/ns#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "gsp": "http://www.opengis.net/ont/geosparql#",
    "locn": "http://www.w3.org/ns/locn#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# A description longer than this is written once per file; a shorter one where it is needed.
SHARED_BYTES = 400
MAX_DEPTH = 20

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
# What XML 1.0 has no way to write: harvesters turn Turtle into RDF/XML.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True)
class Shared:
    """A description that several datasets need: `key` is the same for the same content."""

    key: str
    turtle: str
    json_ld: str


@dataclass
class Piece:
    """One dataset's part of the files, and the keys and contents of what it shares with others."""

    turtle: str
    json_ld: str
    shared: list[Shared] = field(default_factory=list)


def head() -> tuple[str, str]:
    """Return what stands before the pieces: Turtle's prefixes, and the value of JSON-LD's `@context`."""
    return "".join(f"@prefix {name}: <{address}> .\n" for name, address in PREFIXES.items()), json.dumps(PREFIXES)


def piece(graph: Graph, dataset: URIRef, catalogue: URIRef) -> Piece:
    """Return the piece of a dataset; raises ValueError for a graph whose blank nodes go round in a circle."""
    writer = _Writer(graph, str(catalogue))
    turtle, json_ld = writer.tree(dataset)
    turtle += f"<{writer.iri(catalogue)}> dcat:dataset <{writer.iri(dataset)}> .\n"
    return Piece(turtle, json_ld, writer.shared)


def described(graph: Graph, subject: URIRef) -> tuple[str, str]:
    """Return one subject's description in Turtle and in JSON-LD, everything inside: for the catalogue itself."""
    writer = _Writer(graph, str(subject), share=False)
    return writer.tree(subject)


class _Writer:
    def __init__(self, graph: Graph, base: str, *, share: bool = True) -> None:
        self.base = base
        self.share = share
        self.rows: dict[Node, dict[Node, list[Node]]] = {}
        uses: dict[Node, int] = {}
        for subject, predicate, value in graph:
            self.rows.setdefault(subject, {}).setdefault(predicate, []).append(value)
            uses[value] = uses.get(value, 0) + 1
        self.repeated = {node for node, count in uses.items() if isinstance(node, BNode) and count > 1}
        self.labels: dict[Node, str] = {}
        self.shared: list[Shared] = []
        self.written: set[Node] = set()
        self.blocks: list[str] = []

    def tree(self, root: Node) -> tuple[str, str]:
        """Return the root and whatever it leads to."""
        self.written.add(root)
        turtle, node = self._node(root, 0)
        self.blocks.insert(0, f"<{self.iri(root)}> {turtle} .\n")
        return "".join(self.blocks), _json({"@id": self.iri(root), **node})

    def _node(self, subject: Node, depth: int) -> tuple[str, dict[str, Any]]:
        """Return what is said of a subject: predicates and values, the same order every time."""
        if depth > MAX_DEPTH:
            raise ValueError("blank nodes of the graph go round in a circle")
        lines: list[str] = []
        node: dict[str, Any] = {}
        rows = self.rows.get(subject, {})
        # The class first, as people write it.
        for predicate in sorted(rows, key=lambda name: (name != RDF.type, str(name))):
            name, full = self._name(predicate)
            if predicate == RDF.type:
                kinds = sorted(self._name(value) for value in rows[predicate])
                lines.append("a " + ", ".join(kind for kind, _ in kinds))
                node["@type"] = [kind for _, kind in kinds] if len(kinds) > 1 else kinds[0][1]
                continue
            values: dict[str, str] = {}
            for value in sorted(rows[predicate], key=self._order):
                # Equal texts are equal values: what two blank nodes say alike is said once, and the first holds what is inside.
                values.setdefault(*self._value(value, depth))
            lines.append(f"{name} " + ", ".join(sorted(values)))
            several = [json.loads(values[value]) for value in sorted(values)]
            node[full] = several if len(several) > 1 else several[0]
        return " ;\n  ".join(lines), node

    def _value(self, value: Node, depth: int) -> tuple[str, str]:
        if isinstance(value, Literal):
            return _literal(value, self._name)
        if isinstance(value, BNode):
            if value in self.repeated:
                label = self._label(value, depth)
                return label, _json({"@id": label})
            turtle, node = self._node(value, depth + 1)
            if self.share and len(turtle) > SHARED_BYTES:
                return self._apart(turtle, node)
            return (f"[ {turtle} ]" if turtle else "[]"), _json(node)
        about: dict[str, Any] = {"@id": self.iri(value)}
        if value in self.rows and value not in self.written:
            self.written.add(value)
            turtle, node = self._node(value, depth + 1)
            text = f"<{self.iri(value)}> {turtle} .\n"
            full = _json({**about, **node})
            if self.share and len(turtle) > SHARED_BYTES and "dcat:Distribution" not in _kinds(node):
                self.shared.append(Shared(_key(text), text, full))
            else:
                self.blocks.append(text)
                return f"<{self.iri(value)}>", full
        return f"<{self.iri(value)}>", _json(about)

    def _order(self, value: Node, depth: int = 0) -> tuple[bool, str]:
        """Return what to sort by: a blank node's own label is new each time, so its content counts."""
        if not isinstance(value, BNode):
            return False, _plain(value)
        if depth > MAX_DEPTH:
            raise ValueError("blank nodes of the graph go round in a circle")
        return True, repr(sorted((str(predicate), sorted(self._order(one, depth + 1) for one in values))
                                 for predicate, values in self.rows.get(value, {}).items()))

    def _label(self, value: Node, depth: int) -> str:
        """Return the label of a blank node that is named more than once: made of its content, so equal ones are one."""
        if value not in self.labels:
            turtle, node = self._node(value, depth + 1)
            self.labels[value], _ = self._apart(turtle, node)
        return self.labels[value]

    def _apart(self, turtle: str, node: dict[str, Any]) -> tuple[str, str]:
        label = f"_:b{_key(turtle)}"
        text, full = f"{label} {turtle} .\n", _json({"@id": label, **node})
        if self.share:
            self.shared.append(Shared(_key(text), text, full))
        else:
            self.blocks.append(text)
        return label, _json({"@id": label})

    def _name(self, node: Node) -> tuple[str, str]:
        """Return a predicate's, class' or datatype's name in Turtle and in JSON-LD: short where a prefix fits."""
        address = str(node)
        for prefix, namespace in PREFIXES.items():
            if address.startswith(namespace) and _LOCAL.fullmatch(address[len(namespace):]):
                short = f"{prefix}:{address[len(namespace):]}"
                return short, short
        return f"<{self.iri(node)}>", self.iri(node)

    def iri(self, node: Node) -> str:
        """Return an address without what Turtle refuses in one; what is no whole address counts from the catalogue's."""
        address = _NOT_IN_IRI.sub(lambda found: quote(found[0]), _NOT_XML.sub("", str(node).strip()))
        return address if _ABSOLUTE.match(address) else urljoin(self.base.rstrip("/") + "/", address)


def _plain(value: Node) -> str:
    return value.n3() if isinstance(value, Literal) else str(value)


def _kinds(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def _literal(value: Literal, name: Any) -> tuple[str, str]:
    text = _NOT_XML.sub("", str(value))
    turtle = f'"{text.translate(_ESCAPES)}"'
    if value.language:
        return f"{turtle}@{value.language}", _json({"@value": text, "@language": value.language})
    if value.datatype and value.datatype != XSD.string:
        short, full = name(value.datatype)
        return f"{turtle}^^{short}", _json({"@value": text, "@type": full})
    return turtle, _json(text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
