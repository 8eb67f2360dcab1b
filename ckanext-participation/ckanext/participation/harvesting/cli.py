"""`ckan participation harvest …`: the clock that starts and finishes harvest jobs, and a run by hand."""

from __future__ import annotations

import signal
import sys
import threading
import time
from types import FrameType

import ckan.plugins.toolkit as tk
import click
from ckan import model
from ckanext.harvest import queue

from ckanext.participation import config
from ckanext.participation.common import people
from ckanext.participation.harvesting import indexes, watching
from ckanext.participation.harvesting.offering.commands import Builder, feeds
from ckanext.participation.harvesting.switching import switch

__all__ = ["commands"]

# A round may fail because a service is being restarted; this many in a row are left to the supervisor.
MAX_FAILURES = 5
# While records are being imported a round comes only this often: ckanext-harvest hands out again whatever it finds between the
# queue and a consumer's first mark, and would report such a record as failed when its job has ended meanwhile.
BUSY_SECONDS = 60


@click.group(name="harvest", short_help="Harvest sources: the clock, and a run by hand.")
def harvest() -> None:
    """Harvest sources: the clock, and a run by hand."""


@harvest.command()
@click.option("--once", is_flag=True, help="One round, then end.")
def clock(once: bool) -> None:
    """Start the jobs that are due, finish those that are done, hand out what was lost; have the feeds built; again and again.

    Ends with an error when several rounds in a row failed, for the supervisor to start it anew.
    """
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        # A round in progress is one transaction at a time and may be cut anywhere.
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    for name in indexes.ensure():
        click.echo(f"harvest clock: made the index {name}")
    failures = 0
    latest = -float(BUSY_SECONDS)
    with Builder() as builder:
        while not stopped.is_set():
            try:
                if once or time.monotonic() - latest >= BUSY_SECONDS or not _busy():
                    _round()
                    latest = time.monotonic()
                if not once:
                    builder.tick()
                failures = 0
            except Exception as error:  # noqa: BLE001  whatever ended the round, the supervisor decides
                failures += 1
                click.echo(f"harvest clock: a round failed ({type(error).__name__}: {str(error)[:200]})", err=True)
                if once or failures >= MAX_FAILURES:
                    sys.exit(1)
            if once:
                return
            stopped.wait(config.harvest_clock_seconds())


@harvest.command()
@click.option("--once", is_flag=True, help="End when nothing is queued and nothing runs.")
def consume(once: bool) -> None:
    """Run the harvest jobs that are queued, several beside each other, each in a process of its own; take up what was interrupted.

    One such process for a site. Ends with an error when several rounds in a row failed, for the supervisor to start it anew.
    """
    # ckanext-harvest's harvesters can only be imported once the actions are there.
    from ckanext.participation.harvesting.consuming import Consumer

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    consumer = Consumer()
    consumer.recover()
    failures = 0
    try:
        while not stopped.is_set():
            try:
                consumer.turn()
                failures = 0
            except Exception as error:  # noqa: BLE001  whatever ended the round, the supervisor decides
                model.Session.remove()
                failures += 1
                click.echo(f"harvest jobs: a round failed ({type(error).__name__}: {str(error)[:200]})", err=True)
                if once or failures >= MAX_FAILURES:
                    sys.exit(1)
                stopped.wait(2.0**failures)
            if once and consumer.idle:
                return
    finally:
        consumer.stop()


def _busy() -> bool:
    """Whether records wait for a consumer or are in a consumer's hands."""
    if tk.config.get("ckan.harvest.mq.type", queue.MQ_TYPE) != "redis":
        return False
    redis = queue.get_connection()
    key = queue.get_fetch_routing_key()
    return bool(redis.llen(key)) or any(redis.scan_iter(f"{key}:*", count=1000))


def _round() -> None:
    try:
        tk.get_action("harvest_jobs_run")(people.site_context(), {})
    finally:
        # Each round sees the database as it is, and a broken connection is not used twice.
        model.Session.remove()


@harvest.command()
@click.argument("source")
def run(source: str) -> None:
    """Harvest SOURCE (its name or id) here and now, in this process, without the queues."""
    from ckanext.participation.harvesting import running

    try:
        report = running.run(source)
    except tk.ObjectNotFound:
        click.echo(f"There is no harvest source {source}.", err=True)
        sys.exit(1)
    for sentence in report.sentences:
        click.echo(sentence, err=True)
    click.echo(", ".join(f"{count} {status}" for status, count in sorted(report.counts.items())) or "nothing to do")
    sys.exit(1 if report.counts.get("errored") else 0)


harvest.add_command(switch)
harvest.add_command(watching.watch)

commands = [harvest, feeds]
