"""Commands for operators: the mail sender, and the sweep of lost subjects."""

from __future__ import annotations

import signal
import socket
import threading
import time

import click
from ckan import model

from ckanext.participation import config
from ckanext.participation.common import idempotency, subjects
from ckanext.participation.common import outbox as box

__all__ = ["commands"]

# CKAN's mailer opens its connections without a timeout: a mail server that hangs must not hold the outbox for ever.
NETWORK_SECONDS = 30


@click.group(name="outbox", short_help="Mails that wait to be sent.")
def outbox() -> None:
    """Mails that wait to be sent."""


@outbox.command(name="run")
@click.option("--once", is_flag=True, help="Send what is due and end.")
def run(once: bool) -> None:
    """Send what is due and do the house's chores (the sweep of lost subjects, old idempotency keys): one process per site."""
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    socket.setdefaulttimeout(NETWORK_SECONDS)
    next_chores = time.monotonic()
    while not ended.is_set():
        box.drain(ended.is_set)
        if time.monotonic() >= next_chores:
            subjects.sweep()
            idempotency.forget()
            next_chores = time.monotonic() + config.sweep_seconds()
        model.Session.remove()
        if once:
            return
        ended.wait(config.outbox_seconds())


@outbox.command(name="status")
def status() -> None:
    """Print how many mails are due, wait for another try, were given up and were sent."""
    for name, count in box.state().items():
        click.echo(f"{name}: {count}")


@click.command(name="sweep", short_help="Give threads back to datasets that were lost and came back.")
def sweep() -> None:
    """Give threads back to datasets that were lost and came back; print what was done."""
    for name, count in subjects.sweep().items():
        click.echo(f"{name}: {count}")


commands = [outbox, sweep]
