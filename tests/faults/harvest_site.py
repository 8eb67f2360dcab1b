"""A site that harvests, seen from outside: its processes, what its tables say, and what its search knows."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.orders import Orders
from bench.server import House, environment
from layout import BIN
from report import step, wait_until


def obeying(house: House, ini: Path) -> Orders:
    """A process with CKAN that obeys the orders of `harvest_orders`."""
    return Orders(house.home.log / "orders.log", "faults.harvest_orders", ini)


@dataclass
class HarvestSite:
    """A site, and the process that takes its harvest jobs."""

    house: House
    ini: Path
    consumer: subprocess.Popen[bytes] | None = None
    sender: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let jobs be taken, and what a batch could not bring to the search be brought there; at the end both stop."""
        self.start_sender()
        self.start_consumer()
        try:
            yield
        finally:
            for process in (self.consumer, self.sender):
                if process and process.poll() is None:
                    process.terminate()
                    process.wait(60)

    def start_consumer(self) -> subprocess.Popen[bytes]:
        """Start the process that takes jobs, unless it runs."""
        if self.consumer is None or self.consumer.poll() is not None:
            self.consumer = self._start("consume", "participation", "harvest", "consume")
        return self.consumer

    def start_sender(self) -> subprocess.Popen[bytes]:
        """Start the process that sends what is marked, unless it runs: it ends when PostgreSQL does, and a supervisor starts it anew."""
        if self.sender is None or self.sender.poll() is not None:
            self.sender = self._start("outbox", "participation", "outbox", "run")
        return self.sender

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.house.home.log / f"{name}.log").open("ab") as log:
            return subprocess.Popen([str(BIN / "ckan"), "-c", str(self.ini), *words], cwd=self.ini.parent, env=environment(self.ini),
                                    stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def is_over(self, job: str) -> bool:
        """Whether the job has ended."""
        return self.house.sql("SELECT status FROM harvest_job WHERE id = %s", job) == [("Finished",)]

    def sentences(self, job: str) -> list[str]:
        """What the job's report says about the source as a whole."""
        return [row[0] for row in self.house.sql("SELECT message FROM harvest_gather_error WHERE harvest_job_id = %s ORDER BY created", job)]

    def reported(self, job: str) -> dict[str, int]:
        """The number of records by what the job's report says of them."""
        return dict(self.house.sql("SELECT report_status, count(*) FROM harvest_object WHERE harvest_job_id = %s GROUP BY 1", job))

    def datasets(self) -> set[str]:
        """The ids of the datasets that are there."""
        return {str(row[0]) for row in self.house.sql("SELECT id FROM package WHERE type = 'dataset' AND state = 'active'")}

    def without_record(self) -> int:
        """The number of datasets that are there and belong to no record of a source."""
        return self.house.sql("""SELECT count(*) FROM package p WHERE type = 'dataset' AND state = 'active'
            AND NOT EXISTS (SELECT 1 FROM harvest_object o WHERE o.package_id = p.id AND o.current)""")[0][0]

    def doubled(self) -> int:
        """The number of records that became more than one dataset, or have more than one current row."""
        return len(self.house.sql("""SELECT 1 FROM harvest_object o LEFT JOIN package p ON p.id = o.package_id AND p.state = 'active'
            GROUP BY o.harvest_source_id, o.guid HAVING count(DISTINCT p.id) > 1 OR count(*) FILTER (WHERE o.current) > 1"""))

    def until_searched(self) -> None:
        """Wait until nothing is left to be brought to the search."""
        with step("Until the search has everything"):
            wait_until(self._sent, "the search", 600)
            # What was sent last becomes visible within a second by itself; this makes it so now. Solr may still be starting.
            wait_until(self._committed, "Solr", 300)

    def _sent(self) -> bool:
        self.start_sender()
        return self.house.sql("SELECT 1 FROM participation_index_mark WHERE kind = 'dataset' LIMIT 1") == []

    def _committed(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.house.found.solr}/update?commit=true", timeout=60) as reply:
                return reply.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def searched(self) -> set[str]:
        """The ids of the datasets that the search knows."""
        asked = f"{self.house.found.solr}/select?q=*:*&fq=site_id:ours&fq=dataset_type:dataset&fl=id&rows=100000&wt=json"
        with urllib.request.urlopen(asked, timeout=60) as reply:
            return {row["id"] for row in json.load(reply)["response"]["docs"]}
