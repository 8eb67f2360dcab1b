"""What an address answered: a `data.json`, one of RDF's formats, or something else, which is then named in plain words. Pure.

Also here: what is refused before a parser sees it. An XML document type may hold entities that grow to gigabytes or name
other files; a JSON-LD context by address would make the parser fetch whatever the catalogue names.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any
from xml.parsers import expat

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import contexts, lenient, mending, salvage, sentences, xml_parts

# rdflib's names for the formats
TURTLE, XML, JSON_LD, N_TRIPLES, TRIG, N_QUADS = "turtle", "xml", "json-ld", "nt", "trig", "nquads"
DATA_JSON = "data.json"
# What a request for a catalogue says that it reads.
ACCEPT = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.9, application/json;q=0.8, */*;q=0.5"

MAX_NODES = 2_000_000
# Whose address it is, the file says itself; a report is no place to repeat what a stranger's file may hold.
FOREIGN_CONTEXT = N_("The JSON-LD needs a context from another address, which is not fetched here.")
_TYPES = {
    "text/turtle": TURTLE,
    "application/x-turtle": TURTLE,
    "text/n3": "n3",
    "text/rdf+n3": "n3",
    "application/n-triples": N_TRIPLES,
    "application/trig": TRIG,
    "application/x-trig": TRIG,
    "application/n-quads": N_QUADS,
    "text/x-nquads": N_QUADS,
    "application/rdf+xml": XML,
    "application/ld+json": JSON_LD,
}
_TURTLE_START = re.compile(
    r"\s*(#[^\n]*\n\s*)*(@prefix|@base|prefix\s|base\s|<[a-z][a-z0-9+.-]*:[^\s>]*>\s|_:\w+\s|\[)", re.IGNORECASE
)
# TriG that begins with a graph without a name, which JSON can't.
_TRIG_START = re.compile(r"\{\s*(?:<[^<>\s]*>\s|_:\w|@prefix\s|[\w.-]*:[A-Za-z_])")
_QUAD = re.compile(
    r"^\s*(?:<[^<>\s]*>|_:\S+)\s+<[^<>\s]*>\s+(?:<[^<>\s]*>|_:\S+|\"(?:[^\"\\\n]|\\.)*\"(?:@[\w-]+|\^\^<[^<>\s]*>)?)\s+(?:<[^<>\s]*>|_:\S+)\s*\.\s*$",
    re.MULTILINE)
_HTML = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_IN_STATEMENTS = frozenset({TURTLE, "n3", N_TRIPLES, TRIG, N_QUADS})
# Under which names inventories hold their list of datasets.
_LISTS = ("dataset", "datasets", "Dataset")


class NotACatalogue(ValueError):
    """The answer is not a catalogue we read; `sentence` says in plain words what it is instead."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True)
class Feed:
    """A catalogue ready for its parser: `kind` is DATA_JSON or a format of rdflib; `document` is parsed JSON, or None.

    `following`: the address of the next page, where what is around the catalogue names it; `lost`: what of the page was left out because
    it is broken, None where it is whole.
    """

    kind: str
    text: str
    document: Any = None
    following: str = ""
    lost: salvage.Lost | None = None


def read(text: str, content_type: str = "", stated: str = "", address: str = "") -> Feed:
    """Find out what `text` is. `stated` is the format that the source's configuration names, if any.

    :param address: where it was read, which is what relative addresses in it mean

    :raises NotACatalogue: in plain words, when nothing here reads it
    """
    text = text.lstrip("\ufeff")
    head = text[:4096].lstrip()
    if not head:
        raise NotACatalogue(N_("The address answered with an empty page."))
    declared = _TYPES.get(stated.lower(), stated.lower()) or _TYPES.get(content_type, "")
    if _HTML.match(head):
        raise NotACatalogue(N_("This is a web page, not a catalogue. Give the address of the catalogue's file itself."))
    if head[0] in "{[" and not (head[0] == "[" and declared in {TURTLE, "n3", TRIG}) and not _TRIG_START.match(head):
        return _json(text, address)
    if declared in _IN_STATEMENTS or _TURTLE_START.match(head) or _TRIG_START.match(head):
        if head.startswith(("<?xml", "<rdf:RDF")):
            return _xml(text, address)
        return _in_statements(text, declared, address)
    if head[0] == "<":
        return _xml(text, address)
    raise NotACatalogue(N_("This is not a catalogue in a format that is read here: data.json, Turtle, RDF/XML or JSON-LD."))


