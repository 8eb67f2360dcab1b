"""A `dcat:Dataset` of an RDF graph, in our schema: ckanext-dcat's profiles read it, this adds what they leave out.

That is: texts and keywords by language, licences of the dataset itself and in any spelling, and the names that other
vocabularies have for our choices. Knows rdflib, not CKAN.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdflib import DC, RDFS, SKOS, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from ckanext.participation.harvesting import formats, values
from ckanext.participation.harvesting.record import (
    LICENCE_AS_PUBLISHED,
    NOT_SPECIFIED,
    Mapper,
    Organisation,
    Record,
    Remote,
    licence,
    settle,
    tags,
)

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
SCHEMA = Namespace("http://schema.org/")

# Where catalogues write a title, the first that is filled counts.
_TITLES = (DCT.title, DC.title, SCHEMA.name, RDFS.label, FOAF.name)
_CLD_FREQUENCY = "http://purl.org/cld/freq/"
# The confederation of repositories' words for access, which research catalogues use.
_COAR_ACCESS = {"c_abf2": "public", "c_16ec": "restricted", "c_f1cf": "restricted", "c_14cb": "non-public"}
# Written by the profiles about our own site, or without a place in our schema.
_NOT_THEIRS = frozenset({"name", "title", "notes", "tags", "license_id", "extras", "homepage", "distribution_ref"})
_LISTS_OF_LICENCES = frozenset({"https://spdx.org/licenses", "http://spdx.org/licenses"})


def from_rdf(graph: Graph, ref: Node, profiled: Mapping[str, Any], mapper: Mapper, identifier: str = "") -> Record:
    """Map one dataset that the profiles have read into `profiled`; raises Unreadable when it has no title.

    :param identifier: what the source knows it by
    """
    language = mapper.language_of([str(value) for value in graph.objects(ref, DCT.language)])
    distributions = {str(node): node for node in graph.objects(ref, DCAT.distribution)}
    resources = [
        _resource(graph, distributions.get(str(row.get("distribution_ref"))), row, mapper, language)
        for row in profiled.get("resources", [])
    ]
    license_id, as_published = _licence(graph, ref, mapper)
    if license_id == NOT_SPECIFIED and not as_published:
        license_id = _shared_licence(resources)
    dataset = {key: value for key, value in profiled.items() if key not in _NOT_THEIRS and key != "resources"}
    dataset |= {
        "title_translated": next(filter(None, (texts(graph, ref, title, language) for title in _TITLES)), {}),
        "notes_translated": texts(graph, ref, DCT.description, language),
        "tags_translated": tags(keywords(graph, ref, language)),
        "license_id": license_id,
        "frequency": _last(dataset.get("frequency"), _CLD_FREQUENCY),
        "access_rights": _COAR_ACCESS.get(
            values.text(dataset.get("access_rights")).rpartition("/")[2], dataset.get("access_rights")
        ),
        "language": _languages(graph, ref),
        "issued": values.date(dataset.get("issued")),
        "modified": values.date(dataset.get("modified")),
        "publisher": [_agent(row) for row in _rows(dataset.get("publisher"))],
        "contact": [_contact(row) for row in _rows(dataset.get("contact"))],
        "theme": sorted(str(value) for value in graph.objects(ref, DCAT.theme) if isinstance(value, (URIRef, Literal))),
        "resources": sorted(resources, key=lambda row: (str(row.get("uri", "")), str(row.get("url", "")))),
        "extras": [{"key": LICENCE_AS_PUBLISHED, "value": as_published}],
    }
    for name in ("creator", "temporal_coverage", "spatial_coverage"):
        dataset[name] = _rows(dataset.get(name))
    return settle(mapper, Record(dataset, _organisation(dataset["publisher"], language), remote=_remote(graph, ref, profiled, identifier)))


def _remote(graph: Graph, ref: Node, profiled: Mapping[str, Any], identifier: str) -> Remote:
    themes = [
        str(said)
        for theme in graph.objects(ref, DCAT.theme)
        for said in (theme, *(label for predicate in (SKOS.prefLabel, RDFS.label, DCT.title) for label in graph.objects(theme, predicate)))
        if not isinstance(said, BNode)
    ]
    extras = {str(row.get("key")): row.get("value") for row in _rows(profiled.get("extras"))}
    return Remote(themes=sorted(set(themes)), extras=values.plain(extras), identifier=identifier)


def texts(graph: Graph, ref: Node, predicate: URIRef, language: str) -> values.Texts:
    """French and English texts of one property; a text in another language stands in when there is neither."""
    found: values.Texts = {}
    other = ""
    for value in sorted(graph.objects(ref, predicate), key=str):
        written = values.storable(str(value)).strip()
        if not isinstance(value, Literal) or not written:
            continue
        code = values.language_code(value.language) if value.language else language
        if code not in {"fr", "en"}:
            other = other or written
        elif code not in found or value.language == code:
            found[code] = written
    return found or ({language: other} if other else {})


def keywords(graph: Graph, ref: Node, language: str) -> dict[str, list[str]]:
    """Keywords by language; those in a language that is not ours are kept with the record's own."""
    found: dict[str, list[str]] = {}
    for value in sorted(graph.objects(ref, DCAT.keyword), key=str):
        if isinstance(value, Literal):
            code = values.language_code(value.language) if value.language else language
            found.setdefault(code if code in {"fr", "en"} else language, []).append(str(value))
    return found


