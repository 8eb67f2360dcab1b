"""Asking many addresses side by side without ever pressing a server: the chore of the sending process.

A round takes the answers that came in, writes them down, and hands out what may be asked now; it never waits for the network, so mails do
not either. Only threads do, one for each request, each to another host; they touch no table. Every request (a second try with GET, a
redirect to another server) is one of its own and keeps the pause of the host that it goes to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from ckanext.participation import config
from ckanext.participation.common import connecting
from ckanext.participation.common.model import now
from ckanext.participation.quality.links import addresses, asking
from ckanext.participation.quality.links.asking import Errand
from ckanext.participation.quality.links.rules import Answer

# When so many hosts in a row can't be reached, it is this site that is cut off.
OUTAGE: Final = 5
LATER: Final = timedelta(hours=1)
IDLE_SECONDS: Final = 60.0


class Checker:
    """Asks addresses; one for each process. `clock` counts seconds, `today` gives the moment that is written down."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, today: Callable[[], datetime] = now,
                 resolve: connecting.Resolve | None = None) -> None:
        self.clock, self.today, self.resolve = clock, today, resolve
        self.errands: list[Errand] = []
        self.under_way: dict[Future[Errand | Answer], Errand] = {}
        self.free_at: dict[str, float] = {}
        self.unheard: set[str] = set()
        self.threads: ThreadPoolExecutor | None = None

    @property
    def idle(self) -> bool:
        """Return whether nothing is under way, nothing waits, and no host that may have more addresses is being paused for."""
        return not self.under_way and not self.errands and not self.free_at

    def go_on(self) -> None:
        """Do one round."""
        self._collect()
        self._hand_out()

    def wait(self) -> None:
        """Wait until every request under way has its answer."""
        futures.wait(list(self.under_way))

    def stop(self) -> None:
        """Take what is under way to its end, and leave the rest for another time."""
        self.wait()
        self._collect()
        self._leave({errand.host for errand in self.errands}, self.today())
        if self.threads:
            self.threads.shutdown()
            self.threads = None

    def _leave(self, hosts: set[str], until: datetime) -> None:
        """Take the errands to these hosts off the list; their addresses are asked from the start after this moment."""
        left = [errand for errand in self.errands if errand.host in hosts]
        if left:
            addresses.postpone([errand.link_id for errand in left], until)
            self.errands = [errand for errand in self.errands if errand.host not in hosts]

    def _collect(self) -> None:
        answers: dict[int, Answer] = {}
        postponed = []
        for future in [future for future in self.under_way if future.done()]:
            errand = self.under_way.pop(future)
            self.free_at[errand.host] = self.clock() + config.link_pause()
            found = future.result()
            if isinstance(found, Errand):
                self.errands.append(found)
                continue
            if found.kind == "failing" and found.status is None:
                self.unheard.add(errand.host)
                if len(self.unheard) > OUTAGE:
                    postponed.append(errand.link_id)
                    continue
            elif found.status is not None:
                self.unheard.clear()
            answers[errand.link_id] = found
            if found.wait:
                addresses.leave_alone(errand.host, self.today() + found.wait)
                self._leave({errand.host}, self.today() + found.wait)
        if answers:
            addresses.settle(answers, self.today())
        if postponed:
            addresses.postpone(postponed, self.today() + LATER)

    def _hand_out(self) -> None:
        self._forget_pauses()
        room = config.links_per_run() - len(self.under_way)
        left = config.links_per_day() - addresses.spent(self.today())
        room = min(room, left)
        if room <= 0:
            return
        if len(self.errands) < room:
            busy = {*self.free_at, *(errand.host for errand in self.errands), *(errand.host for errand in self.under_way.values())}
            self.errands += [Errand(number, url) for number, url, _host in addresses.take(room * 4, busy, self.today())]
        busy = {*self.free_at, *(errand.host for errand in self.under_way.values())}
        sent = []
        for errand in self.errands:
            if len(sent) < room and errand.host not in busy:
                busy.add(errand.host)
                sent.append(errand)
        if not sent:
            return
        addresses.spend(len(sent), self.today())
        self.threads = self.threads or ThreadPoolExecutor(config.links_per_run(), "link-check")
        for errand in sent:
            self.errands.remove(errand)
            # Made here: what the site's settings say can't be read in a thread.
            self.under_way[self.threads.submit(asking.ask, errand, asking.session(self.resolve))] = errand

    def _forget_pauses(self) -> None:
        self.free_at = {host: at for host, at in self.free_at.items() if at > self.clock()}


_checker = Checker()


def run() -> None:
    """Do one round: the chore."""
    if config.links_per_day() or not _checker.idle:
        _checker.go_on()


def seconds() -> float:
    """Return how long to wait between two rounds."""
    return IDLE_SECONDS if _checker.idle else 1.0
