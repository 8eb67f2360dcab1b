"""What is whole of a page that breaks off, or that is broken in one place, in JSON and in XML. Pure. (Of Turtle: `mending.readable`.)

Records are taken whole or not at all: half a record would be a changed one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

# Under which names JSON holds the list of records, and what may stand around that list.
LISTS: Final = frozenset({"dataset", "datasets", "Dataset", "results", "@graph", "dcat:dataset", "http://www.w3.org/ns/dcat#dataset"})
_AROUND: Final = frozenset({"result"})
MOST_LOST: Final = 1_000
# What a dataset has and a file has not.
_FIELDS: Final = frozenset({"identifier", "distribution", "dcat:distribution", "resources"})

_JSON = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[\s,]*")
_NEXT = re.compile(r"\{\s*\"")
# A record's end, its list's, and the document's.
_COMPLETE = re.compile(r"\}\s*\]\s*(?:\}\s*)*\Z")
_NAMED = re.compile(r"\"(?:identifier|@id|id|name|title)\"\s*:\s*\"([^\"\n]{1,200})\"")

_CATALOGUE: Final = "Catalog"
_AROUND_NODES: Final = frozenset({"RDF", "SearchResults", "ListRecords"})
_CODES: Final = expat.errors.codes
_ENDED: Final = frozenset(_CODES[said] for said in (
    expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN, expat.errors.XML_ERROR_PARTIAL_CHAR,
    expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION))
_AFTER_THE_END: Final = _CODES[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
_NODE = re.compile(r"<((?:[\w.-]+:)?[A-Z][\w.-]*)(?=[\s>])")
_ABOUT = re.compile(r"(?:about|ID|nodeID)\s*=\s*[\"']([^\"']{1,200})[\"']")


@dataclass
class Lost:
    """What of a page could not be read: how the records that are broken begin, and whether it breaks off before its end.

    `abouts`: of RDF the subjects of the statements where it breaks off, of which more may have been said.
    """

    beginnings: list[str] = field(default_factory=list)
    ends_early: bool = False
    abouts: list[str] = field(default_factory=list)


# -- JSON ----------------------------------------------------------------------------------------------------------------


def json_document(text: str) -> tuple[Any, Lost] | None:
    """The document with those of its records that are whole; None when there is no list of records, or nothing whole in it."""
    lost = Lost()
    reader = _Json(text, lost)
    start = _SPACE.match(text).end()  # type: ignore[union-attr]  it matches nothing, too
    found: Any = None
    if text[start : start + 1] == "[":
        found, _ = reader.rows(start + 1)
    elif text[start : start + 1] == "{":
        found = reader.lines() or reader.group(start + 1)[0]
    return (found, lost) if reader.whole else None


class _Json:
    """Reads as far as it goes; `whole` counts the records that were read."""

    def __init__(self, text: str, lost: Lost) -> None:
        self.text = text
        self.lost = lost
        self.whole = 0
        self._common: set[str] | None = None

    def group(self, at: int) -> tuple[dict[str, Any], int | None]:
        """The members of a group that begins before `at`; and where it ends, None where the text does before."""
        found: dict[str, Any] = {}
        while True:
            at = self._skip(at)
            if self.text[at : at + 1] == "}":
                return found, at + 1
            try:
                key, at = _JSON.raw_decode(self.text, at)
                at = self._skip(at)
                if not isinstance(key, str) or self.text[at : at + 1] != ":":
                    break
                at = self._skip(at + 1)
            except ValueError:
                break
            said, end = self._value(key, at)
            if said is not None:
                found[key] = said
            if end is None:
                break
            at = end
        self.lost.ends_early = self.lost.ends_early or not self.lost.beginnings
        return found, None

    def _value(self, key: str, at: int) -> tuple[Any, int | None]:
        try:
            said, end = _JSON.raw_decode(self.text, at)
        except ValueError:
            sign = self.text[at : at + 1]
            if key in LISTS and sign == "[":
                return self.rows(at + 1)
            if key in _AROUND and sign == "{":
                return self.group(at + 1)
            return None, None
        if key in LISTS and isinstance(said, list):
            self.whole += sum(isinstance(row, dict) for row in said)
        return said, end

    def rows(self, at: int) -> tuple[list[Any], int | None]:
        """The whole rows of a list that begins before `at`; and where it ends, None where the text does before."""
        found: list[Any] = []
        while True:
            at = self._skip(at)
            if self.text[at : at + 1] in {"]", ""}:
                break
            try:
                row, at = _JSON.raw_decode(self.text, at)
            except ValueError:
                inner = self._catalogue(at)
                if inner is not None:
                    found.append(inner)
                    return found, None
                following = self._following(at)
                self.lost.beginnings.append(_beginning(self.text[at : at + 2000]))
                if following is None or len(self.lost.beginnings) > MOST_LOST:
                    # Of a page that breaks off its beginning says nothing: it need not be broken.
                    if not _COMPLETE.search(self.text):
                        self.lost.beginnings.pop()
                        self.lost.ends_early = True
                    return found, None
                at = following
                continue
            self._learn(row)
            found.append(row)
        if not self.text[at : at + 1]:
            self.lost.ends_early = True
            return found, None
        return found, at + 1

    def lines(self) -> list[Any] | None:
        """The records of a text that has one on each line; None when it is no such text."""
        written = [line for line in self.text.splitlines() if line.strip()]
        if len(written) < 2 or not all(line.lstrip().startswith("{") for line in written):
            return None
        found: list[Any] = []
        broken: list[int] = []
        for number, line in enumerate(written):
            try:
                found.append(json.loads(line, strict=False))
            except ValueError:
                broken.append(number)
        if not found or len(broken) > len(found):
            return None
        self.lost.ends_early = broken[-1:] == [len(written) - 1]
        self.lost.beginnings = [_beginning(written[number]) for number in broken if number < len(written) - 1]
        self.whole = sum(isinstance(row, dict) for row in found)
        return found

    def _catalogue(self, at: int) -> dict[str, Any] | None:
        """A row that cannot be read because it holds the list of records itself."""
        if self.text[at : at + 1] != "{":
            return None
        lost = Lost()
        inner = _Json(self.text, lost)
        found, _ = inner.group(at + 1)
        if not inner.whole:
            return None
        self.whole += inner.whole
        self.lost.beginnings += lost.beginnings
        self.lost.ends_early = True
        return found

    def _learn(self, row: Any) -> None:
        if isinstance(row, dict):
            self.whole += 1
            said = set(row)
            self._common = said if self._common is None else self._common & said

    def _following(self, at: int) -> int | None:
        """Where the next record begins behind a broken one: with all that every other record has, which its files have not."""
        left = 10 * len(self.text)
        for found in _NEXT.finditer(self.text, at + 1):
            try:
                row, _ = _JSON.raw_decode(self.text, found.start())
            except json.JSONDecodeError as error:
                left -= error.pos - found.start()
                if left < 0:
                    break
                continue
            if self._is_record(row):
                return found.start()
        return None

    def _is_record(self, row: dict[str, Any]) -> bool:
        if self._common is not None and not self._common <= row.keys():
            return False
        # Nodes of JSON-LD are records wherever they stand.
        return {"@id", "@type"} <= row.keys() or bool({"title", "name"} & row.keys() and _FIELDS & row.keys())

    def _skip(self, at: int) -> int:
        return _SPACE.match(self.text, at).end()  # type: ignore[union-attr]  it matches nothing, too


def _beginning(text: str) -> str:
    named = _NAMED.search(text)
    return named[1] if named else " ".join(text.split())[:80]


# -- XML -----------------------------------------------------------------------------------------------------------------


def xml(text: str) -> tuple[str, Lost] | None:
    """RDF/XML with those of its nodes that are whole; None when it is well-formed, or nothing of it can be told apart."""
    if broken_at(text) is None:
        return None
    walk = _Walk(text)
    if walk.error == _AFTER_THE_END:
        return _decoded(walk.raw[: walk.at]), Lost()
    if not walk.open:
        return None
    around, kept, at = walk.whole()
    opening = "".join(_decoded(walk.raw[began : walk.raw.index(b">", began) + 1]) for _, began in walk.open[:around])
    after = _nodes_after(_decoded(walk.raw[walk.at :]), opening, walk.closing(0, around))
    lost = Lost(ends_early=walk.error in _ENDED)
    if not lost.ends_early or after:
        broken = walk.open[kept][1] if kept < len(walk.open) else walk.at
        lost.beginnings.append(_tag(_decoded(walk.raw[broken : broken + 2000])))
    return _decoded(walk.raw[:at]) + walk.closing(around, kept) + "".join(after) + walk.closing(0, around), lost


def broken_at(text: str) -> int | None:
    """The line at which XML is not well-formed; None when it is. Parsers of RDF take some of what ends before its end."""
    try:
        expat.ParserCreate().Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return error.lineno
    return None


class _Walk:
    """How far XML is well-formed: `open` are the elements that are not closed there, with where each begins; `at` is where, in bytes."""

    def __init__(self, text: str) -> None:
        self.raw = text.encode("utf-8", "replace")
        self.open: list[tuple[str, int]] = []
        self.error: int | None = None
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, _: self.open.append((name, parser.CurrentByteIndex))
        parser.EndElementHandler = lambda _: self.open.pop()
        try:
            parser.Parse(self.raw, True)
        except expat.ExpatError as error:
            self.error = error.code
        self.at = max(parser.ErrorByteIndex, 0)

    def whole(self) -> tuple[int, int, int]:
        """How many of the open elements stand around all nodes, how many hold records, and up to where what they hold is whole."""
        names = [_local(name) for name, _ in self.open]
        around = 1
        while around < len(names) and names[around] in _AROUND_NODES:
            around += 1
        kept = around
        while names[kept : kept + 1] == [_CATALOGUE]:
            # Then comes the property that names a dataset, or a catalogue within the catalogue.
            kept += 1
            if names[kept + 1 : kept + 2] != [_CATALOGUE]:
                break
            kept += 1
        return around, kept, self.open[kept][1] if kept < len(names) else self.at

    def closing(self, first: int, last: int) -> str:
        """The tags that close these of the open elements."""
        return "".join(f"</{name}>" for name, _ in reversed(self.open[first:last]))


def _nodes_after(text: str, opening: str, ending: str) -> list[str]:
    """The whole nodes behind the place where XML is broken. Nodes have names with a capital, by everybody's custom."""
    found: list[str] = []
    unclosed: set[str] = set()
    at = 0
    while (node := _NODE.search(text, at)) is not None:
        at = node.end()
        closing = f"</{node[1]}>"
        end = -1 if closing in unclosed else text.find(closing, at)
        if end < 0:
            unclosed.add(closing)
            continue
        piece = text[node.start() : end + len(closing)]
        if _is_well_formed(f"{opening}{piece}{ending}"):
            found.append(piece)
            at = end
    return found


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _is_well_formed(text: str) -> bool:
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        return False
    return True


def _tag(text: str) -> str:
    about = _ABOUT.search(text.partition(">")[0]) or _ABOUT.search(text)
    return about[1] if about else " ".join(text.split())[:80]


def _local(name: str) -> str:
    return name.rpartition(":")[2]
