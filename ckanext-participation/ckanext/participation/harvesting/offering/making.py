"""Pieces of datasets: the quick way from rows where that gives the same (`suitable`), else ckanext-dcat's profiles."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import orjson
from ckan import model
from ckanext.dcat.processors import RDFSerializer
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.utils import catalog_uri, dataset_uri
from rdflib import Graph

from ckanext.participation import config
from ckanext.participation.harvesting.offering import catalogue, data_json, describing, rows, sections, suitable, triples
from ckanext.participation.harvesting.offering.licensing import Licences
from ckanext.participation.harvesting.offering.sections import Kept
from ckanext.participation.harvesting.offering.statements import from_graph
from ckanext.participation.harvesting.offering.values import Unusual
from ckanext.participation.licences import further
from ckanext.participation.licences.register import bundled_register

log = logging.getLogger(__name__)

# What people say changes without the dataset, so its pieces would be old; it is in the dataset's own RDF.
NOT_IN_FEEDS = frozenset({"participation_feedback"})
DEFAULT_PROFILES = "euro_dcat_ap_3"
# Rows read at once.
READ = 500
# Descriptions that datasets share, kept at once.
SHARED = 5000


@dataclass(slots=True)
class Made:
    """Pieces, the ids of datasets that could not be written, and how many the profiles had to describe."""

    kept: list[Kept] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    by_profiles: int = 0


@dataclass(slots=True)
class Done:
    """Sections, one of each that was wanted (None without a dataset), what their new pieces share, and how they were made."""

    sections: list[sections.Section | None] = field(default_factory=list)
    shared: list[triples.Shared] = field(default_factory=list)
    made: int = 0
    failed: list[str] = field(default_factory=list)
    by_profiles: int = 0


@dataclass
class Maker:
    """Makes pieces of datasets; one per process."""

    organisations: Mapping[str, catalogue.Organisation]

    def __post_init__(self) -> None:
        self.shared: dict[str, triples.Shared] = {}
        # Finding the profiles costs more than running them.
        self.serializer = RDFSerializer(profiles=profiles())
        # Kept by ckanext-dcat for as long as a process lives.
        RDFProfile._org_cache.clear()
        self.catalogue = str(catalog_uri())
        licences = Licences(bundled_register(), further.names(fresh=True), self.catalogue)
        self.data_json = data_json_writer(licences)
        shown = {identifier: one.shown for identifier, one in self.organisations.items() if one.active}
        self.form = suitable.form(self.serializer._profiles)
        self.describer = describing.describer(self.catalogue, shown, licences)

    def stamp(self, row: catalogue.Row) -> str:
        """Return which state of a dataset a piece would be of."""
        organisation = self.organisations.get(row.organisation)
        return f"{row.modified} {organisation.stamp if organisation else ''}"

    def pieces(self, wanted: list[catalogue.Row]) -> Made:
        """Return the pieces of these datasets; what is not public gives none."""
        made = Made()
        try:
            for start in range(0, len(wanted), READ):
                some = wanted[start:start + READ]
                self._by_profiles(self._quickly(some, made) if self.form else some, made)
        finally:
            model.Session.rollback()
        return made

    def sections(self, wanted: Sequence[sections.Wanted]) -> Done:
        """Return these sections, of the old ones' pieces where they are of the same state, else of new ones."""
        pieces: dict[str, sections.Piece] = {}
        missing: list[catalogue.Row] = []
        for one in wanted:
            stamps = {row.id: self.stamp(row) for row in one.rows}
            pieces |= {old.id: old for section in one.old for old in section.pieces() if stamps.get(old.id) == old.stamp}
            missing += [row for row in one.rows if row.id not in pieces]
        made = self.pieces(missing)
        pieces |= {one.id: sections.piece(one) for one in made.kept}
        found = [[pieces[row.id] for row in one.rows if row.id in pieces] for one in wanted]
        shared = {one.key: one for kept in made.kept for one in kept.shared}
        return Done([sections.section(some) if some else None for some in found], list(shared.values()), len(made.kept), made.failed,
                    made.by_profiles)

    def _quickly(self, wanted: list[catalogue.Row], made: Made) -> list[catalogue.Row]:
        """Make the pieces of usual datasets; return the others."""
        if self.form is None:
            return wanted
        stamps = {row.id: self.stamp(row) for row in wanted}
        unusual: set[str] = set()
        for dataset in rows.read(stamps, self.form, self.describer.organisations):
            try:
                made.kept.append(self._piece_of(dataset, stamps[dataset["id"]]))
            except (Unusual, AttributeError, KeyError, TypeError, ValueError):
                # Not shaped as our schema has it: the profiles write it, or say why they cannot.
                unusual.add(dataset["id"])
        return [row for row in wanted if row.id in unusual]

    def _piece_of(self, dataset: dict[str, Any], stamp: str) -> Kept:
        if not suitable.usual(dataset):
            raise Unusual
        uri = dataset.get("uri") or f"{self.catalogue.rstrip('/')}/dataset/{dataset['id']}"
        return self._kept(dataset, stamp, uri, self.describer.piece(dataset, uri))

    def _by_profiles(self, wanted: list[catalogue.Row], made: Made) -> None:
        stamps = {row.id: self.stamp(row) for row in wanted}
        for dataset in catalogue.datasets(wanted):
            try:
                made.kept.append(self._piece(dataset, stamps[dataset["id"]]))
                made.by_profiles += 1
            except Exception:
                # One dataset that a profile can't write must not cost the others their feed; it is named in the report.
                log.exception("The dataset %s is left out of the feeds", dataset["id"])
                made.failed.append(dataset["id"])

    def _piece(self, dataset: dict[str, Any], stamp: str) -> Kept:
        organisation = dataset.get("organization")
        if organisation and organisation.get("id") in self.organisations:
            # The index may hold the organisation as it was called when the dataset last changed.
            shown = self.organisations[organisation["id"]].shown
            dataset["organization"] = {**organisation, "name": shown["name"], "title": shown["title"]}
        uri = dataset_uri(dataset)
        self.serializer.g = _Plain(bind_namespaces="none")
        ref = self.serializer.graph_from_dataset(dataset)
        return self._kept(dataset, stamp, uri, triples.piece(from_graph(self.serializer.g), str(ref), self.catalogue))

    def _kept(self, dataset: dict[str, Any], stamp: str, uri: str, piece: triples.Piece) -> Kept:
        row = orjson.dumps(self.data_json.dataset(dataset, uri)).decode()
        if len(self.shared) > SHARED:
            self.shared.clear()
        # The same object for the same content, which then goes once to the process that keeps it.
        shared = tuple(self.shared.setdefault(one.key, one) for one in piece.shared)
        return Kept(dataset["id"], stamp, row, piece.turtle, piece.json_ld, shared)


class _Plain(Graph):
    """A graph that keeps no prefixes: the files have their own, and binding some forty per dataset takes longer than its triples."""

    def bind(self, *_args: Any, **_more: Any) -> None:
        """Keep nothing."""


def profiles() -> list[str]:
    """Return the site's own profiles, without what is not in the feeds."""
    named = tk.config.get("ckanext.dcat.rdf.profiles") or DEFAULT_PROFILES
    listed = named.split() if isinstance(named, str) else list(named)
    return [name for name in listed if name not in NOT_IN_FEEDS]


def data_json_writer(licences: Licences) -> data_json.Writer:
    """Return what writes datasets of `data.json` for this site."""
    media_types = {name: row[2] for name, row in tk.h.resource_formats().items() if len(row) > 2 and row[2] and "/" in row[2]}
    return data_json.Writer(licences, config.languages()[0], tk.config["ckan.site_url"].rstrip("/"), media_types)
