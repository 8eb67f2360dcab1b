"""`make bench-harvest`: what harvesting costs, beside ckanext-harvest's CKANHarvester and ckanext-dcat's DCATRDFHarvester in the same run.

Stock's harvesters run in a stock CKAN with its own schema, ours in a site with all our plugins; both read the same portals over HTTP, which
a process of its own synthesises from recorded ones (`harvest_source`), and write to the same PostgreSQL, Redis and Solr. They take turns,
after both have warmed the services and themselves. Compared is the processor time of CKAN's, PostgreSQL's and Solr's processes.

QUICK=1 takes 40 datasets for stock and 400 for ours, once; else 200 and 1,000, three times, and 100,000 for ours at the end.
BENCH_DATASETS is another number instead of 100,000; 0 leaves it out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import postgres
from bench.harvest_costs import Cost, Meter, times, typical
from bench.harvest_runs import STEPS
from bench.orders import Orders
from bench.report import Figure, closing, table
from bench.server import STOCK, House, ended_by_signal, environment
from layout import BIN, PYTHON, free_port
from report import say, step, wait_until

PLUGINS = "dcat harvest ckan_harvester dcat_rdf_harvester"
KINDS = {"stock": {"ckan": "ckan", "dcat": "dcat_rdf"}, "ours": {"ckan": "participation_ckan", "dcat": "participation_dcat"}}
MEGABYTES = 300
WARM_UP = 20


@dataclass(frozen=True)
class Sizes:
    """How many datasets stock and ours read in a round, how many rounds there are, how many datasets the large catalogues have, and after
    how many harvests like the measured ones the rounds begin: a search server whose code is not compiled yet costs three times as much."""

    stock: int
    ours: int
    rounds: int
    large: int
    before: int


FULL, QUICK = Sizes(200, 1000, 3, 100_000, 4), Sizes(40, 400, 1, 0, 0)


@dataclass
class Bench:
    """One run: the sites, the portals' address, and what every harvest cost by `(whose, of what, in which situation)`."""

    house: House
    meter: Meter
    sites: dict[str, Orders]
    portals: str
    costs: dict[tuple[str, str, str], list[Cost]] = field(default_factory=dict)
    number: int = 0
    deleted: int = 0

    def switch(self, number: int, **values: int) -> None:
        """Make a catalogue, or change what it says."""
        urllib.request.urlopen(f"{self.portals}/switch/{number}?{urllib.parse.urlencode(values)}", timeout=60).read()

    def catalogue(self, whose: str, kind: str, count: int, **values: int) -> tuple[int, str]:
        """A new catalogue and a source that reads it: their number and id."""
        self.number += 1
        self.switch(self.number, count=count, **values)
        source = self.sites[whose].give("source", name=f"bench-{self.number}", kind=KINDS[whose][kind],
                                       url=f"{self.portals}/{kind}/{self.number}")
        return self.number, source

    def harvest(self, situation: tuple[str, str, str] | None, whose: str, source: str, count: int, **expected: int) -> Cost:
        """Harvest a source once; the report must say what is expected."""
        cost, used = self.meter.measured(count, lambda: self.sites[whose].give("run", source=source))
        rows = dict(self.house.sql("SELECT coalesce(report_status, 'none'), count(*) FROM harvest_object WHERE harvest_job_id = %s GROUP BY 1",
                                   used["job"], name=STOCK if whose == "stock" else postgres.DATABASE))
        found = {name: rows.get(name, 0) for name in ("added", "updated", "deleted", "errored")}
        wanted = dict.fromkeys(found, 0) | expected
        if found != wanted:
            raise RuntimeError(f"{situation or whose}: {found} instead of {wanted}; {self._reasons(whose, used['job'])}")
        self.deleted += found["deleted"]
        if situation:
            say(f"       {' '.join(situation)}: {cost.each('wall'):.1f} ms, CPU {cost.each('cpu'):.2f} ms a dataset")
            self.costs.setdefault(situation, []).append(cost)
        return cost

    def _reasons(self, whose: str, job: str) -> str:
        database = STOCK if whose == "stock" else postgres.DATABASE
        gathered = self.house.sql("SELECT message FROM harvest_gather_error WHERE harvest_job_id = %s LIMIT 3", job, name=database)
        imported = self.house.sql("SELECT e.message FROM harvest_object_error e JOIN harvest_object o ON o.id = e.harvest_object_id "
                                  "WHERE o.harvest_job_id = %s LIMIT 3", job, name=database)
        return " | ".join(str(row[0])[:300] for row in gathered + imported)

    # -- the situations ------------------------------------------------------------------------------------------------

    def ckan(self, whose: str, count: int) -> None:
        """A first import, a run in which nothing changed, one in which 1 % did, and the same where one dataset always fails."""
        number, source = self.catalogue(whose, "ckan", count)
        some = (count + 99) // 100
        self.harvest((whose, "ckan", "first"), whose, source, count, added=count)
        self.harvest((whose, "ckan", "identical"), whose, source, count)
        self.switch(number, changed=1)
        self.harvest((whose, "ckan", "1 % changed"), whose, source, count, updated=some)
        if whose == "ours":
            self.house.sql("UPDATE participation_harvest_run SET started = started - interval '40 days' WHERE source_id = %s", source)
            self.harvest((whose, "ckan", "all compared by content"), whose, source, count)
            self.switch(number, lost=2)
            self.harvest((whose, "ckan", "two deleted"), whose, source, count, deleted=2)
        _, source = self.catalogue(whose, "ckan", count, failing=1)
        self.harvest((whose, "ckan", "first"), whose, source, count, added=count, errored=1)
        self.harvest((whose, "ckan", "one always fails"), whose, source, count, errored=1)

    def small(self, count: int) -> None:
        """Ours with as many datasets as stock: what a run costs in which nothing changed must be compared at one size."""
        _, source = self.catalogue("ours", "ckan", count)
        self.harvest(None, "ours", source, count, added=count)
        self.harvest(("ours", "ckan", "identical, as many as stock"), "ours", source, count)

    def dcat(self, whose: str, count: int) -> None:
        """A first import, an identical run, one with 1 % changed, and an identical one of pages that have an ETag."""
        number, source = self.catalogue(whose, "dcat", count)
        some = (count + 99) // 100
        all_updated = {"updated": count} if whose == "stock" else {}
        self.harvest((whose, "dcat", "first"), whose, source, count, added=count)
        self.harvest((whose, "dcat", "identical"), whose, source, count, **all_updated)
        self.switch(number, changed=1)
        self.harvest((whose, "dcat", "1 % changed"), whose, source, count, **(all_updated or {"updated": some}))
        if whose == "ours":
            self.switch(number, tags=1)
            self.harvest(None, whose, source, count)
            self.harvest((whose, "dcat", "identical, pages with an ETag"), whose, source, count)

    def large(self, kind: str, count: int) -> None:
        """A first import and an identical run of a large catalogue, ours only."""
        _, source = self.catalogue("ours", kind, count)
        self.harvest(("ours", kind, f"first, {count:,}"), "ours", source, count, added=count)
        self.harvest(("ours", kind, f"identical, {count:,}"), "ours", source, count)

    def warm(self, sizes: Sizes) -> None:
        """Let every part do what it will be measured at."""
        for whose in ("stock", "ours"):
            for kind in ("ckan", "dcat"):
                _, source = self.catalogue(whose, kind, WARM_UP)
                self.sites[whose].give("warm", source=source)
        for _ in range(sizes.before):
            for whose, count in (("stock", WARM_UP), ("ours", sizes.ours)):
                for kind in ("ckan", "dcat"):
                    _, source = self.catalogue(whose, kind, count)
                    self.harvest(None, whose, source, count, added=count)


