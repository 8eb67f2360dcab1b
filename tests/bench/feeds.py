"""`make bench-feeds`: what building the whole catalogue's files costs, from nothing and after changes, beside ckanext-dcat's own pages.

The datasets are copies of a few that CKAN's actions made (`copies`). Stock is ckanext-dcat's paged catalogue, 100 datasets a page, as
Turtle, of at most 1,000 datasets of the same site. QUICK=1 takes 2,000 datasets instead of 100,000; BENCH_DATASETS another number.

What is judged is processor time: of all processes of a build from nothing, as if they shared one processor, without CKAN's start. Few
datasets do not outweigh what a build costs at least, so with less than all only what each dataset adds is judged.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import processes
from bench.harvest_costs import Meter
from bench.report import Figure, closing, table
from bench.server import House, ended_by_signal, environment, in_ckan, result_of
from layout import BIN, PYTHON
from report import say, step

TEMPLATES = 12
# Promised of so many datasets: 60 s, also on one processor, and 300 MB of each process.
PROMISED = 100_000
SECONDS = 60
MILLISECONDS = 0.6
MEGABYTES = 300
LOOKS_PER_SECOND = 2


@dataclass(frozen=True)
class Build:
    """One build: seconds by the clock, processor seconds (both without CKAN's start), largest process and all together in MB."""

    seconds: float
    ckan: float
    postgresql: float
    solr: float
    largest: float
    together: float
    said: str

    def row(self, name: str, count: int) -> tuple[object, ...]:
        """Return its line of the table."""
        whole = self.ckan + self.postgresql + self.solr
        return (name, self.seconds, self.ckan, self.postgresql, self.solr, whole, whole * 1000 / count, self.largest, self.together)


def main() -> int:
    """Fill the catalogue, build in four situations, read stock's pages; return the exit code."""
    quick = bool(os.environ.get("QUICK"))
    count = int(os.environ.get("BENCH_DATASETS") or (2000 if quick else 100_000))
    pages = min(1000, count // 10 // 100 * 100 or 100)
    say(f"bench-feeds, {'quick' if quick else 'full'}: {count:,} datasets; stock's pages of {pages:,} of them\n")
    house = House.open()
    ini = house.ours()
    with step(f"{TEMPLATES} datasets by CKAN's actions, {count:,} copies"):
        result_of(in_ckan(ini, "make", "ours", str(TEMPLATES), "1", "1"))
        inside(ini, "copy", count)
    meter = Meter(house)
    builds: dict[str, Build] = {}
    start = run(ini, meter, "status").ckan

    def build(name: str) -> None:
        with step(name[0].upper() + name[1:]):
            builds[name] = run(ini, meter, "build", "--quiet", start=start)

    build("from nothing")
    build("nothing changed")
    inside(ini, "change", max(1, count // 100))
    build("1 % changed")
    with step(f"Stock's pages of {pages:,} datasets"):
        stock = inside(ini, "stock", pages)
    with step("Pieces by the profiles"):
        slow = inside(ini, "profiles", min(300, pages))
    say(f"load of the machine: {os.getloadavg()[0]:.1f}; CKAN's start, not counted: {start:.1f} s of a processor")
    say(table(f"Three files of {count:,} datasets",
              ("build", "s", "CKAN, CPU s", "PostgreSQL", "Solr", "CPU s", "CPU ms per dataset", "largest process, MB", "all together, MB"),
              [one.row(name, count) for name, one in builds.items()]))
    say(table("Beside", ("what", "datasets", "ms per dataset", "CPU ms per dataset"), [
        ("stock's pages, Turtle only", pages, stock["seconds"] * 1000 / pages, stock["cpu"] * 1000 / pages),
        ("pieces by the profiles", slow["datasets"], slow["seconds"] * 1000 / slow["datasets"], slow["cpu"] * 1000 / slow["datasets"])]))
    for name, one in builds.items():
        say(f"  {name}: {one.said}")
    folder = Path(house.found.storage) / "participation" / "feeds"
    sizes = sorted((path.name.split("-")[0] + path.name[path.name.index("."):], path.stat().st_size) for path in folder.glob("data-*.gz"))
    say("  " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes)
        + f"; pieces {sum(path.stat().st_size for path in folder.glob('pieces*')) / 1e6:.0f} MB\n")
    return closing([*promises(builds, count), Figure("feeds-memory-mb", max(one.largest for one in builds.values()), "<=", MEGABYTES)])


def promises(builds: dict[str, Build], count: int) -> list[Figure]:
    """Return the figures of time: the promise itself of all datasets, else what each of them adds."""
    nothing, unchanged = builds["from nothing"], builds["nothing changed"]
    if count >= PROMISED:
        return [Figure("feeds-from-nothing-cpu-seconds-per-100000", nothing.ckan * PROMISED / count, "<=", SECONDS),
                Figure("feeds-1-percent-changed-cpu-seconds-per-100000", builds["1 % changed"].ckan * PROMISED / count, "<=", SECONDS)]
    return [Figure("feeds-cpu-ms-each-dataset-adds", (nothing.ckan - unchanged.ckan) * 1000 / count, "<=", MILLISECONDS)]


def inside(ini: Path, *words: object) -> Any:
    """Run a step of `bench.copies` in a process of CKAN's and return what it found."""
    return result_of(subprocess.Popen(
        [str(PYTHON), "-c", "import sys; from bench import copies; copies.run(sys.argv[1:])", str(ini), *map(str, words)], cwd=ini.parent,
        env=environment(ini), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL))


def run(ini: Path, meter: Meter, *words: str, start: float = 0.0) -> Build:
    """Run a command of the feeds as the clock does, in a process of its own."""
    log = ini.parent / "build.log"
    before = meter.read()
    with log.open("w") as out:
        process = subprocess.Popen([str(BIN / "ckan"), "-c", str(ini), "participation", "feeds", *words], cwd=ini.parent,
                                   env=environment(ini), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        ended = threading.Event()
        looks: list[float] = []
        looking = threading.Thread(target=_look, args=(process.pid, ended, looks))
        looking.start()
        _, status, used = os.wait4(process.pid, 0)
        ended.set()
        looking.join()
    after = meter.read()
    said = log.read_text(encoding="utf-8").strip().splitlines()
    last = said[-1] if said else ""
    found = re.search(r"([\d.]+) s$", last)
    # Datasets that the index did not give would make it look cheap.
    if status or ("build" in words and (not found or " 0 wait " not in last)):
        raise RuntimeError("\n".join(said[-20:]))
    # The kernel gives the largest of the process and of those that it waited for.
    return Build(float(found[1]) if found else 0.0, used.ru_utime + used.ru_stime - start, after[0] - before[0], after[1] - before[1],
                 used.ru_maxrss / 1024, max(looks, default=0.0), last)


def _look(pid: int, ended: threading.Event, looks: list[float]) -> None:
    """Note how much memory a process and its children have together, pages that they share counted once."""
    while not ended.wait(1 / LOOKS_PER_SECOND):
        looks.append(sum(map(processes.share, [pid, *processes.children(pid)])) / 2**20)


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
