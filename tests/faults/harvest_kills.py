"""F2: the processes of one harvest are killed (SIGKILL) a hundred times at random instants, PostgreSQL is restarted, Solr is away for 30 s.

Nothing may be lost, doubled or left in the search that is not in the catalogue, and the job must come to its end by itself. Killed are the
process that takes jobs, the one that reads the source, and those that write; a supervisor, as in production, starts the first one anew.
Kills keep up with the harvest: each falls at a random instant of the portion that it is meant for, so that there are as many on a fast
machine as on a slow one, and between them the harvest gets on.
QUICK=1 kills ten times in a harvest of 1,000 datasets instead of a hundred times in 5,000.
"""

from __future__ import annotations

import copy
import functools
import math
import os
import random
import signal
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import supervision
from bench import processes, report
from bench.report import Figure
from bench.server import House, ended_by_signal
from faults.harvest_site import HarvestSite, obeying
from layout import ROOT
from report import say, step, wait_until

sys.path.insert(0, str(ROOT / "config" / "demo"))
from replay import Replay

# As many records as are written in one transaction (harvesting/engine/batching.py), and the processes that write beside each other.
PORTION = 250
WRITERS = 2
# Before anything is known of how long a portion takes here.
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 4.0
LAST_PAUSE = 0.5
SOLR_AWAY = 30.0
PATIENCE = 3600.0


@dataclass
class Run:
    """One run: what was asked for, and what was killed. `written_at`: the moments at which more had been written."""

    site: HarvestSite
    datasets: int
    kills: int
    job: str = ""
    killed: dict[str, int] = field(default_factory=lambda: {"taker": 0, "reader": 0, "writer": 0})
    began: int = 0
    written: int = 0
    written_at: list[float] = field(default_factory=list)
    solr: threading.Thread | None = None
    orphans: dict[str, set[int]] = field(default_factory=lambda: {"reader": set(), "writer": set()})

    @property
    def count(self) -> int:
        """The kills so far."""
        return sum(self.killed.values())

    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.site.is_over(self.job)

    def look(self) -> None:
        """See how far the harvest is."""
        now_written = written(self.site)
        if now_written != self.written or not self.written_at:
            self.written = now_written
            self.written_at.append(time.monotonic())

    def is_due(self) -> bool:
        """Whether the next kill belongs to the portions that are under way: all are due when the last ones are."""
        self.look()
        reached = (self.written + PORTION) / (self.datasets - PORTION * (WRITERS - 1))
        return self.count < math.ceil(self.kills * reached)

    def pause(self, chance: random.Random) -> float:
        """Seconds until the next kill: some of the time that passes between two portions; hardly any where the end is near."""
        if self.nearly_over():
            return chance.uniform(0, LAST_PAUSE)
        gaps = [after - before for before, after in zip(self.written_at, self.written_at[1:], strict=False)]
        return chance.uniform(0, min(statistics.median(gaps) / 2, LONGEST_PAUSE) if gaps else FIRST_PAUSE)

    def nearly_over(self) -> bool:
        """Whether so little is left that the harvest could be over before the next kill."""
        return self.datasets - self.written <= 3 * PORTION


def main() -> int:
    """Harvest, kill, and look what is there."""
    quick = bool(os.environ.get("QUICK"))
    datasets, kills = (1000, 10) if quick else (5000, 100)
    with Replay() as source:
        multiply(source, datasets)
        house = House.open()
        run = Run(HarvestSite(house, house.ours(**{"participation.fetch.allow": f"127.0.0.1:{source.port}"})), datasets, kills)
        say(f"harvest-kills, {'quick' if quick else 'full'}: {datasets:,} datasets, {kills} kills\n")
        with obeying(house, run.site.ini) as orders:
            run.job = orders.give("ask", source=orders.give("source", name="agency", kind="participation_ckan", url=source.url("/csa")))
        run.began = inserted(run.site)
        with run.site.running():
            with step("Harvesting and killing") as progress:
                kill_and_wait(run, random.Random(20261123), progress)
            run.site.until_searched()
        # What processes did is counted when they have ended.
        return report.closing(judge(run))



def multiply(source: Any, number: int) -> None:
    """Let the source have so many datasets: the recorded ones over and over, under other identifiers and names."""
    originals = list(source.csa.datasets.values())
    source.csa.datasets.clear()
    for count in range(number):
        record = copy.deepcopy(originals[count % len(originals)])
        record["id"] = str(uuid.uuid4())
        record["name"] = f"{record['name'][:80]}-{record['id'][:8]}"
        for file in record.get("resources", []):
            file |= {"id": str(uuid.uuid4()), "package_id": record["id"]}
        source.csa.datasets[record["name"]] = record


