"""`ckan participation feeds …`: build the whole catalogue's files by hand; and how the harvest clock has them built."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from types import TracebackType

import ckan.plugins.toolkit as tk
import click

from ckanext.participation import config
from ckanext.participation.harvesting.offering import building, files


@click.group(name="feeds", short_help="The whole catalogue as files for other catalogues.")
def feeds() -> None:
    """The whole catalogue as files for other catalogues: /data.json, /data.ttl, /data.jsonld."""


@feeds.command()
@click.option("--anew", is_flag=True, help="Work out every dataset again, not only those that changed.")
@click.option("--processes", type=click.IntRange(1, 16), default=building.PROCESSES, show_default=True, help="How many work at once.")
@click.option("--quiet", is_flag=True, help="Print the last line only.")
@click.pass_context
def build(context: click.Context, anew: bool, processes: int, quiet: bool) -> None:
    """Bring the files up to date with the catalogue. May be killed at any moment: the old files stay, and the work is not lost."""
    started = time.monotonic()

    def progress(datasets: int, made: int) -> None:
        if not quiet:
            click.echo(f"{datasets:,} datasets, {made:,} of them worked out, {time.monotonic() - started:.0f} s")

    with context.meta["flask_app"].test_request_context():
        try:
            report = building.build(progress, anew=anew, processes=processes)
        except files.Busy:
            click.echo("Another process is building the feeds already.", err=True)
            sys.exit(1)
        except files.NoFolder:
            click.echo("There is no folder for the feeds: set ckan.storage_path, or participation.offering.folder.", err=True)
            sys.exit(1)
    click.echo(f"{report.datasets:,} datasets in the feeds: {report.made:,} worked out, {report.gone:,} removed, "
               f"{report.waiting:,} wait for the search index, {time.monotonic() - started:.1f} s")
    if report.by_profiles:
        click.echo(f"{report.by_profiles:,} of them described by ckanext-dcat's profiles, which takes longer (docs/feeds.md).", err=True)
    for dataset in report.failed:
        click.echo(f"Left out, because it could not be written (see the log): {dataset}", err=True)


@feeds.command()
def status() -> None:
    """Print what is served, and whether the clock would build."""
    current = files.current()
    if current is None:
        click.echo("Nothing was built yet: run `ckan participation feeds build`.")
        return
    click.echo(f"{current.datasets:,} datasets, built {current.built}, {current.waiting:,} waiting for the search index, "
               f"{len(current.failed):,} left out")
    for name, feed in current.feeds.items():
        click.echo(f"/{name}: {feed.size:,} bytes, {feed.packed:,} packed, changed {feed.changed}")
    click.echo("A build is due." if building.due() else "No build is due.")


class Builder:
    """Has the files built in a process of its own when it is time: a build takes memory and minutes that the clock has not."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.started = -math.inf

    def tick(self) -> None:
        """Start a build when one is due and none runs."""
        if self.process is not None:
            code = self.process.poll()
            # One that failed is not begun again at once.
            if code is None or (code and time.monotonic() - self.started < config.offering_minutes() * 60):
                return
        if building.due():
            self.started = time.monotonic()
            self.process = subprocess.Popen([sys.executable, "-c", "from ckan.cli.cli import ckan; ckan()", "-c", tk.config["__file__"],
                                             "participation", "feeds", "build", "--quiet"])

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
