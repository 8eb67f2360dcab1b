"""`ckan participation harvest watch SOURCE`: how far its run is, until it is done."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import Any

import click
from ckan import model

from ckanext.participation.harvesting.health import records, showing
from ckanext.participation.harvesting.health.rules import Outcome


@click.command()
@click.argument("source")
@click.option("--every", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="Seconds between two looks.")
def watch(source: str, every: float) -> None:
    """Print how far the run of SOURCE (its name or id) is: rows, rate, time left; ends when the run does.

    Ends with an error when the run failed. Where no run is under way, it says how the last one ended.
    """
    printed = ""
    while True:
        run = _latest(source)
        line = line_of(run)
        if line != printed:
            click.echo(line)
            printed = line
        if run is None or run["progress"] is None:
            sys.exit(1 if run and run["outcome"] == Outcome.FAILED else 0)
        time.sleep(every)


def line_of(run: dict[str, Any] | None) -> str:
    """Return one line about a run, as `showing.run` gives it."""
    if run is None:
        return "never run"
    far = run["progress"]
    if far is None:
        did = ", ".join(f"{run[name] or 0:,} {name}" for name in ("listed", "new", "changed", "unchanged", "gone", "errors"))
        return f"{run['outcome']} in {run['seconds']} s" + (f": {did}" if run["counted"] else "")
    if far["step"] == "asked":
        return "asked for, not begun"
    parts = [f"{far['step']} {far['done']:,} of {far['total']:,}" if far["total"] is not None else f"{far['step']} {far['done']:,}"]
    if far["rate"]:
        parts.append(f"{far['rate']:.1f} a second")
    if far["left"] is not None:
        parts.append(f"{far['left']} s left")
    if far["quiet"]:
        parts.append(f"no sign for {far['silent']} s")
    return ", ".join(parts + ["stopping"] * far["stopping"])


def _latest(source: str) -> dict[str, Any] | None:
    try:
        package = model.Package.get(source)
        if package is None or package.type != "harvest":
            click.echo(f"There is no harvest source {source}.", err=True)
            sys.exit(1)
        rows = records.of([package], most=1)
        return showing.run(rows[0]["runs"][0], datetime.now(UTC)) if rows and rows[0]["runs"] else None
    finally:
        # Each look sees the database as it is.
        model.Session.remove()
