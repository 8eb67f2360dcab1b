"""One dataset's statements as a piece of a Turtle and of a JSON-LD file: the same bytes for the same statements. Pure.

Blank nodes are written inside of what names them, so that pieces can be put one after the other without their labels meeting; those
that say the same are written once. What many datasets describe alike and at length (licences, policies) is handed out beside the piece,
keyed by its content, for the file to hold once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring as _json
from typing import Final
from urllib.parse import quote, urljoin

from ckanext.participation.harvesting.offering.statements import RDF_TYPE, XSD_STRING, Blank, Literal, Statements, Term, Values

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
_DISTRIBUTION: Final = f"{PREFIXES['dcat']}Distribution"

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')
# An address that is written as it is.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-\[\]_a-z~]*")
# What XML 1.0 has no way to write: harvesters turn Turtle into RDF/XML.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = re.compile('["\\\\\n\r\t]')


@dataclass(frozen=True, slots=True)
class Shared:
    """A description that several datasets need: `key` is the same for the same content."""

    key: str
    turtle: str
    json_ld: str


@dataclass(slots=True)
class Piece:
    """One dataset's part of the files, and the keys and contents of what it shares with others."""

    turtle: str
    json_ld: str
    shared: list[Shared] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ready:
    """A blank node that was written before: what is said of it in Turtle and in JSON-LD, what it shares, and itself under a label."""

    turtle: str
    members: str
    shared: tuple[Shared, ...]
    label: str
    apart: Shared


@dataclass(frozen=True, slots=True)
class Tree:
    """An address that was written before with all that it leads to (`rows`): how it is named, what stands apart, what it shares."""

    turtle: str
    json_ld: str
    blocks: tuple[str, ...]
    shared: tuple[Shared, ...]
    rows: Mapping[Term, Mapping[str, Values]]

    def holds(self, rows: Mapping[Term, Mapping[str, Values]], written: set[Term]) -> bool:
        """Say whether it would be written the same among these statements, after what is written already."""
        return self.rows.keys().isdisjoint(written) and all(rows.get(subject) is said for subject, said in self.rows.items())


def head() -> tuple[str, str]:
    """Return what stands before the pieces: Turtle's prefixes, and the value of JSON-LD's `@context`."""
    return "".join(f"@prefix {name}: <{address}> .\n" for name, address in PREFIXES.items()), json.dumps(PREFIXES)


def piece(statements: Statements, dataset: str, catalogue: str, ready: Mapping[Blank, Ready] | None = None,
          trees: Mapping[Term, Tree] | None = None) -> Piece:
    """Return the piece of a dataset; raises ValueError for blank nodes that go round in a circle.

    :param ready: blank nodes of these statements that were written before
    :param trees: addresses of these statements that were written before, with all that they lead to
    """
    writer = _Writer(statements, catalogue, ready, trees)
    turtle, json_ld = writer.tree(dataset)
    turtle += f"<{writer.iri(catalogue)}> dcat:dataset <{writer.iri(dataset)}> .\n"
    return Piece(turtle, json_ld, writer.shared)


def described(statements: Statements, subject: str) -> tuple[str, str]:
    """Return one subject's description in Turtle and in JSON-LD, everything inside: for the catalogue itself."""
    return _Writer(statements, subject, share=False).tree(subject)


def written(statements: Statements, node: Blank, catalogue: str) -> Ready:
    """Write a blank node once for all datasets that name it."""
    writer = _Writer(statements, catalogue)
    turtle, members = writer.node(node, 1)
    inside = tuple(writer.shared)
    return Ready(turtle, members, inside, *_labelled(turtle, members))


def tree(statements: Statements, root: Term, catalogue: str, ready: Mapping[Blank, Ready]) -> Tree:
    """Write an address and all that it leads to once for all datasets that name it."""
    writer = _Writer(statements, catalogue, ready)
    turtle, json_ld = writer._node(root, 0)
    return Tree(turtle, json_ld, tuple(writer.blocks), tuple(writer.shared), {one: statements.rows[one] for one in writer.written})


