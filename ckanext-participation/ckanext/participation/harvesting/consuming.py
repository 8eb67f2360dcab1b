"""Jobs taken off ckanext-harvest's queue, each run in a process of its own.

Promises: a source that hangs, fills the memory or ends its process costs no other source anything; a job whose process ended is taken up
again where it was, also after a restart of this process, of Redis or of the machine; one host is asked by one job at a time.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError

from ckanext.participation import config
from ckanext.participation.common import forking
from ckanext.participation.common.model import now_of_ckan
from ckanext.participation.harvesting import ending, hosts, sentences
from ckanext.participation.harvesting.engine import patience
from ckanext.participation.harvesting.engine.fence import Superseded
from ckanext.participation.harvesting.engine.patience import Place
from ckanext.participation.harvesting.engine.problems import ServiceAway
from ckanext.participation.harvesting.stages import Stages
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.metadata import fields

log = logging.getLogger(__name__)

# What is over soon, and what a job is begun again for.
AWAY = (InterfaceError, OperationalError, ServiceAway, RedisError)
# How long the queue is waited for while nothing runs, and children while something does.
LOOK_SECONDS = 1.0
# How often jobs are looked for that no queue knows of.
STRAY_SECONDS = 60.0
# So often in a row a job's process may end before it wrote anything; each time the pause is doubled.
MAX_ATTEMPTS = 12
LONGEST_PAUSE = 60.0


@dataclass
class _Job:
    """A job that was taken: its message, host, process and place if it runs, and how its attempts went."""

    id: str
    message: str
    host: str
    process: Any = None
    place: Place = field(default_factory=Place)
    attempts: int = 0
    done: int = 0
    not_before: float = 0.0


class Consumer:
    """Runs what comes, up to `at_once` jobs beside each other, and up to `waiting` more while as many do nothing but wait for theirs."""

    def __init__(self, at_once: int | None = None, waiting: int | None = None) -> None:
        self.at_once = config.harvest_at_once() if at_once is None else at_once
        self.waiting = config.harvest_waiting() if waiting is None else waiting
        if tk.config.get("ckan.harvest.mq.type", queue.MQ_TYPE) != "redis":
            raise RuntimeError("Harvest jobs are queued in Redis; set ckan.harvest.mq.type = redis.")
        self._redis: Any = queue.get_connection()
        self._queue = queue.get_gather_routing_key()
        # Not below the queue's own name: ckanext-harvest reads every key there.
        self._taken = f"participation:{self._queue}:taken"
        self._jobs: dict[str, _Job] = {}
        self._strays = 0.0
        _load()

    def recover(self) -> None:
        """Take up what an earlier process of this kind had taken."""
        while message := self._redis.lindex(self._taken, 0):
            self._redis.rpush(self._queue, message)
            self._redis.lrem(self._taken, 0, message)

    def turn(self) -> None:
        """Reap what ended, start what may start, and wait a moment for either to change."""
        for job in [job for job in self._jobs.values() if job.process and job.process.exitcode is not None]:
            self._ended(job)
        if time.monotonic() - self._strays > STRAY_SECONDS:
            self._strays = time.monotonic()
            self._look_for_strays()
        self._start()
        running = [job.process.sentinel for job in self._jobs.values() if job.process]
        if running and not self._free():
            wait(running, LOOK_SECONDS / 2)
            return
        message = self._redis.blmove(self._queue, self._taken, LOOK_SECONDS / 4 if running else LOOK_SECONDS, "LEFT", "RIGHT")
        if message:
            self._take(message)
            self._start()

    def stop(self) -> None:
        """End the running jobs; the next start takes them up again."""
        for job in self._jobs.values():
            if job.process:
                job.process.terminate()
        for job in self._jobs.values():
            if job.process:
                job.process.join()
        self._jobs = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is queued, waits or runs."""
        return not self._jobs and not self._redis.llen(self._queue)

    # -- taking and starting -------------------------------------------------------------------------------------------

    def _take(self, message: str) -> None:
        identifier = _id_of(message)
        if not identifier:
            log.error("no harvest job: %s", message[:200])
            self._redis.lrem(self._taken, 0, message)
            return
        if identifier in self._jobs:
            # Asked for twice; it is being done.
            self._redis.lrem(self._taken, 1, message)
            return
        job = HarvestJob.get(identifier)
        host = hosts.host_of(job.source.url) if job else ""
        model.Session.remove()
        self._jobs[identifier] = _Job(identifier, message, host)

    def _start(self) -> None:
        for job in self._jobs.values():
            busy = {other.host for other in self._jobs.values() if other.process}
            if job.process is None and job.not_before <= time.monotonic() and job.host not in busy and self._free():
                # A process of its own gets none of this one's connections.
                model.Session.remove()
                job.place = Place()
                job.process = multiprocessing.get_context("fork").Process(
                    target=_run, args=(job.id, job.place.gauge), name=f"harvest {job.id}")
                job.process.start()

    def _free(self) -> bool:
        """Whether another job may begin: one that waits for its source needs no place, but the memory and connections of its process."""
        running = [job.place for job in self._jobs.values() if job.process]
        if len(running) < self.at_once:
            return True
        return len(running) < self.at_once + self.waiting and sum(not place.is_given_up() for place in running) < self.at_once

    def _look_for_strays(self) -> None:
        """Queue jobs that are under way and that nobody knows of: Redis lost them, or the database was away when they were taken."""
        known = {*self._jobs, *map(_id_of, self._redis.lrange(self._queue, 0, -1))}
        running = model.Session.scalars(
            sa.select(HarvestJob.id).where(HarvestJob.status == "Running", HarvestJob.gather_finished.is_(None)))
        strays = [identifier for identifier in running if identifier not in known]
        model.Session.remove()
        for identifier in strays:
            log.warning("harvest job %s was known to nobody; it is begun again", identifier)
            self._redis.rpush(self._queue, json.dumps({"harvest_job_id": identifier}))

    # -- ending --------------------------------------------------------------------------------------------------------

    def _ended(self, job: _Job) -> None:
        code, job.process = job.process.exitcode, None
        if code == 0 or _is_gathered(job.id):
            self._leave(job)
            return
        done = _dealt_with(job.id)
        job.attempts = 1 if done != job.done else job.attempts + 1
        job.done = done
        if job.attempts >= MAX_ATTEMPTS:
            log.error("harvest job %s was given up after %s attempts", job.id, job.attempts)
            _give_up(job.id, sentences.GIVEN_UP(number=job.attempts))
            self._leave(job)
            return
        pause = min(2.0 ** (job.attempts - 1), LONGEST_PAUSE)
        log.warning("the process of harvest job %s ended (%s); it is begun again in %s seconds", job.id, code, pause)
        job.not_before = time.monotonic() + pause

    def _leave(self, job: _Job) -> None:
        self._redis.lrem(self._taken, 0, job.message)
        del self._jobs[job.id]


