"""F2: the processes of one harvest are killed (SIGKILL) a hundred times at random instants, PostgreSQL is restarted, Solr is away for 30 s.

Nothing may be lost, doubled or left in the search that is not in the catalogue, and the job must come to its end by itself. Killed are the
process that takes jobs, the one that reads the source, and those that write; a supervisor, as in production, starts the first one anew.
QUICK=1 kills ten times in a harvest of 1,000 datasets instead of a hundred times in 5,000.
"""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import supervision
from bench import processes, report
from bench.report import Figure
from bench.server import House, ended_by_signal, environment, result_of
from layout import BIN, PYTHON, ROOT
from report import say, step, wait_until

sys.path.insert(0, str(ROOT / "config" / "demo"))
from replay import Replay

# About as long as a batch takes on two cores: kills fall before, in and after transactions.
MEAN_SECONDS = 4.0
SOLR_AWAY = 30.0
PATIENCE = 3600.0


@dataclass
class Run:
    """One run: what was asked for, and what was killed."""

    house: House
    ini: Path
    datasets: int
    kills: int
    job: str = ""
    consumer: subprocess.Popen[bytes] | None = None
    killed: dict[str, int] = field(default_factory=lambda: {"taker": 0, "reader": 0, "writer": 0})

    def start_consumer(self) -> None:
        """Start the process that takes jobs."""
        with (self.house.home.log / "consume.log").open("ab") as log:
            self.consumer = subprocess.Popen(
                [str(BIN / "ckan"), "-c", str(self.ini), "participation", "harvest", "consume"], cwd=self.ini.parent,
                env=environment(self.ini), stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def is_over(self) -> bool:
        """Whether the job has ended."""
        return self.house.sql("SELECT status FROM harvest_job WHERE id = %s", self.job) == [("Finished",)]


def main() -> int:
    """Harvest, kill, and look what is there."""
    quick = bool(os.environ.get("QUICK"))
    datasets, kills = (1000, 10) if quick else (5000, 100)
    with Replay() as source:
        multiply(source, datasets)
        house = House.open()
        ini = house.ours(**{"participation.fetch.allow": f"127.0.0.1:{source.port}"})
        run = Run(house, ini, datasets, kills)
        say(f"harvest-kills, {'quick' if quick else 'full'}: {datasets:,} datasets, {kills} kills\n")
        run.job = prepared(ini, source.url("/csa"))["job"]
        with sender(run), step("Harvesting and killing") as progress:
            run.start_consumer()
            kill_and_wait(run, random.Random(20261123), progress)
            with step("Until the search has everything"):
                wait_until(lambda: house.sql("SELECT 1 FROM participation_index_mark WHERE kind = 'dataset' LIMIT 1") == [],
                           "the search", 600)
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


def prepared(ini: Path, url: str) -> dict[str, str]:
    """Make the source and its job, in a process of CKAN's."""
    return result_of(subprocess.Popen(
        [str(PYTHON), "-c", "import sys; from faults import harvest_source; harvest_source.run(*sys.argv[1:])", str(ini), url], cwd=ini.parent, env=environment(ini), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL))


@contextmanager
def sender(run: Run) -> Iterator[None]:
    """The process that brings to the search what a batch could not; at the end everything is stopped."""
    with (run.house.home.log / "outbox.log").open("ab") as log:
        process = subprocess.Popen([str(BIN / "ckan"), "-c", str(run.ini), "participation", "outbox", "run"], cwd=run.ini.parent,
                                   env=environment(run.ini), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        for one in (run.consumer, process):
            if one and one.poll() is None:
                one.terminate()
                one.wait(60)


def kill_and_wait(run: Run, chance: random.Random, progress: Any) -> None:
    """Kill until the wanted number is reached or the job has ended; then let it end."""
    began = time.monotonic()
    events = {run.kills // 3: restart_postgresql, run.kills * 2 // 3: stop_solr}
    count = 0
    while count < run.kills and not run.is_over():
        time.sleep(chance.expovariate(1 / MEAN_SECONDS))
        count += kill_one(run, chance)
        if event := events.pop(count, None):
            event(run)
        progress(f"{count} kills, {written(run):,} datasets")
    wait_until(lambda: _revived(run) and run.is_over(), "the end of the job", PATIENCE)
    say(f"  {time.monotonic() - began:.0f} s")


def _revived(run: Run) -> bool:
    if run.consumer is None or run.consumer.poll() is not None:
        run.start_consumer()
    return True


def kill_one(run: Run, chance: random.Random) -> bool:
    """Kill one of the harvest's processes, whichever there are; False when there was none but the taker being started."""
    _revived(run)
    assert run.consumer
    readers = processes.children(run.consumer.pid)
    writers = [child for reader in readers for child in processes.children(reader)]
    if not readers:
        return False
    kind, victim = chance.choice([("taker", run.consumer.pid), *[("reader", pid) for pid in readers], *[("writer", pid) for pid in writers]])
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return False
    if kind == "taker":
        run.consumer.wait()
        run.start_consumer()
    run.killed[kind] += 1
    return True


def restart_postgresql(run: Run) -> None:
    """As an upgrade of PostgreSQL does."""
    supervision.stop_programs(run.house.home, ["postgres"])
    supervision.start(run.house.home, ["postgres"])
    wait_until(lambda: _answers(run), "PostgreSQL", 60)


def _answers(run: Run) -> bool:
    try:
        return bool(run.house.sql("SELECT 1"))
    except Exception as error:  # noqa: BLE001  whatever the client library says while the server starts
        say(f"  PostgreSQL: {type(error).__name__}")
        return False


def stop_solr(run: Run) -> None:
    """The search is away for a while."""
    supervision.stop_programs(run.house.home, ["solr"])
    time.sleep(SOLR_AWAY)
    supervision.start(run.house.home, ["solr"])


def written(run: Run) -> int:
    """The number of datasets that are there."""
    return int(run.house.sql("SELECT count(*) FROM package WHERE type = 'dataset' AND state = 'active'")[0][0])


def searched(run: Run) -> set[str]:
    """The ids of the datasets that the search knows."""
    asked = f"{run.house.found.solr}/select?q=*:*&fq=site_id:ours&fq=dataset_type:dataset&fl=id&rows=100000&wt=json"
    with urllib.request.urlopen(asked, timeout=60) as reply:
        return {row["id"] for row in json.load(reply)["response"]["docs"]}


def judge(run: Run) -> list[Figure]:
    """Hold the tables and the search against the source."""
    there = {str(row[0]) for row in run.house.sql("SELECT id FROM package WHERE type = 'dataset' AND state = 'active'")}
    ids = [str(row[0]) for row in run.house.sql("SELECT guid FROM harvest_object WHERE current")]
    reported = dict(run.house.sql("SELECT report_status, count(*) FROM harvest_object WHERE harvest_job_id = %s GROUP BY 1", run.job))
    orphans = run.house.sql("""SELECT count(*) FROM package p WHERE type = 'dataset' AND state = 'active'
        AND NOT EXISTS (SELECT 1 FROM harvest_object o WHERE o.package_id = p.id AND o.current)""")[0][0]
    found = searched(run)
    attempts = run.house.sql("SELECT message FROM harvest_gather_error WHERE harvest_job_id = %s", run.job)
    say(report.table("What happened", ("what", "count"), [
        *((f"kills of the {kind}", number) for kind, number in run.killed.items()),
        *((f"reported as {status}", number) for status, number in sorted(reported.items(), key=str)),
        ("sentences in the report", len(attempts))]))
    for (sentence,) in attempts[:5]:
        say(f"  {sentence}")
    return [
        Figure("f2-kills", sum(run.killed.values()), ">=", run.kills),
        Figure("f2-lost", run.datasets - len(there), "<=", 0),
        Figure("f2-doubled", len(there) - len(set(ids)) + len(ids) - len(set(ids)), "<=", 0),
        Figure("f2-datasets-without-their-record", orphans, "<=", 0),
        Figure("f2-not-in-the-search", len(there - found), "<=", 0),
        Figure("f2-ghosts-in-the-search", len(found - there), "<=", 0),
        Figure("f2-reported-otherwise-than-added", sum(reported.values()) - reported.get("added", 0), "<=", 0),
        Figure("f2-errors-in-the-report", len(attempts), "<=", 0),
    ]


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
