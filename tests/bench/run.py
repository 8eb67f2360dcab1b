"""One run of the benchmark: how much of everything, the sites under measurement, what was found so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.conversations import Conversations
from bench.load import Client, Cost, Probe, measure
from bench.report import Figure
from bench.server import House, Web


@dataclass(frozen=True)
class Sizes:
    """How much of everything: messages per stage, the long thread of each stage, datasets, accounts, repetitions."""

    messages: tuple[int, int, int]
    threads: tuple[int, int, int]
    datasets: int
    accounts: int
    writers: int
    rounds: int
    each: int
    each_page: int
    warm_up: int
    steady: int
    seconds: float

    @property
    def text(self) -> str:
        return (f"messages in the table {', '.join(f'{n:,}' for n in self.messages)}; longest thread {self.threads[2]:,}; "
                f"{self.accounts:,} accounts; {self.datasets} datasets in both catalogues (stock has no messages and stays at this size)")


FULL = Sizes((100, 100_000, 10_000_000), (80, 50_000, 1_000_000), 300, 10_000, 100, 9, 20, 20, 500, 3000, 20)
QUICK = Sizes((100, 1_000, 5_000), (80, 500, 2_000), 24, 300, 8, 3, 5, 3, 60, 90, 3)


@dataclass
class Bench:
    """One run: its sizes, its sites, and what was found so far."""

    sizes: Sizes
    house: House
    ours: Web
    stock: Web
    made: dict[str, Any]
    talk: Conversations
    figures: list[Figure]

    def figure(self, name: str, value: float, op: Any, target: float) -> None:
        """Note a measured value against its promise."""
        self.figures.append(Figure(name, value, op, target))

    def measured(self, probes: list[Probe], *, pages: bool = False) -> dict[str, Cost]:
        """Measure with the run's repetitions; whole `pages`, stock's among them, take long and are repeated less in a quick run."""
        return measure(probes, rounds=self.sizes.rounds, each=self.sizes.each_page if pages else self.sizes.each)

    def signed_in(self, web: Web, made: dict[str, Any], number: int) -> Client:
        """Give a reader who is signed in."""
        person = made["people"][number]
        return Client(web.port).sign_in(person["name"], person["password"])
