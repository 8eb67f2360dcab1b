"""Processes that write portions beside the one that reads.

A portion is one process's until that says what became of it. When the process ends instead, the portion goes to another in halves, down
to the one record with which no process lives: that one is reported, and costs no other.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from ckan import model
from sqlalchemy.exc import InterfaceError, OperationalError

from ckanext.participation.common import forking
from ckanext.participation.harvesting.engine.fence import Superseded
from ckanext.participation.harvesting.engine.handing import Portion, Tally
from ckanext.participation.harvesting.engine.importing import Importer
from ckanext.participation.harvesting.engine.problems import ServiceAway

log = logging.getLogger(__name__)

ENDED = "The record could not be imported: the process that wrote it ended, each time that it was tried."


@dataclass
class _Worker:
    process: Any
    line: Connection
    portion: Portion | None = None


@dataclass(frozen=True)
class _Failed:
    """What a process says before it ends of its own accord."""

    kind: type[Exception]
    sentence: str

    def error(self) -> Exception:
        """What it met, for the process that reads."""
        return Superseded() if self.kind is Superseded else self.kind(self.sentence)


class Workers:
    """Up to `most` processes, begun when there is something for them; with none, portions are written here.

    :param heed: is told what became of each portion
    """

    def __init__(self, importer: Importer, most: int, heed: Callable[[Tally], None]) -> None:
        self._importer = importer
        self._most = most
        self._heed = heed
        self._workers: list[_Worker] = []
        self._waiting: deque[Portion] = deque()

    def give(self, portion: Portion) -> None:
        """Hand on a portion; waits while every process has one and another is in store.

        The first is kept until there is a second: for one there is no need of a process.
        """
        self._waiting.append(portion)
        if self._most < 1:
            self._write_here()
            return
        if len(self._waiting) > 1 or self._workers:
            self._hand_out()
            while len(self._waiting) > 1:
                self._hear()

    def finish(self) -> None:
        """Wait until every portion is dealt with, and end the processes."""
        if not self._workers:
            self._write_here()
            return
        while self._waiting or any(worker.portion for worker in self._workers):
            self._hand_out()
            self._hear()
        self.close()

    def close(self) -> None:
        """End the processes, each after the transaction that it is in; what they were not given is not written."""
        self._waiting.clear()
        for worker in self._workers:
            worker.line.close()
        for worker in self._workers:
            worker.process.join()
        self._workers = []

    # -- here ----------------------------------------------------------------------------------------------------------

    def _write_here(self) -> None:
        while self._waiting:
            self._heed(self._importer.settle(self._waiting.popleft()))

    # -- there ---------------------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.portion is None]
        while self._waiting and (idle or len(self._workers) < self._most):
            worker = idle.pop() if idle else self._begin()
            worker.portion = self._waiting.popleft()
            try:
                worker.line.send(worker.portion)
            except BrokenPipeError:
                # Its end is heard of like any other.
                log.info("a process that writes had ended before it was given something")

    def _begin(self) -> _Worker:
        # The children must not find anything half done in the database's connection that they get a copy of.
        model.Session.commit()
        here, there = multiprocessing.Pipe()
        inherited = [here, *(worker.line for worker in self._workers)]
        process = multiprocessing.get_context("fork").Process(target=_work, args=(self._importer, there, inherited), daemon=True)
        process.start()
        there.close()
        self._workers.append(_Worker(process, here))
        return self._workers[-1]

    def _hear(self) -> None:
        busy = {worker.line: worker for worker in self._workers if worker.portion}
        if not busy:
            return
        # Nothing is held while others are waited for.
        model.Session.commit()
        for line in wait(list(busy)):
            worker = busy[line]  # type: ignore[index]
            try:
                said = worker.line.recv()
            except (EOFError, ConnectionError):
                self._bury(worker)
                continue
            if isinstance(said, _Failed):
                self._bury(worker, again=False)
                raise said.error()
            worker.portion = None
            self._heed(said)
        self._hand_out()

    def _bury(self, worker: _Worker, *, again: bool = True) -> None:
        """A process has ended; what it had goes to others."""
        worker.process.join()
        worker.line.close()
        self._workers.remove(worker)
        portion = worker.portion
        if not again or portion is None:
            return
        log.warning("a process that writes harvested records ended (%s) with %s records in hand", worker.process.exitcode, len(portion))
        if len(portion) == 1 and portion.again:
            self._heed(self._importer.refuse(portion, ENDED))
        else:
            # A single record gets a second process before it is blamed.
            once_more = portion.halves() if len(portion) > 1 else [Portion(portion.records, portion.gone, again=True)]
            self._waiting.extendleft(reversed(once_more))


def _work(importer: Importer, line: Connection, inherited: list[Connection]) -> None:
    """Write portions until the other end of the line is closed, also by the end of the process that holds it."""
    for other in inherited:
        other.close()
    forking.leave_connections()
    while True:
        try:
            portion = line.recv()
        except EOFError:
            return
        try:
            said: Any = importer.settle(portion)
        except Superseded as problem:
            said = _Failed(Superseded, str(problem))
        except (InterfaceError, OperationalError) as error:
            said = _Failed(ServiceAway, f"{type(error).__name__}: {str(error)[:500]}")
        except Exception as error:
            log.exception("a portion of harvested records could not be written")
            said = _Failed(RuntimeError, f"{type(error).__name__}: {str(error)[:500]}")
        try:
            line.send(said)
        except BrokenPipeError:
            return
        if isinstance(said, _Failed):
            return
