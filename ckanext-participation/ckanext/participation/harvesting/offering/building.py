"""A build: which pieces are old, made anew by a few processes, and the files put together of all pieces."""

from __future__ import annotations

import datetime
import gc
import hashlib
import importlib.metadata
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import ckan.plugins.toolkit as tk
import orjson
from ckan import model
from ckanext.dcat.processors import RDFSerializer
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, XSD

from ckanext.participation import config
from ckanext.participation.common import forking
from ckanext.participation.harvesting.offering import catalogue, files, triples
from ckanext.participation.harvesting.offering.data_json import head
from ckanext.participation.harvesting.offering.making import Made, Maker, profiles
from ckanext.participation.harvesting.offering.statements import from_graph
from ckanext.participation.harvesting.offering.store import Kept, Store
from ckanext.participation.licences import further
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licences.register.loading import as_dict

# Raised when pieces are made in another way, so that all are made anew.
VERSION = 2
PROCESSES = 2
# Fewer than these are made sooner than a process is started.
WORTH_A_PROCESS = 100
_UNIT = 250
_SETTINGS = frozenset({"ckan.site_url", "ckan.locale_default", "ckan.plugins", "scheming.dataset_schemas"})
_PART = 1_000_000
_LONGEST_SECONDS = 24 * 3600


@dataclass
class Report:
    """What a build did."""

    datasets: int = 0
    made: int = 0
    gone: int = 0
    waiting: int = 0
    failed: list[str] = field(default_factory=list)
    by_profiles: int = 0
    current: files.Current | None = None


def recipe() -> str:
    """Return what changes when pieces would be made in another way: settings, licences and names of licences, versions."""
    settings = {key: str(value) for key, value in tk.config.items() if key.startswith("ckanext.dcat.") or key in _SETTINGS}
    whole = json.dumps([_given(), settings, dict(further.names(fresh=True))], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


@cache
def _given() -> str:
    """Return the digest of what cannot change while a process lives: versions and the register."""
    versions = {name: importlib.metadata.version(name) for name in ("ckan", "ckanext-dcat", "rdflib")}
    whole = json.dumps([VERSION, versions, [as_dict(licence) for licence in bundled_register()]], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()


def due(now: datetime.datetime | None = None) -> bool:
    """Say whether the clock should build: something changed, and the last build is long enough ago; or it is a day old."""
    minutes = config.offering_minutes()
    if minutes <= 0 or config.offering_folder() is None:
        return False
    current = files.current()
    if current is None:
        return True
    if _departed(current):
        return True
    age = ((now or _now()) - datetime.datetime.fromisoformat(current.built)).total_seconds()
    if age < minutes * 60:
        return False
    return age > _LONGEST_SECONDS or current.waiting > 0 or current.state != _state()


def _departed(current: files.Current) -> bool:
    """Say whether a dataset that was public at the last build is not any more: it must not wait for the others' changes."""
    moment = current.public.partition(" ")[0]
    try:
        return not moment or catalogue.those_public(datetime.datetime.fromisoformat(moment)) != current.public
    finally:
        model.Session.rollback()


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
            state, public = _state(), catalogue.those_public(_now().replace(tzinfo=None))
            store.made_by(recipe(), anew=anew)
            _renew(store, report, progress, processes)
            report.current = _write(store, folder, report, state, public)
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
            for made in run(old):
                kept += made.kept
                report.failed += made.failed
                report.by_profiles += made.by_profiles
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


Run = Callable[[list[catalogue.Row]], Iterator[Made]]
# What a worker makes pieces with; set in the workers only.
_makers: list[Maker] = []


@contextmanager
def _workers(maker: Maker, processes: int) -> Iterator[Run]:
    """Give what makes pieces: here for a few, in processes of their own (started at the first need) for many."""
    pools: list[ProcessPoolExecutor] = []
    ours, theirs = os.pipe()

    def run(rows: list[catalogue.Row]) -> Iterator[Made]:
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
    forking.leave_connections()
    os.close(held)
    # What is there now stays: not to be looked through again and again.
    gc.freeze()
    threading.Thread(target=lambda: (os.read(alive, 1), os._exit(1)), daemon=True).start()


def _work(rows: list[catalogue.Row]) -> Made:
    return _makers[0].pieces(rows)


def _write(store: Store, folder: Path, report: Report, state: str, public: str) -> files.Current:
    """Put the three files together of all pieces, in one pass."""
    prefixes, context = triples.head()
    about = _catalogue()
    drafts = {name: files.Draft(folder, name) for name in files.FEEDS}
    rows, turtle, graph = (drafts[name] for name in ("data.json", "data.ttl", "data.jsonld"))
    start = orjson.dumps(head(tk.config["ckan.site_url"].rstrip("/"))).decode()
    rows.write(f'{start[:-1]},"dataset":[\n')
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
                         public=public, waiting=report.waiting, failed=report.failed[:100])


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
    for before in list(serializer.g.objects(ref, DCTERMS.modified)):
        # ckanext-dcat asks with all rights, and would tell of a private dataset's change.
        serializer.g.remove((ref, DCTERMS.modified, before))
    newest = catalogue.newest()
    if newest:
        serializer.g.add((ref, DCTERMS.modified, Literal(newest, datatype=XSD.dateTime)))
    model.Session.rollback()
    return triples.described(from_graph(serializer.g), str(ref))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
