"""`ckan participation licensing`: names that administrators gave to licences, and the count of what nobody recognises."""

from __future__ import annotations

import click

from ckanext.participation.licensing import counting
from ckanext.participation.licensing.records import LicenceAlias

__all__ = ["commands"]

BATCH = 100


@click.group(short_help="What administrators decided about licences.")
def licensing() -> None:
    """What administrators decided about licences."""


@licensing.command("aliases")
@click.option("--former", is_flag=True, help="List those that were taken back.")
def list_aliases(former: bool) -> None:
    """List the names that administrators gave to licences, the latest first: number, day, licence and name, with tabs between."""
    after: int | None = None
    while rows := LicenceAlias.page(limit=BATCH, after=after, former=former):
        for row in rows:
            click.echo(f"{row.id}\t{row.at:%Y-%m-%d}\t{row.licence_id}\t{row.text}")
        after = rows[-1].id


@licensing.command("count")
def count() -> None:
    """Count now what nobody recognises, and tell the search of names that it does not know, without waiting for the sending process."""
    walk = counting.everything()
    click.echo(f"{walk.survey.datasets} dataset(s), {len(walk.survey.unclear())} statement(s) that nobody recognises, "
               f"{walk.indexed} dataset(s) indexed again")


commands = [licensing]
