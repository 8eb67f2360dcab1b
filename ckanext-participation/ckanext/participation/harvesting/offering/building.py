"""A build: which pieces are old, made anew by a few processes, and the files put together of all pieces."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import orjson
from ckan import model
from ckanext.dcat.processors import RDFSerializer
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.utils import catalog_uri, dataset_uri
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, XSD

from ckanext.participation import config
from ckanext.participation.harvesting.offering import catalogue, data_json, files, triples
from ckanext.participation.harvesting.offering.store import Kept, Store
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licences.register.loading import as_dict

log = logging.getLogger(__name__)

# Raised when pieces are made in another way, so that all are made anew.
VERSION = 1
# What people say changes without the dataset, so its pieces would be old; it is in the dataset's own RDF.
NOT_IN_FEEDS = frozenset({"participation_feedback"})
DEFAULT_PROFILES = "euro_dcat_ap_3"
PROCESSES = 2
# Fewer than these are made sooner than a process is started.
WORTH_A_PROCESS = 100
_UNIT = 50
_SETTINGS = frozenset({"ckan.site_url", "ckan.locale_default", "ckan.plugins", "scheming.dataset_schemas"})
_PART = 4_000_000
_LONGEST_SECONDS = 24 * 3600


@dataclass
class Report:
    """What a build did."""

    datasets: int = 0
    made: int = 0
    gone: int = 0
    waiting: int = 0
    failed: list[str] = field(default_factory=list)
    current: files.Current | None = None


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


def recipe() -> str:
    """Return what changes when pieces would be made in another way: settings, licences, versions."""
    settings = {key: str(value) for key, value in tk.config.items() if key.startswith("ckanext.dcat.") or key in _SETTINGS}
    versions = {name: importlib.metadata.version(name) for name in ("ckan", "ckanext-dcat", "rdflib")}
    licences = [as_dict(licence) for licence in bundled_register()]
    whole = json.dumps([VERSION, settings, versions, licences], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()


def due(now: datetime.datetime | None = None) -> bool:
    """Say whether the clock should build: something changed, and the last build is long enough ago; or it is a day old."""
    minutes = config.offering_minutes()
    if minutes <= 0 or config.offering_folder() is None:
        return False
    current = files.current()
    if current is None:
        return True
    age = ((now or _now()) - datetime.datetime.fromisoformat(current.built)).total_seconds()
    if age < minutes * 60:
        return False
    return age > _LONGEST_SECONDS or current.waiting > 0 or current.state != _state()


def build(progress: Callable[[int, int], None] = lambda _done, _made: None, *, anew: bool = False, processes: int = PROCESSES) -> Report:
    """Bring the files up to date with the catalogue; raises files.Busy while another process does.

    :param progress: called with the numbers of datasets looked at and of pieces made, after each thousand
    :param anew: work out every piece again
    """
    folder = files.folder()
    with files.lock(folder):
        files.tidy(folder, files.current(folder))
        store = Store(folder)
        try:
            report = Report()
            # Before the first look: what changes meanwhile makes the next build due.
            state = _state()
            store.made_by(recipe(), anew=anew)
            _renew(store, report, progress, processes)
            report.current = _write(store, folder, report, state)
            return report
        finally:
            store.close()


def _state() -> str:
    try:
        return f"{catalogue.state()} {recipe()[:16]}"
    finally:
        model.Session.rollback()


def _renew(store: Store, report: Report, progress: Callable[[int, int], None], processes: int) -> None:
    maker = Maker(catalogue.organisations())
    last = ""
    with _workers(maker, processes) as run:
        for batch in catalogue.batches():
            known = store.stamps(batch.first, batch.last)
            old = [row for row in batch.rows if known.get(row.id) != maker.stamp(row)]
            kept: list[Kept] = []
            for made, failed in run(old):
                kept += made
                report.failed += failed
            present = {row.id for row in batch.rows} - {row.id for row in old} | {row.id for row in kept}
            gone = known.keys() - present
            store.change(kept, gone)
            last = batch.last
            report.made += len(kept)
            report.gone += len(gone)
            report.waiting += batch.waiting
            report.datasets += len(present)
            progress(report.datasets, report.made)
    report.gone += store.forget_after(last)


Run = Callable[[list[catalogue.Row]], Iterator[tuple[list[Kept], list[str]]]]
# What a worker makes pieces with; set in the workers only.
_makers: list[Maker] = []


@contextmanager
def _workers(maker: Maker, processes: int) -> Iterator[Run]:
    """Give what makes pieces: here for a few, in processes of their own (started at the first need) for many."""
    pools: list[ProcessPoolExecutor] = []
    ours, theirs = os.pipe()

    def run(rows: list[catalogue.Row]) -> Iterator[tuple[list[Kept], list[str]]]:
        if processes < 2 or len(rows) < WORTH_A_PROCESS:
            yield maker.pieces(rows)
            return
        if not pools:
            model.Session.remove()
            pools.append(ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _start, (maker, ours, theirs)))
        yield from pools[0].map(_work, [rows[start:start + _UNIT] for start in range(0, len(rows), _UNIT)])

    try:
        yield run
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        os.close(ours)
        os.close(theirs)


def _start(maker: Maker, alive: int, held: int) -> None:
    """Begin a worker: connections of its own, and an end with the process that started it, however that one ends."""
    _makers[:] = [maker]
    if model.meta.engine is not None:
        model.meta.engine.dispose(close=False)
    model.Session.remove()
    os.close(held)
    threading.Thread(target=lambda: (os.read(alive, 1), os._exit(1)), daemon=True).start()


def _work(rows: list[catalogue.Row]) -> tuple[list[Kept], list[str]]:
    return _makers[0].pieces(rows)


def _write(store: Store, folder: Path, report: Report, state: str) -> files.Current:
    """Put the three files together of all pieces, in one pass."""
    prefixes, context = triples.head()
    about = _catalogue()
    drafts = {name: files.Draft(folder, name) for name in files.FEEDS}
    rows, turtle, graph = (drafts[name] for name in ("data.json", "data.ttl", "data.jsonld"))
    head = orjson.dumps(data_json_writer().head()).decode()
    rows.write(f'{head[:-1]},"dataset":[\n')
    turtle.write(f"{prefixes}\n{about[0]}\n")
    graph.write(f'{{"@context":{context},"@graph":[\n{about[1][:-1]},"dcat:dataset":[\n')
    keys: set[str] = set()
    with ThreadPoolExecutor(len(drafts)) as threads:
        lead = ""
        for part in _parts(store, keys):
            texts = (lead + ",\n".join(row[0] for row in part), "\n".join(row[1] for row in part) + "\n",
                     lead + ",\n".join(row[2] for row in part))
            lead = ",\n"
            # Packing takes the time, and leaves Python's lock to the others meanwhile.
            list(threads.map(lambda draft, text: draft.write(text), (rows, turtle, graph), texts))
    rows.write("\n]}\n")
    graph.write("\n]}")
    for text, node in store.shared(keys):
        turtle.write(text)
        graph.write(f",\n{node}")
    graph.write("\n]}\n")
    for draft in drafts.values():
        draft.close()
    return files.publish(folder, list(drafts.values()), _now().isoformat(timespec="seconds"), datasets=report.datasets, state=state,
                         waiting=report.waiting, failed=report.failed[:100])


def _parts(store: Store, keys: set[str]) -> Iterator[list[tuple[str, str, str, str]]]:
    part: list[tuple[str, str, str, str]] = []
    size = 0
    for row in store.pieces():
        keys.update(row[3].split())
        part.append(row)
        size += len(row[1])
        if size > _PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def _catalogue() -> tuple[str, str]:
    """Return the catalogue's own description, as the profiles give it; its last change is that of what everybody may see."""
    serializer = RDFSerializer(profiles=profiles())
    ref = URIRef(str(serializer.graph_from_catalog()))
    serializer.g.remove((ref, DCTERMS.modified, None))
    newest = catalogue.newest()
    if newest:
        serializer.g.add((ref, DCTERMS.modified, Literal(newest, datatype=XSD.dateTime)))
    model.Session.rollback()
    return triples.described(serializer.g, ref)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
