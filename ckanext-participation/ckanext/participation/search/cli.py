"""Commands for operators: bring what people say to the search anew, and say how much waits."""

from __future__ import annotations

import click
from ckan import model

from ckanext.participation.common import indexing
from ckanext.participation.common.registry import registry
from ckanext.participation.search import indexer, server

__all__ = ["commands"]

BATCH = 5000


@click.group(name="search", short_help="What people say, in the search.")
def search() -> None:
    """What people say, in the search. (`ckan search-index` is for datasets.)"""


@search.command(name="rebuild")
@click.option("--background", is_flag=True, help="Only mark everything: the sending process does the rest.")
def rebuild(background: bool) -> None:
    """Send every message of every conversation to the search again.

    Stopped at any instant, the rest stays marked: the sending process, or this command again, goes on. Searching works meanwhile.
    """
    if not server.is_set_up():
        raise click.UsageError("participation.search.solr_url is not set: there is no search of conversations.")
    indexer.forget()
    total = 0
    for entry in registry.searchables.values():
        last = 0
        while ids := entry.ids(last, BATCH):
            indexing.mark(entry.name, ids)
            model.Session.commit()
            last, total = ids[-1], total + len(ids)
    click.echo(f"{total} conversations marked")
    if not background:
        _send()


@search.command(name="send")
def send() -> None:
    """Send what is marked now, without waiting for the sending process."""
    _send()


@search.command(name="status")
def status() -> None:
    """Print how many marks wait to be sent."""
    click.echo(f"waiting: {indexer.waiting()}")


def _send() -> None:
    sent = 0
    try:
        while done := indexer.index(seconds=0):
            sent += done
            click.echo(f"\r{sent} marks settled, {indexer.waiting()} wait", nl=False)
            model.Session.rollback()
        server.commit()
    except server.SearchAway as error:
        raise click.ClickException(
            f"{error}. What was not sent stays marked: run `ckan participation search send` when it answers.") from error
    left = indexer.waiting()
    click.echo(f"\r{sent} marks settled." + (f" {left} wait: another process sends them." if left else " Nothing waits."))


commands = [search]
