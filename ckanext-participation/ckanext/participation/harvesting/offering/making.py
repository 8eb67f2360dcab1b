"""Pieces of datasets: ckanext-dcat's profiles and our `data.json`, run on what an anonymous reader gets."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import orjson
from ckan import model
from ckanext.dcat.processors import RDFSerializer
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.utils import catalog_uri, dataset_uri
from rdflib import Graph, URIRef

from ckanext.participation import config
from ckanext.participation.harvesting.offering import catalogue, data_json, triples
from ckanext.participation.harvesting.offering.store import Kept
from ckanext.participation.licences.register import bundled_register

log = logging.getLogger(__name__)

# What people say changes without the dataset, so its pieces would be old; it is in the dataset's own RDF.
NOT_IN_FEEDS = frozenset({"participation_feedback"})
DEFAULT_PROFILES = "euro_dcat_ap_3"


@dataclass
class Maker:
    """Makes pieces of datasets; one per process."""

    organisations: dict[str, tuple[str, str, str]]

    def __post_init__(self) -> None:
        # Finding the profiles costs more than running them.
        self.serializer = RDFSerializer(profiles=profiles())
        # Kept by ckanext-dcat for as long as a process lives.
        RDFProfile._org_cache.clear()
        self.catalogue = URIRef(catalog_uri())
        self.data_json = data_json_writer()

    def stamp(self, row: catalogue.Row) -> str:
        """Return which state of a dataset a piece would be of."""
        return f"{row.modified} {self.organisations.get(row.organisation, ('',))[0]}"

    def pieces(self, rows: list[catalogue.Row]) -> tuple[list[Kept], list[str]]:
        """Return the pieces of these datasets, and the ids of those that could not be written; what is not public gives neither."""
        kept, failed = [], []
        stamps = {row.id: self.stamp(row) for row in rows}
        for dataset in catalogue.datasets(rows):
            try:
                kept.append(self._piece(dataset, stamps[dataset["id"]]))
            except Exception:
                # One dataset that a profile can't write must not cost the others their feed; it is named in the report.
                log.exception("The dataset %s is left out of the feeds", dataset["id"])
                failed.append(dataset["id"])
        model.Session.rollback()
        return kept, failed

    def _piece(self, dataset: dict[str, Any], stamp: str) -> Kept:
        organisation = dataset.get("organization")
        if organisation and organisation.get("id") in self.organisations:
            # The index may hold the organisation as it was called when the dataset last changed.
            _, name, title = self.organisations[organisation["id"]]
            dataset["organization"] = {**organisation, "name": name, "title": title}
        uri = dataset_uri(dataset)
        self.serializer.g = _Plain(bind_namespaces="none")
        ref = self.serializer.graph_from_dataset(dataset)
        piece = triples.piece(self.serializer.g, URIRef(str(ref)), self.catalogue)
        row = orjson.dumps(self.data_json.dataset(dataset, uri)).decode()
        return Kept(dataset["id"], stamp, row, piece.turtle, piece.json_ld, tuple(piece.shared))


class _Plain(Graph):
    """A graph that keeps no prefixes: the files have their own, and binding some forty per dataset takes longer than its triples."""

    def bind(self, *_args: Any, **_more: Any) -> None:
        """Keep nothing."""


def profiles() -> list[str]:
    """Return the site's own profiles, without what is not in the feeds."""
    named = tk.config.get("ckanext.dcat.rdf.profiles") or DEFAULT_PROFILES
    listed = named.split() if isinstance(named, str) else list(named)
    return [name for name in listed if name not in NOT_IN_FEEDS]


def data_json_writer() -> data_json.Writer:
    """Return what writes datasets of `data.json` for this site."""
    media_types = {name: row[2] for name, row in tk.h.resource_formats().items() if len(row) > 2 and row[2] and "/" in row[2]}
    return data_json.Writer(bundled_register(), config.languages()[0], tk.config["ckan.site_url"].rstrip("/"), media_types)
