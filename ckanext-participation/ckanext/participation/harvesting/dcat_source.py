"""Harvest sources of type `participation_dcat`: a DCAT catalogue, as DCAT-US data.json or in RDF."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urljoin

import ckan.plugins.toolkit as tk
from ckanext.dcat.processors import RDFParser
from ckanext.harvest.model import HarvestObject
from rdflib import BNode, ConjunctiveGraph, Graph, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, SDO, SKOS
from rdflib.term import Node

from ckanext.participation.common.fetch import Reply
from ckanext.participation.harvesting import feeds, groups, settings
from ckanext.participation.harvesting.adopting import Adoption
from ckanext.participation.harvesting.completing import completed
from ckanext.participation.harvesting.engine import identifiers
from ckanext.participation.harvesting.engine.dcat_reading import DCATReading, Entry, Page, data_json_page
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.hashing import of_triples
from ckanext.participation.harvesting.from_data_json import from_data_json
from ckanext.participation.harvesting.from_data_json import guid_of as data_json_guid
from ckanext.participation.harvesting.from_rdf import DCAT, catalogue_language, from_rdf, guid_of, repair
from ckanext.participation.harvesting.record import Mapper, Record, Unreadable
from ckanext.participation.harvesting.stages import Stages

log = logging.getLogger(__name__)

PROFILES = ("euro_dcat_ap_3", "euro_dcat_ap_scheming")
MAX_TRIPLES = 20_000
NTRIPLES = "ntriples"
_PREFIXES = {
    "dcat": str(DCAT), "dct": str(DCTERMS), "foaf": str(FOAF), "skos": str(SKOS), "schema": str(SDO),
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}
MAX_STEPS = 6


class ParticipationDCATHarvester(Stages):
    """Finds out by itself which form of DCAT the address answers with, and follows its pages."""

    def info(self) -> dict[str, str]:
        """Name the type for the source's form."""
        return {
            "name": "participation_dcat",
            "title": "DCAT",
            "description": tk._("A catalogue in DCAT: a data.json file, Turtle, RDF/XML or JSON-LD. Give the file's address."),
            "form_config_interface": "Text",
        }

    def read(self, source: Any, gathering: Gathering) -> None:
        """Hand on the records of every page that differ from what is here; a page seen before ends the run."""

        # A preview has nothing of its own here.
        adoption = Adoption(gathering) if isinstance(gathering, Gathering) else None

        def parse_page(reply: Reply) -> Page:
            feed = feeds.read(reply.text, reply.content_type, gathering.chosen.rdf_format)
            if feed.kind == feeds.DATA_JSON:
                return data_json_page(feed.document, source.url, data_json_guid)
            parser = parse(feed)
            following = parser.next_page()
            return Page(_rdf_entries(parser.g, reply.url, adoption), urljoin(reply.url, following) if following else "")

        DCATReading(gathering, source.url, feeds.ACCEPT, parse_page).read()

    def record(self, content: Any, mapper: Mapper, source: Any) -> Record:
        """Map one record of either form."""
        if not is_rdf(content):
            return completed(from_data_json(content, mapper), mapper, source)
        parser = parse(_feed_of(content))
        ref: Node | None = URIRef(str(content["uri"])) if content.get("uri") else None
        if ref is None:
            ref = next(iter(parser.g.subjects(RDF.type, DCAT.Dataset)), None)
        if ref is None:
            raise Unreadable("The record is not a dcat:Dataset.")
        if not mapper.catalogue_language and content.get("language"):
            mapper = replace(mapper, catalogue_language=str(content["language"]))
        return completed(from_rdf(parser.g, ref, parser.profiled(ref), mapper), mapper, source)

    def readable(self, content: Any) -> str:
        """A record as people read it: RDF as Turtle, with the prefixes that everybody knows."""
        if not is_rdf(content):
            return super().readable(content)
        feed = _feed_of(content)
        graph = Graph().parse(data=feed.text, format=feed.kind)
        for prefix, namespace in _PREFIXES.items():
            graph.bind(prefix, namespace)
        return graph.serialize(format=feeds.TURTLE)

    def validate_config(self, config: str) -> str:
        """Check the JSON of a source's form, and that the groups it names are here."""
        groups.check(settings.read(config))
        return config

    def get_original_url(self, harvest_object_id: str) -> str | None:
        """The record's own address, for the report; the source's when it has none."""
        row = HarvestObject.get(harvest_object_id)
        if row is None:
            return None
        return row.guid if row.guid.startswith(("http://", "https://")) else row.source.url