def main() -> int:
    """Run the rounds, print what they cost, and return the exit code."""
    sizes = QUICK if os.environ.get("QUICK") else FULL
    large = int(os.environ.get("BENCH_DATASETS") or sizes.large)
    say(f"bench-harvest: {sizes.rounds} rounds of {sizes.stock:,} datasets for stock and {sizes.ours:,} for ours"
        + (f", then {large:,} for ours" if large else "") + f"; load {os.getloadavg()[0]:.1f}\n")
    house = House.open()
    with serving(house) as bench:
        with step("Warming up"):
            bench.warm(sizes)
        for turn in range(sizes.rounds):
            with step(f"Round {turn + 1}"):
                bench.ckan("stock", sizes.stock)
                bench.ckan("ours", sizes.ours)
                bench.small(sizes.stock)
                bench.dcat("stock", sizes.stock)
                bench.dcat("ours", sizes.ours)
        for kind in ("ckan", "dcat") if large else ():
            with step(f"{large:,} datasets by {kind.upper()}"):
                bench.large(kind, large)
    print_tables(bench)
    return closing(figures(bench, sizes, large))


@contextmanager
def serving(house: House) -> Iterator[Bench]:
    """Start the portals and both sites; stop them at the end of the block."""
    port = free_port()
    allowed = {"participation.fetch.allow": f"127.0.0.1:{port}", "participation.harvest.seconds": "36000"}
    ours, stock = house.ours(**allowed), house.stock(**{"ckan.plugins": PLUGINS, "ckan.harvest.mq.type": "redis"})
    portals = subprocess.Popen(
        [str(PYTHON), "-c", "import sys; from bench import harvest_source; harvest_source.serve(int(sys.argv[1]))", str(port)],
        env=environment(ours), cwd=ours.parent, stdin=subprocess.DEVNULL)
    sites: dict[str, Orders] = {}
    try:
        with step("The stock site's database"):
            for words in (["db", "upgrade"], ["db", "pending-migrations", "--apply"]):
                made = subprocess.run([str(BIN / "ckan"), "-c", str(stock), *words], cwd=stock.parent, env=environment(stock),
                                      capture_output=True, text=True, check=False)
                if made.returncode:
                    raise RuntimeError(made.stderr[-2000:])
        sites |= {"stock": _site(house, "stock", stock), "ours": _site(house, "ours", ours)}
        wait_until(lambda: _answers(port), "the portals", 120)
        yield Bench(house, Meter(house), sites, f"http://127.0.0.1:{port}")
    finally:
        for site in sites.values():
            site.stop()
        portals.terminate()
        portals.wait()