def _load() -> None:
    """Read here what never changes, so that each job's process has it from the start: reading takes longer than many a source."""
    bundled_register()
    for kind in ("dataset", "resource", "organization"):
        fields.definitions(kind)
    # CKAN's tables are filled when they are first looked into.
    tk.get_action("package_show")
    tk.get_validator("not_empty")


def _id_of(message: str) -> str:
    try:
        return str(json.loads(message)["harvest_job_id"])
    except (ValueError, KeyError, TypeError):
        return ""


def _is_gathered(identifier: str) -> bool:
    found = model.Session.scalar(sa.select(HarvestJob.gather_finished).where(HarvestJob.id == identifier))
    model.Session.remove()
    return found is not None


def _dealt_with(identifier: str) -> int:
    number = model.Session.scalar(sa.select(sa.func.count()).select_from(HarvestObject).where(HarvestObject.harvest_job_id == identifier))
    model.Session.remove()
    return number or 0


def _give_up(identifier: str, sentence: str) -> None:
    job: Any = HarvestJob.get(identifier)
    HarvestGatherError.create(message=sentence, job=job)
    job.status = "Finished"
    job.gather_finished = job.finished = now_of_ckan()
    job.save()
    model.Session.remove()


# -- in the job's own process ------------------------------------------------------------------------------------------


def _run(identifier: str, gauge: patience.Gauge) -> None:
    patience.here = gauge
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    forking.leave_connections()
    try:
        run(identifier)
    except Exception:
        log.exception("harvest job %s ended before its time", identifier)
        os._exit(1)


def run(identifier: str) -> None:
    """Do one job: read its source, write what differs, finish it; what is left for the import stage is queued.

    :raises: that the database or Redis is away; the job is to be run again then
    """
    job: Any = HarvestJob.get(identifier)
    if job is None or job.status == "Finished":
        return
    harvester: Any = queue.get_harvester(job.source.type)
    if not isinstance(harvester, Stages):
        queue.gather_callback(_Nobody(), _Nobody(), None, json.dumps({"harvest_job_id": identifier}))
        return
    job.gather_started = now_of_ckan()
    job.save()
    try:
        ids = harvester.gather(job)
    except Superseded:
        # Its other process finishes it.
        return
    except AWAY:
        raise
    except Exception as error:  # noqa: BLE001  whatever a source brings: again would be no better
        ids = harvester.cut_off(job, error)
    ending.end(job, ids)


class _Nobody:
    """Whom ckanext-harvest tells that a message was done with; here the process's end says so."""

    delivery_tag = ""

    def basic_ack(self, _message: str) -> None:
        """Nothing."""
