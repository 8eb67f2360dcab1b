"""Commands for operators: the mail sender, and the sweep of lost subjects."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time

import click
from ckan import model

from ckanext.participation import config
from ckanext.participation.common import outbox as box
from ckanext.participation.common import subjects
from ckanext.participation.common.registry import Chore, registry

__all__ = ["commands"]

log = logging.getLogger(__name__)

# CKAN's mailer opens its connections without a timeout: a mail server that hangs must not hold the outbox for ever.
NETWORK_SECONDS = 30
# However short an interval is set, mails get their turn between two rounds of chores.
SHORTEST_PAUSE = 1.0


@click.group(name="outbox", short_help="Mails that wait to be sent.")
def outbox() -> None:
    """Mails that wait to be sent."""


@outbox.command(name="run")
@click.option("--once", is_flag=True, help="Send what is due, do every chore, and end.")
def run(once: bool) -> None:
    """Send what is due and do the house's chores (the sweep of lost subjects, the counters, ...): one process per site."""
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    socket.setdefaulttimeout(NETWORK_SECONDS)
    due = {chore.name: time.monotonic() for chore in registry.chores()}
    while not ended.is_set():
        sent = box.drain(lambda: ended.is_set() or (not once and _waiting(due)))
        for chore in registry.chores():
            if not ended.is_set() and time.monotonic() >= due[chore.name]:
                _do(chore)
                due[chore.name] = time.monotonic() + max(SHORTEST_PAUSE, chore.seconds())
        model.Session.remove()
        if once:
            return
        # A drain that ended for a chore's sake goes on at once.
        if not sent:
            ended.wait(config.outbox_seconds())


def _waiting(due: dict[str, float]) -> bool:
    return time.monotonic() >= min(due.values(), default=float("inf"))


def _do(chore: Chore) -> None:
    try:
        chore.run()
    except Exception:
        # Mails and the other chores go on; this one comes again in its time.
        log.exception("The chore %s failed", chore.name)
    finally:
        model.Session.rollback()


@outbox.command(name="status")
def status() -> None:
    """Print how many mails are due, wait for another try, were given up and were sent."""
    for name, count in box.state().items():
        click.echo(f"{name}: {count}")


@click.command(name="sweep", short_help="Give threads back to what was lost and came back.")
def sweep() -> None:
    """Give threads back to datasets, files and organisations that were lost and came back; print what was done."""
    for name, count in subjects.sweep().items():
        click.echo(f"{name}: {count}")


commands = [outbox, sweep]
