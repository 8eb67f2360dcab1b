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
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, SDO, SKOS
from rdflib.term import Node

from ckanext.participation.common.fetch import Reply
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import feeds, mending, rdf_pages, sentences, statements
from ckanext.participation.harvesting.adopting import Adoption
from ckanext.participation.harvesting.completing import completed
from ckanext.participation.harvesting.engine.dcat_reading import DCATReading, Page, data_json_page
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.identifiers import guid_of
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.from_data_json import from_data_json, tell_apart
from ckanext.participation.harvesting.from_data_json import guid_of as data_json_guid
from ckanext.participation.harvesting.from_rdf import DCAT, from_rdf
from ckanext.participation.harvesting.record import Mapper, Record, Unreadable
from ckanext.participation.harvesting.stages import Stages
from ckanext.participation.harvesting.statements import IN_TURTLE, NTRIPLES, Statements, is_rdf, term

log = logging.getLogger(__name__)

PROFILES = ("euro_dcat_ap_3", "euro_dcat_ap_scheming")
MOST_NAMED = 20
_PREFIXES = {
    "dcat": str(DCAT), "dct": str(DCTERMS), "foaf": str(FOAF), "skos": str(SKOS), "schema": str(SDO),
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}


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

        broken: list[str] = []

        def parse_page(reply: Reply) -> Page:
            feed = feeds.read(reply.text, reply.content_type, gathering.chosen.rdf_format, reply.url)
            if feed.kind == feeds.DATA_JSON:
                inventory = data_json_page(feed.document, source.url, data_json_guid)
                tell_apart(inventory.entries)
                return inventory
            try:
                page = parse(feed)
            except feeds.NotACatalogue:
                feed, beginnings = _readable(feed)
                if not feed.text:
                    raise
                broken.extend(beginnings)
                page = parse(feed)
            read = rdf_pages.entries(page, reply.url)
            if adoption is not None:
                adoption.adopt(page, read)
            following = rdf_pages.following(page)
            return Page([entry for _, entry in read], urljoin(reply.url, following) if following else "")

        DCATReading(gathering, source.url, feeds.ACCEPT, parse_page).read()
        if broken:
            named = ", ".join(broken[:MOST_NAMED]) + ("…" if len(broken) > MOST_NAMED else "")
            raise SourceProblem(sentences.STATEMENTS_BROKEN(number=len(broken), names=named[:2000]))

    def record(self, content: Any, mapper: Mapper, source: Any) -> Record:
        """Map one record of either form."""
        if not is_rdf(content):
            return completed(from_data_json(content, mapper), mapper, source)
        parser = parser_of(content)
        ref: Node | None = URIRef(str(content["uri"])) if content.get("uri") else None
        if ref is None:
            ref = next(iter(parser.g.subjects(RDF.type, DCAT.Dataset)), None)
        if ref is None:
            raise Unreadable(N_("The record is not a dcat:Dataset."))
        if not mapper.catalogue_language and content.get("language"):
            mapper = replace(mapper, catalogue_language=str(content["language"]))
        identifier = str(content.get("uri") or "") or _identifier(parser.g, ref)
        return completed(from_rdf(parser.g, ref, parser.profiled(ref), mapper, identifier), mapper, source)

    def readable(self, content: Any) -> str:
        """A record as people read it: RDF as Turtle, with the prefixes that everybody knows."""
        if not is_rdf(content):
            return super().readable(content)
        graph = parser_of(content).g
        for prefix, namespace in _PREFIXES.items():
            graph.bind(prefix, namespace)
        return graph.serialize(format=feeds.TURTLE)

    def get_original_url(self, harvest_object_id: str) -> str | None:
        """The record's own address, for the report; the source's when it has none."""
        row = HarvestObject.get(harvest_object_id)
        if row is None:
            return None
        return row.guid if row.guid.startswith(("http://", "https://")) else row.source.url


class OneByOneParser(RDFParser):
    """ckanext-dcat's parser, asked for one dataset, so that an odd one costs no other."""

    _loaded: ClassVar[dict[tuple[str, ...], list[Any]]] = {}
    # CKAN's licences by address and title: each profile would read them anew for each record.
    _licences: ClassVar[Any] = None

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        # One record needs no graphs within the graph; this store is filled in half the time.
        self.g = Graph(store="SimpleMemory")

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
                reading = profile(self.g, dataset_type=self.dataset_type, compatibility_mode=False)
                reading._licenceregister_cache = OneByOneParser._licences
                reading.parse_dataset(found, ref)
                OneByOneParser._licences = reading._licenceregister_cache
        except Exception as error:
            # Profiles raise whatever an odd value makes them raise.
            log.info("a profile could not read %s", ref, exc_info=True)
            raise Unreadable(sentences.RDF_UNREADABLE(error=type(error).__name__)) from error
        return found


def parse(feed: feeds.Feed) -> Statements:
    """Read RDF, and mend what catalogues misspell; raises NotACatalogue in plain words whatever a parser of rdflib raises."""
    try:
        page = statements.read(feed.text, feed.kind)
    except RecursionError:
        raise feeds.NotACatalogue(N_("The RDF is nested too deeply to be a catalogue.")) from None
    except Exception as error:
        # There is no common class of what rdflib's parsers raise.
        log.info("RDF could not be parsed as %s", feed.kind, exc_info=True)
        line = getattr(error, "lines", None) or getattr(error, "lineno", None)
        said = sentences.RDF_BROKEN_AT(line=line + 1, kind=feed.kind) if isinstance(line, int) else sentences.RDF_BROKEN(kind=feed.kind)
        raise feeds.NotACatalogue(said) from None
    rdf_pages.repair(page)
    return page


def _readable(feed: feeds.Feed) -> tuple[feeds.Feed, list[str]]:
    """What of broken Turtle or N-Triples can be read, and what begins each of the statements that can't."""
    if feed.kind not in {feeds.TURTLE, feeds.N_TRIPLES}:
        return feeds.Feed(feed.kind, ""), []

    def reads(text: str) -> bool:
        try:
            parse(feeds.Feed(feed.kind, text))
        except feeds.NotACatalogue:
            return False
        return True

    text, beginnings = mending.readable(feed.text, reads, prefixes=feed.kind == feeds.TURTLE)
    return feeds.Feed(feed.kind, text), beginnings


def parser_of(content: Mapping[str, Any]) -> OneByOneParser:
    """ckanext-dcat's parser with the graph of one record."""
    stated = tk.config.get("ckanext.dcat.rdf.profiles")
    parser = OneByOneParser(profiles=tk.aslist(stated) or list(PROFILES))
    if NTRIPLES in content:
        statements.fill(parser.g, str(content[NTRIPLES]))
    else:
        parser.g.parse(data=str(content[IN_TURTLE]), format=feeds.TURTLE)
    return parser


def _identifier(graph: Graph, ref: Node) -> str:
    said = Statements()
    for _, predicate, target in graph.triples((ref, None, None)):
        said.add(term(ref), term(predicate), term(target))
    return guid_of(said, term(ref))