class OneByOneParser(RDFParser):
    """ckanext-dcat's parser, asked for one dataset, so that an odd one costs no other."""

    _loaded: ClassVar[dict[tuple[str, ...], list[Any]]] = {}

    def _load_profiles(self, profile_names: list[str]) -> list[Any]:
        # Finding them reads what every installed package says of itself, which costs more than mapping a dataset.
        names = tuple(profile_names)
        if names not in self._loaded:
            self._loaded[names] = super()._load_profiles(profile_names)
        return self._loaded[names]

    def profiled(self, ref: Node) -> dict[str, Any]:
        """What the profiles read of one dataset; raises Unreadable when one of them stumbles."""
        found: dict[str, Any] = {}
        try:
            for profile in self._profiles:
                profile(self.g, dataset_type=self.dataset_type, compatibility_mode=False).parse_dataset(found, ref)
        except Exception as error:
            # Profiles raise whatever an odd value makes them raise.
            log.info("a profile could not read %s", ref, exc_info=True)
            raise Unreadable(f"The record's RDF could not be read ({type(error).__name__}).") from error
        return found


def parse(feed: feeds.Feed) -> OneByOneParser:
    """Parse RDF; raises NotACatalogue in plain words whatever a parser of rdflib raises."""
    stated = tk.config.get("ckanext.dcat.rdf.profiles")
    parser = OneByOneParser(profiles=tk.aslist(stated) or list(PROFILES))
    try:
        parser.g.parse(data=feed.text, format=feed.kind)
    except RecursionError:
        raise feeds.NotACatalogue("The RDF is nested too deeply to be a catalogue.") from None
    except Exception as error:
        # There is no common class of what rdflib's parsers raise.
        log.info("RDF could not be parsed as %s", feed.kind, exc_info=True)
        line = getattr(error, "lines", None) or getattr(error, "lineno", None)
        where = f" near line {line + 1}" if isinstance(line, int) else ""
        raise feeds.NotACatalogue(f"The RDF is broken{where}: it could not be read as {feed.kind}.") from None
    repair(parser.g)
    return parser


def _rdf_entries(graph: ConjunctiveGraph, address: str, adoption: Adoption | None = None) -> list[Entry]:
    language = catalogue_language(graph)
    read = [_rdf_entry(graph, ref, language) for ref in set(graph.subjects(RDF.type, DCAT.Dataset))]
    # By content, not by label: blank nodes have new labels in every parse.
    read.sort(key=lambda pair: (pair[1].guid, pair[1].content_hash))
    identifiers.tell_apart(graph, read)
    for number, (_, entry) in enumerate(read, 1):
        entry.guid = entry.guid or f"{address}#{number}"
    if adoption is not None:
        adoption.adopt(graph, read)
    return [entry for _, entry in read]


def _rdf_entry(graph: ConjunctiveGraph, ref: Node, language: str) -> tuple[Node, Entry]:
    uri = str(ref) if isinstance(ref, URIRef) else ""
    try:
        part = part_of(graph, ref)
    except Unreadable as problem:
        return ref, Entry(guid_of(graph, ref), str(problem), problem=str(problem))
    content_hash = of_triples(part, uri, language)

    def content() -> dict[str, str]:
        # As Turtle it would be half as long and take fifteen times as long to write.
        return {"uri": uri, "language": language, "hash": content_hash, NTRIPLES: part.serialize(format=feeds.N_TRIPLES)}

    return ref, Entry(guid_of(graph, ref), content_hash, content)


def is_rdf(content: Any) -> bool:
    """Whether a record is of an RDF catalogue."""
    return isinstance(content, Mapping) and (NTRIPLES in content or "turtle" in content)


def _feed_of(content: Mapping[str, Any]) -> feeds.Feed:
    # Records that were stored earlier are in Turtle.
    if NTRIPLES in content:
        return feeds.Feed(feeds.N_TRIPLES, str(content[NTRIPLES]))
    return feeds.Feed(feeds.TURTLE, str(content["turtle"]))


def part_of(graph: Graph, ref: Node) -> Graph:
    """What a page says about one dataset: its triples and those of what it names, but not of other datasets."""
    part = Graph()
    level: list[Node] = [ref]
    seen: set[Node] = {ref}
    for _ in range(MAX_STEPS):
        following: list[Node] = []
        for node in level:
            for triple in graph.triples((node, None, None)):
                if len(part) >= MAX_TRIPLES:
                    raise Unreadable(f"The dataset has more than {MAX_TRIPLES} statements, which is more than is read here.")
                part.add(triple)
                target = triple[2]
                if isinstance(target, (URIRef, BNode)) and target not in seen and not _is_another(graph, target):
                    seen.add(target)
                    following.append(target)
        level = following
    return part


def _is_another(graph: Graph, node: Node) -> bool:
    return (node, RDF.type, DCAT.Dataset) in graph or (node, RDF.type, DCAT.Catalog) in graph