def _licence(graph: Graph, ref: Node, mapper: Mapper) -> tuple[str, str]:
    """The one licence that a node names, however often; several different ones are said, never chosen from."""
    known: set[str] = set()
    words: list[str] = []
    unclear = own_words = False
    for value in sorted(graph.objects(ref, DCT.license), key=str):
        url = str(value) if isinstance(value, URIRef) else ""
        named = [
            str(name) for predicate in (DCT.title, RDFS.label, FOAF.name, SCHEMA.name) for name in graph.objects(value, predicate)
        ]
        title = str(value) if isinstance(value, Literal) else next(iter(sorted(named)), "")
        if url.rstrip("/") in _LISTS_OF_LICENCES:
            # A pointer to the list of all licences names none of them.
            url = ""
        if title.startswith("http"):
            url, title = url or title, ""
        license_id, said = licence(mapper, url=url, title="" if url and _is_known(mapper, url) else title)
        if license_id != NOT_SPECIFIED:
            known.add(license_id)
        unclear = unclear or (license_id == NOT_SPECIFIED and bool(said))
        own_words = own_words or bool(said)
        words.append(said or license_id)
    joined = " · ".join(word for word in dict.fromkeys(words) if word != NOT_SPECIFIED)
    if len(known) == 1 and not unclear:
        return known.pop(), joined if own_words else ""
    return NOT_SPECIFIED, joined


def _is_known(mapper: Mapper, url: str) -> bool:
    return mapper.register.at(url) is not None


def _shared_licence(resources: list[dict[str, Any]]) -> str:
    stated = {row["license"] for row in resources if row.get("license")}
    return stated.pop() if len(stated) == 1 and all(row.get("license") for row in resources) else NOT_SPECIFIED


def _resource(graph: Graph, node: Node | None, row: Mapping[str, Any], mapper: Mapper, language: str) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key not in {"distribution_ref", "name", "description"}}
    address = values.text(row.get("url"))
    shape = formats.file_format(row.get("format"), row.get("mimetype"), address, mapper.formats)
    names = texts(graph, node, DCT.title, language) if node else {}
    license_id, as_published = _licence(graph, node, mapper) if node else (NOT_SPECIFIED, "")
    stated = node is not None and (None if license_id == NOT_SPECIFIED else license_id)
    return {
        **kept,
        "url": address,
        "name_translated": names or ({language: shape} if shape else {}),
        "description_translated": texts(graph, node, DCT.description, language) if node else {},
        "format": shape,
        "mimetype": formats.media_type(row.get("mimetype")),
        "license": as_published or stated or "",
        "language": _languages(graph, node) if node else [],
        "issued": values.date(row.get("issued")),
        "modified": values.date(row.get("modified")),
    }


def _languages(graph: Graph, node: Node) -> list[str]:
    # A language that we have no choice for is kept by its address.
    return sorted(
        {
            code if len(code) == 2 or not isinstance(value, URIRef) else str(value)
            for value in graph.objects(node, DCT.language)
            if (code := values.language_code(str(value)))
        }
    )


def _last(value: object, prefix: str) -> str:
    return values.text(value).removeprefix(prefix)


def _rows(value: object) -> list[dict[str, Any]]:
    return [dict(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _agent(row: dict[str, Any]) -> dict[str, Any]:
    names = values.by_language(row.pop("name_translated", None))
    return {**row, "name_translated": names} if names else row


def _contact(row: dict[str, Any]) -> dict[str, Any]:
    # Contacts are often named by their mail address, which some write with a slash at the end.
    uri = values.text(row.get("uri"))
    if uri.startswith("mailto:"):
        row = {**row, "uri": "", "email": row.get("email") or uri.removeprefix("mailto:").rstrip("/")}
    return row


def _organisation(publishers: list[dict[str, Any]], language: str) -> Organisation | None:
    for row in publishers:
        names = row.get("name_translated") or ({language: name} if (name := values.text(row.get("name"))) else {})
        if names:
            title = names.get("en") or names.get("fr") or ""
            return Organisation(values.text(row.get("uri")) or title, values.slug(title), names, url=values.text(row.get("url")))
    return None