def _in_statements(text: str, declared: str, address: str) -> Feed:
    if declared in {N_TRIPLES, N_QUADS}:
        return Feed(declared, text)
    if declared not in {TURTLE, "n3", TRIG} and _QUAD.search(text[:100_000]):
        return Feed(N_QUADS, text)
    return Feed(declared if declared in {"n3", TRIG} else TURTLE, mending.turtle(text, address))


def _json(text: str, address: str) -> Feed:
    try:
        document = lenient.loads(text)
    except RecursionError:
        raise NotACatalogue(N_("The JSON is nested too deeply to be a catalogue.")) from None
    except ValueError as error:
        return _broken_json(text, address, error)
    return _of_document(text, document, address)


def _of_document(text: str, document: Any, address: str) -> Feed:
    listed = _datasets(document)
    if listed is not None:
        return Feed(DATA_JSON, text, {"dataset": listed})
    if isinstance(document, dict) and "result" in document and "success" in document:
        raise NotACatalogue(N_("This is the API of a CKAN catalogue. Choose the source type “CKAN” and give its first address."))
    if isinstance(document, dict) and ("jsonapi" in document or _is_json_api(document.get("data"))):
        raise NotACatalogue(N_("This is a JSON:API answer, not a DCAT catalogue."))
    if isinstance(document, dict) and document.get("type") in {"FeatureCollection", "Feature"}:
        raise NotACatalogue(N_("This is a GeoJSON file: data, not a catalogue of data."))
    rows = document if isinstance(document, list) else [document]
    if not any(isinstance(row, dict) and any(key in row for key in ("@context", "@graph", "@id", "@type")) for row in rows):
        raise NotACatalogue(N_("This JSON is neither a data.json (it has no list named “dataset”) nor JSON-LD."))
    local = mending.json_ld(local_contexts(document), address)
    return Feed(JSON_LD, json.dumps(local), local)


def _broken_json(text: str, address: str, error: ValueError) -> Feed:
    """What is whole of it; raises NotACatalogue, which says where it is broken, when nothing is."""
    line = getattr(error, "lineno", 0)
    said = sentences.JSON_BROKEN(line=line) if line else N_("The JSON is broken.")
    try:
        saved = salvage.json_document(text)
        if saved is None:
            raise NotACatalogue(said)
        return replace(_of_document(text, saved[0], address), lost=saved[1])
    except (NotACatalogue, RecursionError):
        raise NotACatalogue(said) from None


def _datasets(document: object) -> list[Any] | None:
    """The records of an inventory: a list under its name, a bare list, one alone; None for what is none."""
    if isinstance(document, list):
        return document if _is_list_of_datasets(document) else None
    if not isinstance(document, dict):
        return None
    for name in _LISTS:
        listed = document.get(name)
        if isinstance(listed, list) and ((name == "dataset" and not _are_addresses(listed)) or _is_list_of_datasets(listed)):
            return listed
        if isinstance(listed, dict) and listed:
            rows = [listed] if "title" in listed else list(listed.values())
            if _is_list_of_datasets(rows):
                return rows
    return [document] if _is_list_of_datasets([document]) else None


def _are_addresses(rows: list[Any]) -> bool:
    return bool(rows) and all(isinstance(row, str) and row.startswith("http") for row in rows)


