"""What it costs to write harvested datasets: in batches, one by one as harvests do today, and as ckanext-harvest's CKANHarvester does.

On a throw-away home of the test suite, whose database it fills:
`CKAN_INI=HOME/ckan.ini python tests/bench/harvest_writing.py --home HOME --count 1000 --others 100`.

Counted is the processor time of this process, of PostgreSQL's and of Solr's, per dataset; the ways take turns in rounds, after all have
warmed the services, and each round ends with the search showing what was written. Records are those of the Canadian Space Agency's recorded
portal, over and over under other identifiers and names.
"""

from __future__ import annotations

import argparse
import copy
import cProfile
import json
import os
import pstats
import resource
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "bench"), str(ROOT / "config" / "demo"), str(ROOT / "config" / "stack"), str(ROOT / "config")]

from processes import PROC, command_line, cpu_of  # noqa: E402

BATCH = 250


@dataclass
class Cost:
    """Seconds, for so many datasets."""

    datasets: int = 0
    wall: float = 0.0
    ckan: float = 0.0
    postgresql: float = 0.0
    solr: float = 0.0

    @property
    def cpu(self) -> float:
        return self.ckan + self.postgresql + self.solr

    def line(self, name: str) -> str:
        """A row of the table: milliseconds per dataset."""
        each = [1000 * seconds / self.datasets for seconds in (self.wall, self.ckan, self.postgresql, self.solr, self.cpu)]
        return f"{name:<34}{self.datasets:>6}" + "".join(f"{number:>9.2f}" for number in each)


@dataclass
class Services:
    """The processes of a home."""

    postgresql: list[int] = field(default_factory=list)
    solr: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, home: Path) -> Services:
        found = cls()
        everything = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
        masters = {pid for pid in everything if f"{home}/" in command_line(pid) and "bin/postgres" in command_line(pid)}
        for pid in everything:
            if pid in masters or _parent(pid) in masters:
                found.postgresql.append(pid)
            elif f"{home}/" in command_line(pid) and "java" in command_line(pid).split(" ")[0]:
                found.solr.append(pid)
        return found


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


@contextmanager
def counted(cost: Cost, home: Path, datasets: int) -> Iterator[None]:
    """Add what the block costs."""
    from ckanext.participation.harvesting.batches import searching

    services = Services.of(home)
    start = time.perf_counter(), time.process_time(), cpu_of(services.postgresql), cpu_of(services.solr)
    yield
    searching.show()
    cost.datasets += datasets
    cost.wall += time.perf_counter() - start[0]
    cost.ckan += time.process_time() - start[1]
    # With what came meanwhile: all of its time is this block's.
    cost.postgresql += cpu_of({*services.postgresql, *Services.of(home).postgresql}) - start[2]
    cost.solr += cpu_of(services.solr) - start[3]


def raw_records(count: int) -> Iterator[dict[str, Any]]:
    """The recorded records over and over, each time under other identifiers and names."""
    from replay.recordings import RECORDED, read_text

    originals = [json.loads(line) for line in read_text(RECORDED / "csa" / "datasets.jsonl").splitlines()]
    for number in range(count):
        record = copy.deepcopy(originals[number % len(originals)])
        record["id"] = str(uuid.uuid4())
        record["name"] = f"{record['name'][:70]}-{record['id'][:8]}"
        for file in record.get("resources", []):
            file["id"] = str(uuid.uuid4())
            file["package_id"] = record["id"]
        yield record


