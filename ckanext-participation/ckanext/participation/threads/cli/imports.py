"""The command that brings over the conversations of other extensions."""

from __future__ import annotations

import signal
import threading
import zoneinfo
from contextlib import ExitStack
from pathlib import Path

import ckan.plugins.toolkit as tk
import click

from ckanext.participation.threads import rules
from ckanext.participation.threads.importing import running
from ckanext.participation.threads.importing.reading import SourceError
from ckanext.participation.threads.importing.report import Report
from ckanext.participation.threads.importing.shapes import Options

__all__ = ["commands"]


@click.group(name="threads", short_help="Conversations: bring them over from other extensions.")
def threads() -> None:
    """Conversations: bring them over from other extensions."""


@threads.command(name="import", short_help="Bring over the conversations of another extension.")
@click.option("--from", "peer", type=click.Choice(sorted(running.PEERS)), required=True,
              help="ckanext-comments, ckanext-feedback or ckanext-issues.")
@click.option("--database", metavar="URL", help="PostgreSQL database of the former site (default: the catalogue's own). It is only read.")
@click.option("--dry-run", "dry", is_flag=True, help="Do everything, keep nothing: says what an import would carry.")
@click.option("--report", "report_file", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Write every row that is not carried, or not whole, to this file (CSV).")
@click.option("--lang", type=click.Choice(rules.LANGUAGES), help="Language of the texts (default: that of the site).")
@click.option("--kind", type=click.Choice(rules.KINDS), default="suggestion", show_default=True,
              help="Kind of the conversations that the former site gave none.")
@click.option("--timezone", "zone", metavar="ZONE", help="Zone of the former site's dates, such as America/Toronto (default: UTC; "
              "for ckanext-feedback, which stores local dates, that of this machine).")
def import_(peer: str, database: str | None, dry: bool, report_file: Path | None, lang: str | None, kind: str, zone: str | None) -> None:
    """Bring over the conversations of another extension, with dates, authors, replies and states.

    It may be stopped (Ctrl+C) and started again: each conversation is stored by itself, and nothing is stored twice. Nobody is mailed.
    """
    options = Options(lang=lang or _site_language(), kind=kind, zone=_zone(peer, zone))
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    with ExitStack() as opened:
        file = opened.enter_context(report_file.open("w", newline="", encoding="utf-8")) if report_file else None
        report = Report(file)
        try:
            ended = running.run(peer, report, options=options, database=database, dry=dry, stop=stopped.is_set)
        except (SourceError, running.BusyError) as error:
            raise click.ClickException(str(error)) from error
    for line in report.lines():
        click.echo(line)
    if dry:
        click.echo("Nothing was stored: this was a dry run.")
    if not ended:
        raise click.ClickException("Stopped before the end. Start the same command again: it goes on where it stopped.")


def _site_language() -> str:
    language = str(tk.config["ckan.locale_default"]).split("_")[0]
    return language if language in rules.LANGUAGES else "en"


def _zone(peer: str, name: str | None) -> zoneinfo.ZoneInfo | None:
    if name is None:
        return None if peer == "feedback" else zoneinfo.ZoneInfo("UTC")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{name} is not a time zone. Name one such as America/Toronto.", param_hint="--timezone") from error


commands = [threads]
