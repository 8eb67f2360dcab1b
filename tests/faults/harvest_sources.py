"""F9: harvest sources that hang, drip, redirect for ever, break off, lie and never end, each beside healthy ones.

Every job must end within its source's time and say in a sentence what was wrong; nothing may be lost, doubled or removed without a person,
and a healthy source that is asked for right after bad ones must be read within five seconds, while they still hang.
Limits are set for the run: `participation.fetch.seconds`, `participation.fetch.max_bytes` and `participation.harvest.seconds`.
QUICK=1 takes shorter ones, and fewer datasets.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import report
from bench.orders import Orders
from bench.report import Figure
from bench.server import House, ended_by_signal
from faults.harvest_site import HarvestSite, obeying
from faults.portal import CKAN, DCAT, Portal, portals
from faults.troubles import TROUBLES, Trouble
from report import say, step, wait_until

STARTS_WITHIN = 5.0
# What a job may take besides reading: its process begins, what was read is written, its end is noted.
BESIDES = 15
SIDE_BY_SIDE = 2
PATIENCE = 120.0
KINDS = {CKAN: "CKAN", DCAT: "DCAT"}
# Sentences for people: no traceback, no class name of an error.
NOT_FOR_PEOPLE = re.compile(r"Traceback|Error\b[:(]|Exception|<[a-z]+ object|\{\}|^\W*$")


@dataclass(frozen=True)
class Sizes:
    """Seconds of one request, of one run, and between two bytes that drip; datasets of each source."""

    request: int
    run: int
    drip: float
    datasets: int


FULL, QUICK = Sizes(25, 60, 10.0, 50), Sizes(5, 20, 1.0, 8)


@dataclass
class Visit:
    """One run of a bad source: what it did, and what became of its job."""

    trouble: Trouble
    portal: Portal
    job: str
    asked_for: float
    took: float = float("nan")
    sentences: list[str] = field(default_factory=list)
    hung_on: bool = False

    def said_well(self) -> bool:
        """Whether the report says what it should, in words for people."""
        words = self.trouble.words.get(self.portal.kind)
        readable = all((one[0].isupper() or one[0].isdigit()) and one.rstrip().endswith(".") and not NOT_FOR_PEOPLE.search(one) for one in self.sentences)
        return readable and (any(re.search(words, one) for one in self.sentences) if words else not self.sentences)


@dataclass
class Run:
    """The sources, the site, and what was seen."""

    site: HarvestSite
    orders: Orders
    sizes: Sizes
    bad: list[Portal]
    healthy: dict[str, Portal]
    sources: dict[str, str] = field(default_factory=dict)
    first: dict[str, set[str]] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    unwritten: int = 0

    def ask(self, portal: Portal) -> str:
        """Ask for a harvest of a source; the job's id."""
        return self.orders.give("ask", source=self.sources[portal.name])

    def until_over(self, job: str) -> None:
        """Wait until a job has ended."""
        wait_until(lambda: self.site.is_over(job), "the end of a job", PATIENCE)

    def of(self, portal: Portal) -> set[str]:
        """The ids of the datasets that a source has brought and that are there."""
        return {str(row[0]) for row in self.site.house.sql(
            """SELECT p.id FROM package p JOIN harvest_object o ON o.package_id = p.id AND o.current
               WHERE p.state = 'active' AND o.harvest_source_id = %s""", self.sources[portal.name])}