class _Writer:
    def __init__(self, statements: Statements, base: str, ready: Mapping[Blank, Ready] | None = None,
                 trees: Mapping[Term, Tree] | None = None, *, share: bool = True) -> None:
        self.base = base.rstrip("/") + "/"
        self.share = share
        self.rows = statements.rows
        self.uses = statements.uses
        self.ready = ready or {}
        self.trees = trees or {}
        self.labels: dict[Blank, str] = {}
        self.shared: list[Shared] = []
        self.written: set[Term] = set()
        self.blocks: list[str] = []

    def tree(self, root: str) -> tuple[str, str]:
        """Return the root and whatever it leads to."""
        self.written.add(root)
        turtle, members = self.node(root, 0)
        address = self.iri(root)
        self.blocks.insert(0, f"<{address}> {turtle} .\n")
        return "".join(self.blocks), _object(f'"@id":{_json(address)}', members)

    def node(self, subject: Term, depth: int) -> tuple[str, str]:
        """Return what is said of a subject, predicates and values in the same order every time: in Turtle, and as members of JSON."""
        if depth > MAX_DEPTH:
            raise ValueError("blank nodes of the graph go round in a circle")
        rows, base = self.rows.get(subject), self.base
        if not rows:
            return "", ""
        lines: list[str] = []
        members: list[str] = []
        kinds = rows.get(RDF_TYPE)
        if kinds:
            # The class first, as people write it.
            turtle, shown = _kinds(tuple(kinds), base)
            if len(rows) == 1:
                return turtle, shown
            lines.append(turtle)
            members.append(shown)
        for predicate, name, full in _in_order(tuple(rows), base):
            values = rows[predicate]
            if len(values) == 1:
                value, = values
                turtle, shown = self._literal(value) if type(value) is Literal else self._node(value, depth)
            else:
                turtle, shown = self._values(values, depth)
            lines.append(name + turtle)
            members.append(full + shown)
        return " ;\n  ".join(lines), ",".join(members)

    def _values(self, values: Values, depth: int) -> tuple[str, str]:
        """Return several values. Equal texts are equal values: what two blank nodes say alike is said once, by the first."""
        texts = dict([self._literal(value) for value in values if type(value) is Literal])
        nodes = [value for value in values if type(value) is not Literal]
        if nodes:
            for value in sorted(nodes, key=self._order):
                texts.setdefault(*self._node(value, depth))
        ordered = sorted(texts)
        return ", ".join(ordered), _several([texts[text] for text in ordered])

    def _node(self, value: Term, depth: int) -> tuple[str, str]:
        if isinstance(value, Blank):
            return self._blank(value, depth)
        address = self.iri(str(value))
        name, about = f"<{address}>", f'"@id":{_quoted(address)}'
        if value not in self.rows or value in self.written:
            return name, f"{{{about}}}"
        tree = self.trees.get(value)
        if tree and tree.holds(self.rows, self.written):
            self.written |= tree.rows.keys()
            self.blocks += tree.blocks
            self.shared += tree.shared
            return tree.turtle, tree.json_ld
        self.written.add(value)
        turtle, members = self.node(value, depth + 1)
        text, full = f"{name} {turtle} .\n", _object(about, members)
        if not self.share or len(turtle) <= SHARED_BYTES or _DISTRIBUTION in self.rows[value].get(RDF_TYPE, ()):
            self.blocks.append(text)
            return name, full
        self.shared.append(Shared(_key(text), text, full))
        return name, f"{{{about}}}"

    def _blank(self, value: Blank, depth: int) -> tuple[str, str]:
        label = self.labels.get(value)
        if label is None:
            known = self.ready.get(value)
            if known is None:
                turtle, members = self.node(value, depth + 1)
            else:
                turtle, members = known.turtle, known.members
                self.shared += known.shared
            if self.uses[value] == 1 and not (self.share and len(turtle) > SHARED_BYTES):
                return (f"[ {turtle} ]" if turtle else "[]"), f"{{{members}}}"
            label, apart = (known.label, known.apart) if known else _labelled(turtle, members)
            self.labels[value] = label
            if self.share:
                self.shared.append(apart)
            else:
                self.blocks.append(apart.turtle)
        return label, f'{{"@id":"{label}"}}'

    def _order(self, value: Term, depth: int = 0) -> tuple[bool, str]:
        """Return what to sort by: a blank node's own label is new each time, so its content counts."""
        if isinstance(value, Literal):
            return False, f'"{value.text}"{value.language} {value.datatype}'
        if not isinstance(value, Blank):
            return False, value
        if depth > MAX_DEPTH:
            raise ValueError("blank nodes of the graph go round in a circle")
        if value in self.ready:
            return True, self.ready[value].turtle
        return True, repr(sorted((predicate, sorted(self._order(one, depth + 1) for one in values))
                                 for predicate, values in self.rows.get(value, {}).items()))

    def _literal(self, value: Literal) -> tuple[str, str]:
        text, language, datatype = value
        if text.isprintable() and '"' not in text and "\\" not in text:
            # Both ways to write it are the same.
            turtle = shown = f'"{text}"'
        else:
            text = _NOT_XML.sub("", text)
            turtle, shown = f'"{_escaped(text)}"', _json(text)
        if language:
            return f"{turtle}@{language}", f'{{"@value":{shown},"@language":"{language}"}}'
        if datatype and datatype != XSD_STRING:
            short, full = _name(datatype, self.base)
            return f"{turtle}^^{short}", f'{{"@value":{shown},"@type":{full}}}'
        return turtle, shown

    def iri(self, address: str) -> str:
        return address if _PLAIN.fullmatch(address) else _iri(address, self.base)