def _site(house: House, name: str, ini: Path) -> Orders:
    return Orders(house.home.log / f"harvest-{name}.log", "bench.harvest_runs", ini)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/switch/0?count=0", timeout=10).read()
    except (urllib.error.URLError, OSError):
        return False
    return True


# -- what is said ------------------------------------------------------------------------------------------------------


def print_tables(bench: Bench) -> None:
    """Print what each situation cost per dataset, and the steps of our first imports."""
    rows = []
    for (whose, kind, situation), costs in bench.costs.items():
        rows.append((f"{kind.upper()}, {situation}, {whose}", costs[0].datasets,
                     *(typical(costs, lambda cost, part=part: cost.each(part)) for part in ("wall", "ckan", "postgresql", "solr", "cpu")),
                     typical(costs, lambda cost: cost.datasets / cost.wall), typical(costs, lambda cost: cost.sql / cost.datasets),
                     typical(costs, lambda cost: cost.posts), max(cost.megabytes for cost in costs)))
    say(table("Milliseconds per dataset of the catalogue; CPU is the sum of the three before it", (
        "harvest", "datasets", "wall", "CKAN", "PostgreSQL", "Solr", "CPU", "datasets/s", "SQL", "Solr posts a run", "largest process, MB"), rows))
    firsts = [(key, costs) for key, costs in bench.costs.items() if key[0] == "ours" and key[2].startswith("first")]
    parts = {step: [typical(costs, lambda cost, step=step: 1000 * cost.steps[step] / cost.datasets) for _, costs in firsts] for step in STEPS}
    rest = [typical(costs, lambda cost: 1000 * (cost.ckan - sum(cost.steps.values())) / cost.datasets) for _, costs in firsts]
    say(table("Our first imports by step: CKAN's CPU, milliseconds per dataset",
              ("step", *(f"{key[1].upper()}, {key[2]}" for key, _ in firsts)),
              [*((step, *values) for step, values in parts.items()), ("reading, comparing, handing on", *rest)]))


def figures(bench: Bench, sizes: Sizes, large: int) -> list[Figure]:
    """What was promised and what was found. Where a promise names no part, it is about the CPU of all parts."""

    def against(kind: str, situation: str, stock: str = "", part: str = "cpu", *, whole: bool = False) -> float:
        return times(bench.costs["stock", kind, stock or situation], bench.costs["ours", kind, situation], part, whole=whole)

    found = [
        Figure("harvest-ckan-first-wall-times", against("ckan", "first", part="wall"), ">=", 16),
        Figure("harvest-ckan-first-cpu-times", against("ckan", "first"), ">=", 12),
        Figure("harvest-dcat-first-wall-times", against("dcat", "first", part="wall"), ">=", 10),
        Figure("harvest-dcat-first-cpu-times", against("dcat", "first"), ">=", 7),
        Figure("harvest-dcat-identical-times", against("dcat", "identical"), ">=", 300),
        Figure("harvest-dcat-1-percent-times", against("dcat", "1 % changed"), ">=", 100),
        Figure("harvest-ckan-identical-times", against("ckan", "identical, as many as stock", "identical", whole=True), ">=", 1),
        Figure("harvest-ckan-deletions-seen", bench.deleted, ">=", 2 * sizes.rounds),
        Figure("harvest-ckan-one-fails-times", against("ckan", "one always fails"), ">=", 100),
        Figure("harvest-memory-mb", max(cost.megabytes for key, costs in bench.costs.items() for cost in costs if key[0] == "ours"),
               "<=", MEGABYTES),
    ]
    if large:
        for kind in ("ckan", "dcat"):
            many, few = bench.costs["ours", kind, f"first, {large:,}"], bench.costs["ours", kind, "first"]
            found.append(Figure(f"harvest-{kind}-large-times-small", times(many, few, "cpu"), "<=", 1.3))
    return found


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