def main() -> int:
    """Harvest every kind of trouble beside healthy sources, and look what is there."""
    sizes = QUICK if os.environ.get("QUICK") else FULL
    bad = [Portal(f"bad-{place}-{KINDS[kind].lower()}", kind, sizes.datasets, sizes.drip) for place in range(SIDE_BY_SIDE) for kind in KINDS]
    healthy = {kind: Portal(f"healthy-{KINDS[kind].lower()}", kind, sizes.datasets, sizes.drip) for kind in KINDS}
    house = House.open()
    settings = {"participation.fetch.allow": "127.0.0.0/8", "participation.fetch.seconds": str(sizes.request),
                "participation.fetch.max_bytes": "5000000", "participation.harvest.seconds": str(sizes.run)}
    site = HarvestSite(house, house.ours(**settings))
    say(f"harvest-sources, {'quick' if sizes is QUICK else 'full'}: "
        f"{', '.join(f'{name} = {value}' for name, value in settings.items() if name != 'participation.fetch.allow')}; "
        f"a byte each {sizes.drip:g} s\n")
    with ExitStack() as stack:
        orders = stack.enter_context(obeying(house, site.ini))
        # Before the processes stop: a job that waits for a portal would keep them.
        stack.enter_context(site.running())
        stack.enter_context(portals(*bad, *healthy.values()))
        run = Run(site, orders, sizes, bad, healthy)
        with step("Each source harvested once, in health"):
            harvest_all(run)
        for places in groups(len(TROUBLES)):
            troubles = [TROUBLES[place] for place in places]
            with step(" | ".join(trouble.name for trouble in troubles)):
                trouble_all(run, troubles, healthy[DCAT if places[0] // SIDE_BY_SIDE % 2 else CKAN])
        site.until_searched()
        return report.closing(judge(run))


def groups(number: int) -> Iterator[Sequence[int]]:
    """Places of troubles that are made beside each other."""
    for start in range(0, number, SIDE_BY_SIDE):
        yield range(start, min(start + SIDE_BY_SIDE, number))


def harvest_all(run: Run) -> None:
    """Make the sources and harvest each, so that all have something to lose."""
    everyone = [*run.bad, *run.healthy.values()]
    for portal in everyone:
        run.sources[portal.name] = run.orders.give("source", name=portal.name, kind=portal.kind, url=portal.url)
    jobs = {portal.name: run.ask(portal) for portal in everyone}
    for portal in everyone:
        run.until_over(jobs[portal.name])
        run.first[portal.name] = run.of(portal)
        if len(run.first[portal.name]) != run.sizes.datasets:
            raise RuntimeError(f"{portal.name} brought {len(run.first[portal.name])} datasets: {run.site.sentences(jobs[portal.name])}")


def trouble_all(run: Run, troubles: Sequence[Trouble], healthy: Portal) -> None:
    """Make troubles beside each other, each with a source of either kind; ask for a healthy source when all are under way."""
    visits = []
    for place, trouble in enumerate(troubles):
        for portal in run.bad[place * len(KINDS) : (place + 1) * len(KINDS)]:
            portal.changes += 1
            portal.turn(trouble.answer)
            visits.append(Visit(trouble, portal, run.ask(portal), time.monotonic()))
    wait_until(lambda: all(visit.portal.asked for visit in visits), "that bad sources are asked", PATIENCE)
    healthy.changes += 1
    healthy.turn(None)
    job = run.ask(healthy)
    queued = time.monotonic()
    wait_until(lambda: bool(healthy.asked), "that the healthy source is asked", PATIENCE)
    run.starts.append(max(healthy.asked[0] - queued, 0.0))
    for visit in visits:
        visit.hung_on = not run.site.is_over(visit.job)
    run.until_over(job)
    # Each of its datasets says something new.
    run.unwritten += run.sizes.datasets - run.site.reported(job).get("updated", 0)
    for visit in visits:
        run.until_over(visit.job)
        visit.took = time.monotonic() - visit.asked_for
        visit.sentences = run.site.sentences(visit.job)
    run.visits += visits


def judge(run: Run) -> list[Figure]:
    """Hold the tables, the search and the reports against what the sources did."""
    site = run.site
    there, found = site.datasets(), site.searched()
    lost = sum(len(ids - there) for ids in run.first.values())
    held = site.house.sql("SELECT count(DISTINCT source_id) FROM participation_harvest_held")[0][0]
    unwell = [visit for visit in run.visits if not visit.said_well()]
    lasting = [visit for visit in run.visits if visit.trouble.lasts]
    say(report.table("What the sources did, and when their jobs were over", ("source", "kind", "seconds"), [
        (visit.trouble.name, KINDS[visit.portal.kind], round(visit.took, 1)) for visit in run.visits]))
    for visit in run.visits:
        said = " ".join(visit.sentences) or "(nothing: there was nothing to say)"
        say(f"  {visit.trouble.name}, {KINDS[visit.portal.kind]}: {said[:300]}{'   <- NOT AS IT SHOULD BE' if visit in unwell else ''}")
    say()
    return [
        Figure("f9-bad-runs", len(run.visits), ">=", len(TROUBLES) * len(KINDS)),
        Figure("f9-longest-job-seconds", max(visit.took for visit in run.visits), "<=", run.sizes.run + BESIDES),
        Figure("f9-reports-that-do-not-say-it", len(unwell), "<=", 0),
        Figure("f9-next-source-starts-within-seconds", max(run.starts), "<=", STARTS_WITHIN),
        Figure("f9-bad-ones-that-still-hung-then", sum(visit.hung_on for visit in lasting), ">=", len(lasting)),
        Figure("f9-changes-of-healthy-sources-not-written", run.unwritten, "<=", 0),
        Figure("f9-lost", lost, "<=", 0),
        Figure("f9-sources-held-for-a-person", held, ">=", len(KINDS)),
        Figure("f9-doubled", site.doubled(), "<=", 0),
        Figure("f9-datasets-without-their-record", site.without_record(), "<=", 0),
        Figure("f9-not-in-the-search", len(there - found), "<=", 0),
        Figure("f9-ghosts-in-the-search", len(found - there), "<=", 0),
    ]


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