def kill_and_wait(run: Run, chance: random.Random, progress: Callable[[str], None]) -> None:
    """Kill until the wanted number is reached or the job has ended; then let it end."""
    began = time.monotonic()
    events = {run.kills // 3: restart_postgresql, run.kills * 2 // 3: stop_solr}
    while run.count < run.kills and not run.is_over():
        kind = chance.choice(list(run.killed))
        wait_until(functools.partial(_may_kill, run, kind), "that the harvest gets on", PATIENCE)
        time.sleep(run.pause(chance))
        if kill_one(run, kind, chance) and (event := events.pop(run.count, None)):
            event(run)
        progress(f"{run.count} kills, {run.written:,} datasets")
    wait_until(lambda: _revived(run) and run.is_over(), "the end of the job", PATIENCE)
    if run.solr:
        run.solr.join()
    say(f"  {time.monotonic() - began:.0f} s")


def _revived(run: Run) -> bool:
    run.site.start_consumer()
    return True


def _may_kill(run: Run, kind: str) -> bool:
    return _revived(run) and (run.is_over() or (run.is_due() and _is_there(run, kind)))


def _is_there(run: Run, kind: str) -> bool:
    """Whether a process of this kind can be killed. One that writes is not waited for at the end, where the reader may write by itself."""
    found = _processes(run)
    return bool(found["reader"]) and (bool(found[kind]) or run.nearly_over())


def _processes(run: Run) -> dict[str, list[int]]:
    """The processes by what they do, also those whose taker was killed: they write until a new one's attempt begins."""
    taker = run.site.start_consumer().pid
    readers = {*processes.children(taker), *filter(processes.alive, run.orphans["reader"])}
    writers = {child for reader in readers for child in processes.children(reader)}
    return {"taker": [taker], "reader": sorted(readers), "writer": sorted(writers | set(filter(processes.alive, run.orphans["writer"])))}


def kill_one(run: Run, kind: str, chance: random.Random) -> bool:
    """Kill a process of this kind, of any where there is none; False when there is none but the taker being started."""
    found = _processes(run)
    if not found["reader"]:
        return False
    if not found[kind]:
        kind = chance.choice([one for one, pids in found.items() if pids])
    try:
        os.kill(chance.choice(found[kind]), signal.SIGKILL)
    except ProcessLookupError:
        return False
    # Those below the killed one go on alone for a while.
    for one, known in run.orphans.items():
        known |= set(found[one])
    if kind == "taker":
        assert run.site.consumer
        run.site.consumer.wait()
        run.site.start_consumer()
    run.killed[kind] += 1
    return True


def restart_postgresql(run: Run) -> None:
    """As an upgrade of PostgreSQL does."""
    home = run.site.house.home
    supervision.stop_programs(home, ["postgres"])
    supervision.start(home, ["postgres"])
    wait_until(lambda: _answers(run), "PostgreSQL", 60)


def _answers(run: Run) -> bool:
    try:
        return bool(run.site.house.sql("SELECT 1"))
    except Exception as error:  # noqa: BLE001  whatever the client library says while the server starts
        say(f"  PostgreSQL: {type(error).__name__}")
        return False


def stop_solr(run: Run) -> None:
    """The search is away for a while, in which the harvest and the kills go on."""
    home = run.site.house.home

    def away() -> None:
        supervision.stop_programs(home, ["solr"])
        time.sleep(SOLR_AWAY)
        supervision.start(home, ["solr"])

    run.solr = threading.Thread(target=away)
    run.solr.start()


def written(site: HarvestSite) -> int:
    """The number of datasets that are there."""
    return int(site.house.sql("SELECT count(*) FROM package WHERE type = 'dataset' AND state = 'active'")[0][0])


def inserted(site: HarvestSite) -> int:
    """How often a row was written for a dataset, also in transactions that came to nothing."""
    return int(site.house.sql("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'package'")[0][0])


def judge(run: Run) -> list[Figure]:
    """Hold the tables and the search against the source."""
    site = run.site
    there, found = site.datasets(), site.searched()
    reported, attempts = site.reported(run.job), site.sentences(run.job)
    again = inserted(site) - run.began - len(there)
    say(report.table("What happened", ("what", "count"), [
        *((f"kills of the {kind}", number) for kind, number in run.killed.items()),
        *((f"reported as {status}", number) for status, number in sorted(reported.items(), key=str)),
        ("datasets written once more", again),
        ("sentences in the report", len(attempts))]))
    for sentence in attempts[:5]:
        say(f"  {sentence}")
    return [
        Figure("f2-kills", run.count, ">=", run.kills),
        Figure("f2-lost", run.datasets - len(there), "<=", 0),
        Figure("f2-doubled", site.doubled(), "<=", 0),
        Figure("f2-datasets-without-their-record", site.without_record(), "<=", 0),
        Figure("f2-not-in-the-search", len(there - found), "<=", 0),
        Figure("f2-ghosts-in-the-search", len(found - there), "<=", 0),
        Figure("f2-reported-otherwise-than-added", sum(reported.values()) - reported.get("added", 0), "<=", 0),
        Figure("f2-errors-in-the-report", len(attempts), "<=", 0),
        # The restart of PostgreSQL ends all processes that write.
        Figure("f2-batches-written-again-for-each-kill", again / PORTION / max(run.count + WRITERS, 1), "<=", 1),
    ]


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
