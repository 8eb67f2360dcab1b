"""Which sections the catalogue has, and those that changed made anew: a few here, many by processes of their own."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile

from ckan import model

from ckanext.participation.common import forking
from ckanext.participation.harvesting.offering import catalogue
from ckanext.participation.harvesting.offering.making import Done, Maker
from ckanext.participation.harvesting.offering.sections import Member, Wanted, cut
from ckanext.participation.harvesting.offering.store import Known, Store

# Fewer than these are made sooner than a process is started.
WORTH_A_PROCESS = 100
# What a process is given at once; and what is looked at at once where nothing changed.
UNIT = 400
LOOKED_AT = 2000
# What waits beside what is being made.
_AHEAD = 2


@dataclass
class Report:
    """What a build did."""

    datasets: int = 0
    made: int = 0
    gone: int = 0
    waiting: int = 0
    failed: list[str] = field(default_factory=list)
    by_profiles: int = 0


@dataclass
class Contents:
    """What the files hold: numbers of sections in their order, and keys of what their pieces share."""

    sections: list[int] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)

    def take(self, number: int, members: Sequence[Member]) -> int:
        """Add a section; return of how many datasets it is."""
        self.sections.append(number)
        self.shared.update(*(member.shared for member in members))
        return len(members)


@dataclass(slots=True)
class _Step:
    """A section that the catalogue has: the number of the one that is kept and the same, else what a new one is made of."""

    rows: list[catalogue.Row]
    same: int | None
    members: Sequence[Member]
    old: list[int]


def renew(store: Store, maker: Maker, report: Report, progress: Callable[[int, int], None], processes: int) -> Contents:
    """Keep every section that the catalogue has, and no other; return them."""
    found = Contents()
    with _workers(maker, processes) as run:
        for steps, done in run(_jobs(_steps(store, maker, report)), store):
            # One whose datasets all went meanwhile, or cannot be written, is none.
            new = [one for one in done.sections if one]
            added = iter(zip(store.add(new, done.shared), new, strict=True))
            made = iter(done.sections)
            for step in steps:
                if step.same is not None:
                    report.datasets += found.take(step.same, step.members)
                elif next(made):
                    number, section = next(added)
                    report.datasets += found.take(number, section.members)
            report.made += done.made
            report.failed += done.failed
            report.by_profiles += done.by_profiles
            progress(report.datasets, report.made)
    store.keep(found.sections)
    return found


def _steps(store: Store, maker: Maker, report: Report) -> Iterator[_Step]:
    """Yield each section that the catalogue has, beside what is kept of its datasets; count what is kept of others."""
    known = deque(store.known())
    after = ""
    for rows in cut(_public(report)):
        last = rows[-1].id
        old = _members(store, known, after, last)
        wanted = [(row.id, maker.stamp(row)) for row in rows]
        same = next((number for number, members in old.items() if [member[:2] for member in members] == wanted), None)
        report.gone += len({one.id for members in old.values() for one in members if after < one.id <= last} - {row.id for row in rows})
        yield _Step(rows, same, old[same] if same is not None else (), list(old))
        after = last
    report.gone += len({one.id for members in _members(store, known, after, None).values() for one in members if one.id > after})


def _public(report: Report) -> Iterator[catalogue.Row]:
    for batch in catalogue.batches():
        report.waiting += batch.waiting
        yield from batch.rows


def _members(store: Store, known: deque[Known], after: str, last: str | None) -> dict[int, list[Member]]:
    """Return what is in the sections that are kept of datasets after one, up to another; forget those before."""
    while known and known[0].last <= after:
        known.popleft()
    near = takewhile(lambda one: last is None or one.first <= last, known)
    return {one.number: store.members(one.number) for one in near if one.last > after}


def _jobs(steps: Iterable[_Step]) -> Iterator[list[_Step]]:
    """Yield the steps, some at a time: as many as a process is given, or as are looked at."""
    job: list[_Step] = []
    new = looked_at = 0
    for step in steps:
        job.append(step)
        looked_at += len(step.rows)
        new += 0 if step.same is not None else len(step.rows)
        if new >= UNIT or looked_at >= LOOKED_AT:
            yield job
            job, new, looked_at = [], 0, 0
    if job:
        yield job


Run = Callable[[Iterable[list[_Step]], Store], Iterator[tuple[list[_Step], Done]]]
# What a worker makes pieces with; set in the workers only.
_makers: list[Maker] = []


@contextmanager
def _workers(maker: Maker, processes: int) -> Iterator[Run]:
    """Give what makes sections: here for a few, in processes of their own (started at the first need) for many."""
    pools: list[ProcessPoolExecutor] = []
    ours, theirs = os.pipe()

    def begin(wanted: list[Wanted]) -> Done | Future[Done]:
        if processes < 2 or sum(len(one.rows) for one in wanted) < WORTH_A_PROCESS:
            return maker.sections(wanted)
        if not pools:
            model.Session.remove()
            pools.append(ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _start, (maker, ours, theirs)))
        return pools[0].submit(_work, wanted)

    def run(jobs: Iterable[list[_Step]], store: Store) -> Iterator[tuple[list[_Step], Done]]:
        begun: deque[tuple[list[_Step], Done | Future[Done]]] = deque()
        for steps in jobs:
            begun.append((steps, begin([_wanted(step, store) for step in steps if step.same is None])))
            if len(begun) > processes + _AHEAD:
                yield _ended(*begun.popleft())
        while begun:
            yield _ended(*begun.popleft())

    try:
        yield run
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        os.close(ours)
        os.close(theirs)


def _wanted(step: _Step, store: Store) -> Wanted:
    return Wanted(step.rows, [store.section(number) for number in step.old])


def _ended(steps: list[_Step], done: Done | Future[Done]) -> tuple[list[_Step], Done]:
    return steps, done.result() if isinstance(done, Future) else done


def _start(maker: Maker, alive: int, held: int) -> None:
    """Begin a worker: connections of its own, and an end with the process that started it, however that one ends."""
    _makers[:] = [maker]
    forking.leave_connections()
    os.close(held)
    # What is there now stays: not to be looked through again and again.
    gc.freeze()
    threading.Thread(target=lambda: (os.read(alive, 1), os._exit(1)), daemon=True).start()


def _work(wanted: list[Wanted]) -> Done:
    return _makers[0].sections(wanted)
