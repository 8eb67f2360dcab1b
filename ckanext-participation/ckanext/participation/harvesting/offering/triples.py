"""One dataset's statements as a piece of a Turtle and of a JSON-LD file: the same bytes for the same statements. Pure.

Blank nodes are written inside of what names them, so that pieces can be put one after the other without their labels meeting; those
that say the same are written once. What many datasets describe alike and at length (licences, policies) is handed out beside the piece,
keyed by its content, for the file to hold once.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring as _json
from typing import Final
from urllib.parse import quote, urljoin

from ckanext.participation.harvesting.offering.statements import RDF_TYPE, XSD_STRING, Blank, Literal, Statements, Term

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


def head() -> tuple[str, str]:
    """Return what stands before the pieces: Turtle's prefixes, and the value of JSON-LD's `@context`."""
    return "".join(f"@prefix {name}: <{address}> .\n" for name, address in PREFIXES.items()), json.dumps(PREFIXES)


def piece(statements: Statements, dataset: str, catalogue: str, ready: dict[Blank, Ready] | None = None) -> Piece:
    """Return the piece of a dataset; raises ValueError for blank nodes that go round in a circle.

    :param ready: blank nodes of these statements that were written before
    """
    writer = _Writer(statements, catalogue, ready)
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


class _Writer:
    def __init__(self, statements: Statements, base: str, ready: dict[Blank, Ready] | None = None, *, share: bool = True) -> None:
        self.base = base.rstrip("/") + "/"
        self.share = share
        self.rows = statements.rows
        self.uses = statements.uses
        self.ready = ready or {}
        self.labels: dict[Blank, str] = {}
        self.shared: list[Shared] = []
        self.written: set[str] = set()
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
        lines: list[str] = []
        members: list[str] = []
        rows, base = self.rows.get(subject, {}), self.base
        kinds = rows.get(RDF_TYPE)
        if kinds:
            # The class first, as people write it.
            names = sorted([_name(str(kind), base) for kind in kinds])
            lines.append("a " + ", ".join([name for name, _ in names]))
            members.append(f'"@type":{_several([full for _, full in names])}')
        for predicate in sorted(rows):
            if predicate == RDF_TYPE:
                continue
            values = rows[predicate]
            name, full = _name(predicate, base)
            if len(values) == 1:
                turtle, shown = self._value(next(iter(values)), depth)
                lines.append(f"{name} {turtle}")
                members.append(f"{full}:{shown}")
                continue
            texts: dict[str, str] = {}
            for value in sorted(values, key=self._order):
                # Equal texts are equal values: what two blank nodes say alike is said once, and the first holds what is inside.
                texts.setdefault(*self._value(value, depth))
            ordered = sorted(texts)
            lines.append(f"{name} " + ", ".join(ordered))
            members.append(f"{full}:{_several([texts[text] for text in ordered])}")
        return " ;\n  ".join(lines), ",".join(members)

    def _value(self, value: Term, depth: int) -> tuple[str, str]:
        if isinstance(value, Literal):
            return self._literal(value)
        if isinstance(value, Blank):
            return self._blank(value, depth)
        address = self.iri(value)
        name, about = f"<{address}>", f'"@id":{_json(address)}'
        if value in self.rows and value not in self.written:
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
        text = value.text if value.text.isascii() and value.text.isprintable() else _NOT_XML.sub("", value.text)
        turtle, shown = f'"{_escaped(text)}"', _json(text)
        if value.language:
            return f"{turtle}@{value.language}", f'{{"@value":{shown},"@language":"{value.language}"}}'
        if value.datatype and value.datatype != XSD_STRING:
            short, full = _name(value.datatype, self.base)
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
def _name(address: str, base: str) -> tuple[str, str]:
    """Return a predicate's, class' or datatype's name in Turtle and in JSON-LD: short where a prefix fits."""
    for prefix, namespace in PREFIXES.items():
        if address.startswith(namespace) and _LOCAL.fullmatch(address[len(namespace):]):
            short = f"{prefix}:{address[len(namespace):]}"
            return short, f'"{short}"'
    whole = _iri(address, base)
    return f"<{whole}>", _json(whole)


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
