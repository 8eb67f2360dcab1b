"""A build: whether one is due, the sections brought up to date (`renewing`), and the files put together of them."""

from __future__ import annotations

import datetime
import gc
import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ckan.plugins.toolkit as tk
import orjson
from ckan import model
from ckanext.dcat.processors import RDFSerializer
from rdflib import Literal, URIRef
from rdflib.namespace import DCTERMS, XSD

from ckanext.participation import config
from ckanext.participation.harvesting.offering import catalogue, files, packing, triples
from ckanext.participation.harvesting.offering.data_json import head
from ckanext.participation.harvesting.offering.making import Maker, profiles
from ckanext.participation.harvesting.offering.renewing import Contents, Report, renew
from ckanext.participation.harvesting.offering.sections import BETWEEN
from ckanext.participation.harvesting.offering.statements import from_graph
from ckanext.participation.harvesting.offering.store import Store
from ckanext.participation.licences import further
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licences.register.loading import as_dict

# Raised when pieces are made in another way, so that all are made anew.
VERSION = 3
PROCESSES = 2
_SETTINGS = frozenset({"ckan.site_url", "ckan.locale_default", "ckan.plugins", "scheming.dataset_schemas"})
_LONGEST_SECONDS = 24 * 3600


@dataclass
class Built(Report):
    """What a build did, and what is served since."""

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


def build(progress: Callable[[int, int], None] = lambda _done, _made: None, *, anew: bool = False, processes: int = PROCESSES) -> Built:
    """Bring the files up to date with the catalogue; raises files.Busy while another process does.

    :param progress: called with the numbers of datasets looked at and of pieces made, after each thousand
    :param anew: work out every piece again
    """
    folder = files.folder()
    with files.lock(folder), _frozen():
        files.tidy(folder, files.current(folder))
        store = Store(folder)
        try:
            report = Built()
            # Before the first look: what changes meanwhile makes the next build due.
            state, public = _state(), catalogue.those_public(_now().replace(tzinfo=None))
            store.made_by(recipe(), anew=anew)
            drafts = _write(store, folder, renew(store, Maker(catalogue.organisations()), report, progress, processes))
            report.current = files.publish(
                folder, drafts, _now().isoformat(timespec="seconds"), datasets=report.datasets, state=state, public=public,
                waiting=report.waiting, failed=report.failed[:100])
            return report
        finally:
            store.close()


@contextmanager
def _frozen() -> Iterator[None]:
    """Spare the collector what CKAN has in memory, which it would look through again and again."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _state() -> str:
    try:
        return f"{catalogue.state()} {recipe()[:16]}"
    finally:
        model.Session.rollback()


def _write(store: Store, folder: Path, contents: Contents) -> list[files.Draft]:
    """Put the three files together of all sections, which are packed already."""
    prefixes, context = triples.head()
    about = _catalogue()
    drafts = [files.Draft(folder, name) for name in files.FEEDS]
    rows, turtle, graph = drafts
    start = orjson.dumps(head(tk.config["ckan.site_url"].rstrip("/"))).decode()
    rows.write(f'{start[:-1]},"dataset":[\n')
    turtle.write(f"{prefixes}\n{about[0]}\n")
    graph.write(f'{{"@context":{context},"@graph":[\n{about[1][:-1]},"dcat:dataset":[\n')
    between = [packing.packed(text) for text in BETWEEN]
    for place, number in enumerate(contents.sections):
        for draft, part, separator in zip(drafts, store.section(number).texts, between, strict=True):
            if place:
                draft.add(separator)
            draft.add(part)
    rows.write("\n]}\n")
    turtle.write("\n")
    graph.write("\n]}")
    for text, node in store.shared(contents.shared):
        turtle.write(text)
        graph.write(f",\n{node}")
    graph.write("\n]}\n")
    for draft in drafts:
        draft.close()
    return drafts


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