class Bench:
    """The ways of writing, and what each has cost."""

    def __init__(self, home: Path) -> None:
        import harvest_batches
        from ckan import model
        from ckanext.harvest.model import HarvestJob

        from ckanext.participation.harvesting import settings
        from ckanext.participation.harvesting.stages import mapper

        self.home = home
        self.help = harvest_batches
        self.user = harvest_batches.user()
        self.source = self._source()
        import ckan.plugins.toolkit as tk

        self.job_id = tk.get_action("harvest_job_create")({"user": self.user, "ignore_auth": True}, {"source_id": self.source["id"], "run": False})["id"]
        job: Any = HarvestJob.get(self.job_id)
        job.status = "Running"
        job.save()
        self.mapper = mapper(settings.read("{}"))
        self.costs: dict[str, Cost] = {}
        model.Session.commit()

    def _source(self) -> dict[str, Any]:
        import ckan.plugins.toolkit as tk

        context = {"user": self.user, "ignore_auth": True}
        name = f"bench-{uuid.uuid4().hex[:8]}"
        owner = tk.get_action("organization_create")(dict(context), {"name": name, "title_translated": {"en": name, "fr": name}})
        return tk.get_action("harvest_source_create")(dict(context), {
            "name": f"{name}-source", "title": name, "url": f"http://127.0.0.1/{name}", "source_type": "participation_ckan", "owner_org": owner["id"],
            "frequency": "MANUAL", "config": "{}"})

    def records(self, count: int) -> list[tuple[str, dict[str, Any], Any]]:
        from ckanext.participation.harvesting.from_ckan import from_ckan

        return [(raw["id"], raw, from_ckan(raw, self.mapper, "")) for raw in raw_records(count)]

    def objects(self, records: list[tuple[str, dict[str, Any], Any]]) -> dict[str, Any]:
        """Harvest objects as the gathering leaves them."""
        from ckan import model
        from ckanext.harvest.model import HarvestJob, HarvestObject

        job: Any = HarvestJob.get(self.job_id)
        rows: dict[str, Any] = {guid: HarvestObject(guid=guid, job=job, source=job.source, content=json.dumps(raw)) for guid, raw, _ in records}
        model.Session.add_all(rows.values())
        model.Session.commit()
        return rows

    def batches(self, mode: str, count: int) -> dict[str, str]:
        from ckanext.participation.harvesting import batches

        run = self.help.run_of(self.source, self.job_id, mode=mode)
        ids: dict[str, str] = {}
        for start in range(0, count, BATCH):
            records = self.records(min(BATCH, count - start))
            items = [batches.Item(guid, record, self.source["owner_org"], content=json.dumps(raw)) for guid, raw, record in records]
            with counted(self.costs.setdefault(f"batches, {mode}", Cost()), self.home, len(items)):
                outcomes = batches.write(items, run)
            ids |= {outcome.guid: outcome.package_id or outcome.reason for outcome in outcomes}
            if wrong := [outcome.reason for outcome in outcomes if outcome.status != "added"]:
                raise SystemExit(wrong[0])
            self._update(items, ids, run, mode)
        return ids

    def _update(self, items: list[Any], ids: dict[str, str], run: Any, mode: str) -> None:
        from dataclasses import replace

        from ckanext.participation.harvesting import batches

        later = []
        for item in items:
            record = copy.deepcopy(item.record)
            record.dataset["version"] = "2"
            later.append(replace(item, record=record, package_id=ids[item.guid]))
        with counted(self.costs.setdefault(f"batches, {mode}, one field changed", Cost()), self.home, len(later)):
            batches.write(later, run)

    def one_by_one(self, count: int) -> None:
        from ckanext.participation.harvesting import settings, writing

        records = self.records(count)
        rows = self.objects(records)
        chosen = settings.read('{"organizations": "source"}')
        with counted(self.costs.setdefault("today, one by one", Cost()), self.home, count):
            for guid, _, record in records:
                writing.write(rows[guid], None, record, chosen, self.user, lambda organisation: organisation)

    def stock(self, count: int) -> None:
        from ckanext.harvest.harvesters import CKANHarvester

        harvester = CKANHarvester()
        rows = self.objects(self.records(count))
        written = 0
        with counted(self.costs.setdefault("CKANHarvester on this site", Cost()), self.home, count):
            for row in rows.values():
                written += bool(harvester.import_stage(row))
        if written < count:
            print(f"CKANHarvester wrote {written} of {count}")


def main() -> None:
    """Run the rounds and print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--home", type=Path, required=True)
    asked.add_argument("--count", type=int, default=1000)
    asked.add_argument("--others", type=int, default=100, help="how many datasets the slow ways write in all")
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--profile", choices=["fast", "compat"])
    asked.add_argument("--by", choices=["cumulative", "tottime"], default="cumulative")
    told = asked.parse_args()
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    app = make_app(load_config(os.environ["CKAN_INI"]))
    with app._wsgi_app.test_request_context():
        _run(told)


def _run(told: argparse.Namespace) -> None:
    bench = Bench(told.home)
    if told.profile:
        bench.batches(told.profile, BATCH)
        profile = cProfile.Profile()
        profile.enable()
        bench.batches(told.profile, BATCH)
        profile.disable()
        pstats.Stats(profile).sort_stats(told.by).print_stats(90)
        return
    ways: list[tuple[Callable[[int], Any], int]] = [
        (lambda count: bench.batches("fast", count), told.count), (lambda count: bench.batches("compat", count), told.count),
        (bench.one_by_one, told.others), (bench.stock, told.others)]
    for way, _ in ways:
        way(20)
    bench.costs.clear()
    for _ in range(told.rounds):
        for way, count in ways:
            if count:
                way(count // told.rounds)
    print(f"{'ms per dataset':<34}{'number':>6}" + "".join(f"{name:>9}" for name in ("wall", "CKAN", "PostgreSQL", "Solr", "CPU sum")))
    for name, cost in bench.costs.items():
        print(cost.line(name))
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
