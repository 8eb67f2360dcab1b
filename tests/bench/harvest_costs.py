"""What a harvest cost: the processor time of all parts, and how two harvests compare."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from bench import processes
from bench.report import median
from bench.server import House

TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """One harvest of a catalogue with so many datasets; times in seconds, over all its processes."""

    datasets: int
    wall: float
    ckan: float
    postgresql: float
    solr: float
    megabytes: float = 0.0
    sql: float = 0.0
    posts: float = 0.0
    commits: float = 0.0
    reading: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """The processor time of all parts."""
        return self.ckan + self.postgresql + self.solr

    def each(self, part: str) -> float:
        """Milliseconds of a part per dataset."""
        return 1000 * getattr(self, part) / self.datasets


def typical(costs: Iterable[Cost], measure: Callable[[Cost], float]) -> float:
    """The median of a measure."""
    return median(measure(cost) for cost in costs)


def times(stock: Iterable[Cost], ours: Iterable[Cost], part: str, *, whole: bool = False) -> float:
    """How many times more stock's harvest cost, per dataset, or as a `whole` where both read the same number; of medians."""

    def of(cost: Cost) -> float:
        return getattr(cost, part) if whole else cost.each(part)

    return typical(stock, of) / typical(ours, of)


class Meter:
    """The processor time of a home's PostgreSQL and Solr, also of PostgreSQL's processes that have ended."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.master = int((house.home.path / "postgres" / "postmaster.pid").read_text().split()[0])
        port = house.found.solr.split("://")[1].split("/")[0].split(":")[1]
        self.solr = [int(entry.name) for entry in processes.PROC.iterdir() if entry.name.isdigit()
                     and "java" in processes.command_line(int(entry.name)).split(" ")[0]
                     and f"{house.home.path}/" in processes.command_line(int(entry.name))]
        if len(self.solr) != 1:
            raise RuntimeError(f"Solr at port {port} is not to be found among the processes: {self.solr}")

    def read(self) -> tuple[float, float]:
        """PostgreSQL's and Solr's seconds so far."""
        ended = _fields(self.master)[13:15]
        living = processes.cpu_of([self.master, *processes.children(self.master)])
        return living + sum(int(number) for number in ended) * TICK, sum(int(number) for number in _fields(self.solr[0])[11:13]) * TICK

    def settle(self) -> None:
        """Let Solr show what it was sent: what it puts off belongs to the harvest that caused it."""
        with urllib.request.urlopen(f"{self.house.found.solr}/update?commit=true&openSearcher=true", timeout=600) as reply:
            reply.read()

    def measured(self, datasets: int, harvest: Callable[[], dict[str, Any]]) -> tuple[Cost, dict[str, Any]]:
        """What the harvest cost, and what it said."""
        before = self.read()
        used = harvest()
        self.settle()
        after = self.read()
        return Cost(datasets, used["wall"], used["cpu"], after[0] - before[0], after[1] - before[1], used["megabytes"], used["sql"],
                    used["solr"], used["commits"], used["reading"], used["steps"]), used


def _fields(pid: int) -> list[str]:
    """The fields of the process' `stat` after its name: user and system time are 11 and 12, those of its ended children 13 and 14."""
    return (processes.PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
