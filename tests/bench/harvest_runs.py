"""Harvests in a site, each in a process of its own: the part of `make bench-harvest` that runs inside CKAN.

`serve(INI)` obeys orders, a line of JSON each, and answers each with a line of JSON. A run is forked from a process that has CKAN loaded,
as the product's consumer does; what it used is what the kernel says of it and of the processes that it waited for.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from bench import orders

# What is counted in all processes of a run, and the steps whose processor time is measured apart.
COUNTED = ("sql", "solr", "commits")
STEPS = ("mapping", "preparing", "checking", "writing rows", "hooks", "showing and documents", "sending", "notes", "activities")
OURS = ("participation_ckan", "participation_dcat")

# Shared with the processes that are forked from this one.
_tally: Any = multiprocessing.Array("d", len(COUNTED))
_steps: Any = multiprocessing.Array("d", len(STEPS))
_stack: list[float] = []


def serve(ini: str) -> None:
    """Obey orders until there are no more."""
    orders.serve(ini, {"source": source, "warm": warm, "run": run}, _count)


def source(name: str, kind: str, url: str) -> str:
    """Make a harvest source with an organisation of its own; its id."""
    import ckan.plugins.toolkit as tk

    titles = {"title_translated": {"en": name, "fr": name}} if kind in OURS else {"title": name}
    owner = tk.get_action("organization_create")(_admin(), {"name": f"{name}-owner", **titles})
    settings = {"config": '{"organizations": "source"}'} if kind in OURS else {}
    return tk.get_action("harvest_source_create")(_admin(), {
        "name": name, "title": name, "url": url, "source_type": kind, "owner_org": owner["id"], "frequency": "MANUAL", **settings})["id"]


def warm(source: str) -> dict[str, Any]:
    """Harvest a source in this process, so that those forked from it later have loaded what harvests need."""
    from ckan import model

    job = _job(source)
    _harvest(job)
    model.Session.commit()
    model.Session.remove()
    return {"job": job}


def run(source: str) -> dict[str, Any]:
    """Harvest a source in a process of its own; what became of it and what it used."""
    from ckan import model

    job = _job(source)
    model.Session.commit()
    model.Session.remove()
    for shared in (_tally, _steps):
        shared[:] = [0.0] * len(shared)
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_child, args=(job, there))
    process.start()
    there.close()
    try:
        used = here.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"the run of {source} ended with {process.exitcode}; the log says why") from None
    process.join()
    return {**used, "job": job, **dict(zip(COUNTED, _tally, strict=True)), "steps": dict(zip(STEPS, _steps, strict=True))}


def _child(job: str, line: Any) -> None:
    from ckan import model

    engine: Any = model.meta.engine
    engine.dispose(close=False)
    started = time.perf_counter()
    _harvest(job)
    wall = time.perf_counter() - started
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    line.send({"wall": wall, "cpu": sum(part.ru_utime + part.ru_stime for part in (own, workers)),
               "reading": own.ru_utime + own.ru_stime, "megabytes": max(own.ru_maxrss, workers.ru_maxrss) / 1024})
    line.close()


def _harvest(job: str) -> None:
    from ckanext.harvest.model import HarvestJob

    found: Any = HarvestJob.get(job)
    (_ours if found.source.type in OURS else _stock)(job)


def _ours(job: str) -> None:
    from ckanext.participation.harvesting import consuming

    consuming.run(job)


def _stock(job: str) -> None:
    """As ckanext-harvest's two consumers do, without the queues between them."""
    import ckan.plugins.toolkit as tk
    from ckan import model
    from ckanext.harvest import queue
    from ckanext.harvest.model import HarvestJob, HarvestObject

    found: Any = HarvestJob.get(job)
    source_id = found.source.id
    harvester = queue.get_harvester(found.source.type)
    found.gather_started = datetime.now(UTC).replace(tzinfo=None)
    ids = queue.gather_stage(harvester, found) or []
    found.gather_finished = datetime.now(UTC).replace(tzinfo=None)
    found.save()
    model.Session.remove()
    for identifier in ids:
        row: Any = HarvestObject.get(identifier)
        row.retry_times += 1
        row.save()
        queue.fetch_and_import_stages(harvester, row)
        model.Session.remove()
    tk.get_action("harvest_jobs_run")(_admin(), {"source_id": source_id})


def _job(source: str) -> str:
    import ckan.plugins.toolkit as tk
    from ckanext.harvest.model import HarvestJob

    made = tk.get_action("harvest_job_create")(_admin(), {"source_id": source, "run": False})
    job: Any = HarvestJob.get(made["id"])
    job.status = "Running"
    job.save()
    return made["id"]


def _admin() -> Any:
    import ckan.plugins.toolkit as tk
    from ckan import model

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"model": model, "session": model.Session, "user": user, "ignore_auth": True}


# -- counting ----------------------------------------------------------------------------------------------------------


def _count() -> None:
    import ckan.plugins as p
    import requests
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def add(name: str) -> None:
        with _tally.get_lock():
            _tally[COUNTED.index(name)] += 1

    event.listen(Engine, "before_cursor_execute", lambda *_: add("sql"))
    event.listen(Engine, "commit", lambda *_: add("commits"))
    send = requests.Session.request

    def request(self: Any, method: str, url: str, *words: Any, **more: Any) -> Any:
        if "/solr/" in str(url) and "/update" in str(url):
            add("solr")
        return send(self, method, url, *words, **more)

    requests.Session.request = request  # type: ignore[method-assign]
    if p.plugin_loaded("participation_harvest"):
        _time_steps()


def _time_steps() -> None:
    from ckanext.participation.harvesting.batches import checking, hooks, loading, saving, searching
    from ckanext.participation.harvesting.ckan_source import ParticipationCKANHarvester
    from ckanext.participation.harvesting.dcat_source import ParticipationDCATHarvester
    from ckanext.participation.harvesting.engine import state
    from ckanext.participation.harvesting.record import Record

    steps: dict[str, list[tuple[Any, str]]] = {
        "mapping": [(ParticipationCKANHarvester, "record"), (ParticipationDCATHarvester, "record"), (Record, "digest")],
        "preparing": [(loading, "here"), (checking, "plans"), (checking, "known")],
        "checking": [(checking, "check")],
        "writing rows": [(saving, "save"), (saving, "harvest_objects"), (searching, "mark")],
        "hooks": [(hooks, "written"), (hooks, "signalled")],
        "showing and documents": [(searching, "index")],
        "sending": [(searching, "_send")],
        "notes": [(state, "note")],
        "activities": [(hooks, "activities")],
    }
    for step, places in steps.items():
        for owner, name in places:
            setattr(owner, name, _timed(STEPS.index(step), getattr(owner, name)))


def _timed(place: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose processor time without that of other steps within it is added up."""

    def timed(*words: Any, **more: Any) -> Any:
        _stack.append(0.0)
        started = time.process_time()
        try:
            return function(*words, **more)
        finally:
            used = time.process_time() - started
            inner = _stack.pop()
            if _stack:
                _stack[-1] += used
            with _steps.get_lock():
                _steps[place] += used - inner

    return timed
