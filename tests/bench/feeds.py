"""`make bench-feeds`: what building the whole catalogue's files costs, from nothing and after changes, beside ckanext-dcat's own pages.

The datasets are copies of a few that CKAN's actions made (`copies`). Stock is ckanext-dcat's paged catalogue, 100 datasets a page, as
Turtle, of at most 1,000 datasets of the same site. QUICK=1 takes 2,000 datasets instead of 100,000; BENCH_DATASETS another number.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import Figure, closing, table
from bench.server import House, ended_by_signal, environment, in_ckan, result_of
from layout import BIN, PYTHON
from report import say, step

TEMPLATES = 12
# Promised of 100,000 datasets: 60 s and 300 MB.
MILLISECONDS = 0.6
MEGABYTES = 300


@dataclass(frozen=True)
class Build:
    """One build: seconds without CKAN's start, processor time and largest process with it."""

    seconds: float
    cpu: float
    megabytes: float
    said: str


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
    builds: dict[str, Build] = {}
    with step("From nothing"):
        builds["from nothing"] = build(ini)
    with step("Nothing changed"):
        builds["nothing changed"] = build(ini)
    with step("1 % changed"):
        inside(ini, "change", count // 100)
        builds["1 % changed"] = build(ini)
    with step(f"Stock's pages of {pages:,} datasets"):
        stock = inside(ini, "stock", pages)
    with step("Pieces by the profiles"):
        slow = inside(ini, "profiles", min(300, pages))
    rows: list[tuple[object, ...]] = [(name, one.seconds, one.seconds * 1000 / count, one.cpu * 1000 / count, one.megabytes)
                                      for name, one in builds.items()]
    rows.append((f"stock's pages, {pages:,} datasets, Turtle only", stock["seconds"], stock["seconds"] * 1000 / pages,
                 stock["cpu"] * 1000 / pages, "–"))
    rows.append((f"pieces of {slow['datasets']:,} by the profiles", slow["seconds"], slow["seconds"] * 1000 / slow["datasets"],
                 slow["cpu"] * 1000 / slow["datasets"], "–"))
    say(f"load of the machine: {os.getloadavg()[0]:.1f}")
    say(table(f"Three files of {count:,} datasets", ("build", "s", "ms per dataset", "CPU ms per dataset", "largest process, MB"), rows))
    for name, one in builds.items():
        say(f"  {name}: {one.said}")
    folder = Path(house.found.storage) / "participation" / "feeds"
    sizes = sorted((path.name.split("-")[0] + path.name[path.name.index("."):], path.stat().st_size) for path in folder.glob("data-*.gz"))
    say("  " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes)
        + f"; pieces {sum(path.stat().st_size for path in folder.glob('pieces*')) / 1e6:.0f} MB\n")
    return closing([
        *(Figure(f"feeds-{name.replace(' %', '-percent').replace(' ', '-')}-ms-per-dataset", one.seconds * 1000 / count, "<=", MILLISECONDS)
          for name, one in builds.items()),
        Figure("feeds-memory-mb", max(one.megabytes for one in builds.values()), "<=", MEGABYTES),
    ])


def inside(ini: Path, *words: object) -> Any:
    """Run a step of `bench.copies` in a process of CKAN's and return what it found."""
    return result_of(subprocess.Popen(
        [str(PYTHON), "-c", "import sys; from bench import copies; copies.run(sys.argv[1:])", str(ini), *map(str, words)], cwd=ini.parent,
        env=environment(ini), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL))


def build(ini: Path) -> Build:
    """Build as the clock does, in a process of its own."""
    log = ini.parent / "build.log"
    with log.open("w") as out:
        process = subprocess.Popen([str(BIN / "ckan"), "-c", str(ini), "participation", "feeds", "build", "--quiet"], cwd=ini.parent,
                                   env=environment(ini), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
    said = log.read_text(encoding="utf-8").strip().splitlines()
    found = re.search(r"([\d.]+) s$", said[-1]) if said else None
    # Datasets that the index did not give would make it look cheap.
    if status or not found or " 0 wait " not in said[-1]:
        raise RuntimeError("\n".join(said[-20:]))
    # The kernel gives the largest of the process and of those that it waited for.
    return Build(float(found[1]), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said[-1])


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
