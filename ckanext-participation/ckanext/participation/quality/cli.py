"""`ckan participation quality …`: judge every dataset now, and what is known of the addresses of files."""

from __future__ import annotations

import threading

import click

from ckanext.participation.quality import computing
from ckanext.participation.quality.links import addresses, checking

__all__ = ["commands"]

PAUSE = 0.2


@click.group(name="quality", short_help="What datasets lack.")
def quality() -> None:
    """What datasets lack, and whether the addresses of files answer."""


@quality.command()
def judge() -> None:
    """Judge every dataset now, instead of waiting for the process `outbox`."""
    click.echo(f"{computing.everything()} datasets judged")


@quality.command()
@click.option("--rounds", type=click.IntRange(1), default=600, show_default=True, help="How many rounds at most, five in a second.")
def links(rounds: int) -> None:
    """Ask the addresses that are due, within the day's budget and the hosts' pauses; print how many are in which state."""
    checker, ended = checking.Checker(), threading.Event()
    for _round in range(rounds):
        checker.go_on()
        if checker.idle:
            break
        ended.wait(PAUSE)
    checker.stop()
    for name, count in addresses.counts().items():
        click.echo(f"{name}: {count}")


commands = [quality]
