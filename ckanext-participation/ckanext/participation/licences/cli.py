"""`ckan participation licences`: look at the register, check its files, write CKAN's licence list."""

from __future__ import annotations

from pathlib import Path

import click

from .export import write_licences
from .register import RegisterError, bundled_folder, bundled_register, load_register
from .rules import openness

__all__ = ["commands"]


@click.group()
def licences() -> None:
    """The licence register."""


@licences.command("list")
def list_licences() -> None:
    """List id, openness and name of every licence."""
    for licence in bundled_register():
        click.echo(f"{licence.id:<28} {openness(licence):<9} {licence.name('en')}")


@licences.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path | None) -> None:
    """Check the licence files of FOLDER, by default the ones in use."""
    try:
        register = load_register(folder or bundled_folder())
    except RegisterError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        raise click.ClickException(f"{len(error.problems)} problem(s) found.") from error
    click.echo(
        f"{len(register)} licences, {len(register.by_text)} names, {len(register.by_url)} addresses: well."
    )


@licences.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write CKAN's licence list to FILE, for `licenses_group_url = file://FILE`."""
    click.echo(f"Written: {write_licences(file)}")


commands = [licences]