def _labelled(turtle: str, members: str) -> tuple[str, Shared]:
    """Write a blank node by itself under a label that is made of its content, so equal ones are one."""
    label = f"_:b{_key(turtle)}"
    text = f"{label} {turtle} .\n"
    return label, Shared(_key(text), text, _object(f'"@id":"{label}"', members))


def _iri(address: str, base: str) -> str:
    """Return an address without what Turtle refuses in one; what is no whole address counts from the catalogue's."""
    clean = _NOT_IN_IRI.sub(lambda found: quote(found[0]), _NOT_XML.sub("", address.strip()))
    return clean if _ABSOLUTE.match(clean) else urljoin(base, clean)


@lru_cache(maxsize=4096)
def _kinds(kinds: tuple[Term, ...], base: str) -> tuple[str, str]:
    """Return what says of which classes something is."""
    names = sorted(_name(str(kind), base) for kind in kinds)
    return "a " + ", ".join(name for name, _ in names), f'"@type":{_several([full for _, full in names])}'


@lru_cache(maxsize=4096)
def _in_order(predicates: tuple[str, ...], base: str) -> tuple[tuple[str, str, str], ...]:
    """Return the predicates in the order in which they are written, with what stands before their values; without the classes."""
    named = ((predicate, *_name(predicate, base)) for predicate in sorted(predicates) if predicate != RDF_TYPE)
    return tuple((predicate, f"{name} ", f"{full}:") for predicate, name, full in named)


@lru_cache(maxsize=4096)
def _name(address: str, base: str) -> tuple[str, str]:
    """Return a predicate's, class' or datatype's name in Turtle and in JSON-LD: short where a prefix fits."""
    for prefix, namespace in PREFIXES.items():
        if address.startswith(namespace) and _LOCAL.fullmatch(address[len(namespace):]):
            short = f"{prefix}:{address[len(namespace):]}"
            return short, f'"{short}"'
    whole = _iri(address, base)
    return f"<{whole}>", _json(whole)


def _quoted(address: str) -> str:
    return _json(address) if '"' in address or "\\" in address else f'"{address}"'


def _escaped(text: str) -> str:
    if not _ESCAPED.search(text):
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _object(first: str, members: str) -> str:
    return f"{{{first},{members}}}" if members else f"{{{first}}}"


def _several(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"[{','.join(values)}]"


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
