"""Harvest sources of type `participation_dcat`: a DCAT catalogue, as DCAT-US data.json or in RDF."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import ckan.plugins.toolkit as tk
from ckanext.harvest.model import HarvestObject
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, FOAF, RDF, SDO, SKOS
from rdflib.term import Node

from ckanext.participation import config
from ckanext.participation.common.fetch import FetchError, FetchFailed, Reply
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import feeds, rdf_pages, sentences, statements
from ckanext.participation.harvesting.adopting import Adoption
from ckanext.participation.harvesting.broken_pages import Losses, abouts, cut, readable, well_formed
from ckanext.participation.harvesting.completing import completed
from ckanext.participation.harvesting.engine.dcat_reading import DCATReading, Page, data_json_page
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.identifiers import guid_of
from ckanext.participation.harvesting.engine.problems import EndedEarly, SourceProblem
from ckanext.participation.harvesting.from_data_json import from_data_json, tell_apart
from ckanext.participation.harvesting.from_data_json import guid_of as data_json_guid
from ckanext.participation.harvesting.from_rdf import DCAT, from_rdf
from ckanext.participation.harvesting.profiles import parser_of
from ckanext.participation.harvesting.record import Mapper, Record, Unreadable
from ckanext.participation.harvesting.stages import Stages
from ckanext.participation.harvesting.statements import Statements, is_rdf, term

log = logging.getLogger(__name__)

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

        losses = Losses()

        def parse_page(reply: Reply, number: int) -> Page:
            feed, page = page_of(reply, gathering.chosen.rdf_format)
            losses.note(feed, number)
            if page is None:
                inventory = data_json_page(feed.document, source.url, data_json_guid)
                tell_apart(inventory.entries)
                return inventory
            read = rdf_pages.entries(page, reply.url, config.harvest_statements(), abouts(feed))
            if adoption is not None:
                adoption.adopt(page, read)
            following = feed.following or rdf_pages.following(page)
            return Page([entry for _, entry in read], joined(reply.url, following) if following else "")

        try:
            DCATReading(gathering, source.url, feeds.ACCEPT, parse_page).read()
        except EndedEarly:
            raise
        except (FetchError, SourceProblem, feeds.NotACatalogue):
            for sentence in losses.sentences():
                gathering.say(sentence)
            raise
        *before, last = losses.sentences() or [""]
        for sentence in before:
            gathering.say(sentence)
        if last:
            raise SourceProblem(last)

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
        profiled, left_out = parser.profiled(ref)
        record = from_rdf(parser.g, ref, profiled, mapper, identifier)
        cut = [sentences.MANY_STATEMENTS(number=content[rdf_pages.MOST])] if rdf_pages.MOST in content else []
        record.notes[:0] = [*cut, *left_out]
        return completed(record, mapper, source)

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


def joined(address: str, following: str) -> str:
    """The address of the next page; one that cannot be an address as it is, to be refused when it is asked."""
    try:
        return urljoin(address, following)
    except ValueError:
        return following


def page_of(reply: Reply, stated: str) -> tuple[feeds.Feed, Statements | None]:
    """What an answer holds: an inventory, or statements.

    :raises NotACatalogue: when it holds neither; FetchFailed: when nothing can be read of one that broke off
    """
    try:
        feed = feeds.read(reply.text, reply.content_type, stated, reply.url)
        page = None
        if feed.kind != feeds.DATA_JSON:
            feed, page = parsed(feed)
    except feeds.NotACatalogue:
        if reply.broke_off:
            raise FetchFailed from None
        raise
    return (cut(feed) if reply.broke_off else feed), page


def parsed(feed: feeds.Feed) -> tuple[feeds.Feed, Statements]:
    """A page, or where it is broken what of it can be read; raises NotACatalogue when that is nothing."""
    kept = well_formed(feed)
    try:
        return kept, parse(kept)
    except feeds.NotACatalogue:
        found = readable(kept, _reads)
        if found is None:
            raise
        return found, parse(found)


def _reads(feed: feeds.Feed) -> bool:
    try:
        parse(feed)
    except feeds.NotACatalogue:
        return False
    return True


def _identifier(graph: Graph, ref: Node) -> str:
    said = Statements()
    for _, predicate, target in graph.triples((ref, None, None)):
        said.add(term(ref), term(predicate), term(target))
    return guid_of(said, term(ref))
