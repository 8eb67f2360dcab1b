"""What a catalogue says of a licence, in one shape: identifiers, titles, addresses and free text, however they came.

Takes lists, JSON objects and RDF nodes (also JSON-LD) of any depth. Reads a bounded number of values, and no node twice, so that a
node that leads back to itself ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from ckanext.participation.licences.folding import LONGEST_PROSE, clean, looks_like_url

MOST_VALUES: Final = 40
MOST_NODES: Final = 100
DEEPEST: Final = 6

# Last parts of the names of fields that a node's own address, its labels and its texts stand under.
_ADDRESSES: Final = frozenset({"@id", "id", "uri", "url", "legalcode", "source", "seealso", "sameas", "exactmatch", "page", "homepage",
                               "license", "licence", "haspolicy", "license_url", "licence_url"})  # fmt: skip
_LABELS: Final = frozenset({"title", "label", "preflabel", "altlabel", "name", "identifier", "notation", "@value", "value",
                            "license_title", "licence_title"})  # fmt: skip
_TEXTS: Final = frozenset({"rights", "description", "rightsstatement", "comment", "definition"})


@dataclass(slots=True)
class Statement:
    """The values of one statement, cleaned, without empty and repeated ones.

    `loop`: a node led back to itself; `too_long`: an address or a text was longer than anything that is read.
    """

    ids: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    loop: bool = False
    too_long: bool = False

    def __bool__(self) -> bool:
        return bool(self.ids or self.titles or self.urls or self.nodes or self.texts)


def statement(licence_id: object = None, title: object = None, url: object = None, node: object = None, text: object = None) -> Statement:
    """Bring what was given into one shape."""
    found = Statement()
    for values, given in ((found.ids, licence_id), (found.titles, title), (found.urls, url)):
        for value in _flat(given):
            said = clean(value)
            # A name that went through an address keeps its escapes: "CC%200".
            _add(values, clean(unquote(said)) if "%20" in said and "/" not in said else said, found)
    for value in _flat(text):
        _add(found.texts, str(value)[:LONGEST_PROSE] if value is not None else "", found)
    for value in _flat(node):
        if isinstance(value, Mapping):
            _walk(value, found)
        else:
            _add_node(clean(value), found)
    return found


def of_graph(graph: Any, node: Any) -> dict[str, Any]:
    """Give a node of an rdflib graph as the mapping that `statement` takes, three steps deep and without repeating a node."""
    seen: set[Any] = set()

    def described(term: Any, depth: int) -> Any:
        if term in seen:
            return {"@id": str(term), "loop": True}
        seen.add(term)
        told: dict[str, Any] = {"@id": str(term)}
        if depth:
            for name, target in islice(graph.predicate_objects(term), MOST_NODES):
                literal = hasattr(target, "language") and hasattr(target, "datatype")
                told.setdefault(str(name), []).append(str(target) if literal else described(target, depth - 1))
        return told

    return described(node, 3)


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple, set, frozenset)):
        yield from (item for item in islice(value, MOST_VALUES) if not isinstance(item, (list, tuple, set)))
    elif value is not None:
        yield value


def _add(values: list[str], text: str, found: Statement) -> None:
    if not text.strip() or text in values:
        return
    if len(values) >= MOST_VALUES or len(text) > LONGEST_PROSE:
        found.too_long = True
        text = text[:LONGEST_PROSE]
    if len(values) < MOST_VALUES:
        values.append(text)


def _add_node(text: str, found: Statement) -> None:
    if not text or text.startswith("_:"):
        return
    _add(found.nodes if looks_like_url(text) else found.titles, text, found)


def _walk(root: Mapping[Any, Any], found: Statement) -> None:
    """Read a node and what hangs on it, nearest first."""
    seen: set[int] = set()
    waiting: list[tuple[Any, str, int]] = [(root, "@id", 0)]
    read = 0
    while waiting and read < MOST_NODES:
        value, name, depth = waiting.pop(0)
        read += 1
        if isinstance(value, Mapping):
            if id(value) in seen or value.get("loop") is True:
                found.loop = True
                continue
            seen.add(id(value))
            if depth < DEEPEST:
                waiting += [(child, _name(key, name), depth + 1) for key, child in list(value.items())[:MOST_NODES]]
        elif isinstance(value, (list, tuple)):
            if id(value) in seen:
                found.loop = True
                continue
            seen.add(id(value))
            if depth < DEEPEST:
                waiting += [(child, name, depth + 1) for child in value[:MOST_NODES]]
        elif value is not None:
            _keep(clean(value), name, found)


def _name(key: object, above: str) -> str:
    """The field that a key stands for: texts by language (`{"en": …}`) belong to the field above."""
    last = _last(key)
    return above if (len(last) == 2 and last.isalpha() and last != "id") or last == "@value" else last


def _last(key: object) -> str:
    """The last part of a field's name, in small letters: `dct:title` and `http://purl.org/dc/terms/title` are `title`."""
    text = str(key)[-200:]
    for separator in ("#", "/", ":"):
        text = text.rpartition(separator)[2] or text
    return text.casefold()


def _keep(text: str, name: str, found: Statement) -> None:
    if name in _ADDRESSES:
        _add_node(text, found)
    elif name in _LABELS:
        _add(found.titles, text, found)
    elif name in _TEXTS:
        _add(found.texts, text, found)