def _is_list_of_datasets(rows: list[Any]) -> bool:
    """Whether the rows have the terms of an inventory, and no context of JSON-LD that would give them another meaning."""
    if any(isinstance(row, dict) and {"@context", "@graph"} & set(row) for row in rows):
        return False
    return any(isinstance(row, dict) and "title" in row and ("identifier" in row or "distribution" in row) for row in rows)


def _is_json_api(data: object) -> bool:
    return isinstance(data, list) and bool(data) and all(isinstance(row, dict) and "attributes" in row for row in data)


def local_contexts(document: Any) -> Any:
    """The same JSON-LD with the contexts that we keep written out.

    :raises NotACatalogue: when it names a context by an address that we do not keep, or imports one
    """
    stack = [document]
    seen = 0
    while stack:
        node = stack.pop()
        seen += 1
        if seen > MAX_NODES:
            raise NotACatalogue(N_("The JSON-LD is larger than this site reads."))
        if isinstance(node, dict):
            if "@import" in node:
                raise NotACatalogue(FOREIGN_CONTEXT)
            if "@context" in node:
                node["@context"] = _context(node["@context"])
            stack.extend(value for value in node.values() if isinstance(value, (dict, list)))
        elif isinstance(node, list):
            stack.extend(value for value in node if isinstance(value, (dict, list)))
    return document


def _context(context: Any) -> Any:
    if isinstance(context, str):
        kept = contexts.kept(context)
        if kept is None:
            raise NotACatalogue(FOREIGN_CONTEXT)
        return kept
    return [_context(one) for one in context] if isinstance(context, list) else context


class _Root(Exception):
    pass


def _xml(text: str, address: str) -> Feed:
    """RDF/XML, judged by its first element; the parser stops there, and at any document type before it."""
    found: list[str] = []

    def doctype(*_: object) -> None:
        raise NotACatalogue(N_("The XML has a document type (DOCTYPE), which is refused because it can hide harmful content."))

    def start(name: str, _: object) -> None:
        found.append(name)
        raise _Root

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    parser.StartElementHandler = start
    # The text is decoded already: what the first line says about its bytes no longer holds.
    body = mending.xml(re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1), address)
    try:
        parser.Parse(body[:200_000].encode("utf-8", "replace"), len(body) <= 200_000)
    except _Root:
        pass
    except expat.ExpatError as error:
        raise NotACatalogue(sentences.XML_BROKEN(line=error.lineno)) from None
    if not found:
        raise NotACatalogue(N_("The XML has no content."))
    namespace, _, name = found[0].rpartition(" ")
    if namespace in {xml_parts.RDF, xml_parts.DCAT}:
        return Feed(XML, body)
    inside = xml_parts.catalogue_within(body, address)
    if inside is not None:
        return Feed(XML, inside.text, following=inside.following, lost=inside.lost)
    line = salvage.broken_at(body) if xml_parts.DCAT in body else None
    if line is not None:
        raise NotACatalogue(sentences.XML_BROKEN(line=line))
    if name == "GetRecordsResponse" and "csw:Record" in body:
        raise NotACatalogue(N_("This is the answer of a geographic catalogue (CSW) in Dublin Core, not a DCAT catalogue. Many give DCAT "
                               "when they are asked for it, with outputSchema=http://www.w3.org/ns/dcat# in the address."))
    if (
        "isotc211" in namespace
        or "opengis.net/cat" in namespace
        or name in {"MD_Metadata", "GetRecordsResponse", "MD_DataIdentification"}
    ):
        raise NotACatalogue(N_("This is geographic metadata (ISO 19115 in XML, often from CSW), not a DCAT catalogue."))
    if name in {"rss", "feed"}:
        raise NotACatalogue(N_("This is a news feed (RSS or Atom), not a catalogue."))
    if name == "html" or "xhtml" in namespace:
        raise NotACatalogue(N_("This is a web page, not a catalogue. Give the address of the catalogue's file itself."))
    raise NotACatalogue(sentences.OTHER_XML(name=name[:60]))
