"""DCAT that stands within other XML, such as the answer of a geographic catalogue (CSW) or of a repository (OAI-PMH). Pure.

A document type was refused before anything comes here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

from ckanext.participation.harvesting import salvage

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DCAT: Final = "http://www.w3.org/ns/dcat#"
_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
_NODES: Final = frozenset(f"{{{DCAT}}}{name}" for name in ("Dataset", "Catalog", "Distribution", "CatalogRecord", "DatasetSeries"))


@dataclass(frozen=True)
class Within:
    """The RDF/XML that was found, the address of the answer's next page or "", and what was lost where the XML breaks off."""

    text: str
    following: str = ""
    lost: salvage.Lost | None = None


def catalogue_within(text: str, address: str) -> Within | None:
    """The DCAT within other XML as RDF/XML of its own; None when there is none."""
    if DCAT not in text:
        return None
    lost = None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  see above
    except (ElementTree.ParseError, ValueError):
        saved = salvage.xml(text)
        if saved is None:
            return None
        lost = saved[1]
        try:
            root = ElementTree.fromstring(saved[0])  # noqa: S314
        except (ElementTree.ParseError, ValueError):
            return None
    nodes = list(_nodes(root))
    if not nodes:
        return None
    whole = ElementTree.Element(f"{{{RDF}}}RDF", {_BASE: address} if address.startswith("http") else {})
    whole.extend(nodes)
    try:
        return Within(ElementTree.tostring(whole, encoding="unicode"), _following(root, address), lost)
    except RecursionError:
        return None


def _nodes(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The outermost nodes of RDF."""
    waiting = [root]
    while waiting:
        element = waiting.pop(0)
        if element.tag == f"{{{RDF}}}RDF":
            yield from element
        elif element.tag in _NODES:
            yield element
        else:
            waiting[:0] = list(element)


def _following(root: ElementTree.Element, address: str) -> str:
    parts = urlsplit(address)
    asked = {name.lower(): (name, said) for name, said in parse_qsl(parts.query, keep_blank_values=True)}
    for element in root.iter():
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if name == "SearchResults" and asked.get("request", ("", ""))[1].lower() == "getrecords":
            at = element.get("nextRecord") or ""
            if at.isdigit() and 0 < int(at) <= int(_number(element.get("numberOfRecordsMatched"), at)):
                asked["startposition"] = (asked.get("startposition", ("startPosition", ""))[0], at)
                return urlunsplit(parts._replace(query=urlencode(list(asked.values()))))
        if name == "resumptionToken" and (element.text or "").strip() and "verb" in asked:
            words = {"verb": asked["verb"][1], "resumptionToken": (element.text or "").strip()}
            return urlunsplit(parts._replace(query=urlencode(words)))
    return ""


def _number(said: str | None, otherwise: str) -> str:
    return said if said and said.isdigit() else otherwise
