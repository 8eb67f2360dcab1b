"""`ckan participation licences`: look at the register, check its files, write CKAN's licence list, look after a site's licences."""

from __future__ import annotations

import sys
from pathlib import Path

import ckan.plugins.toolkit as tk
import click

from . import further, model, survey
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


@licences.command()
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
def report(as_csv: bool) -> None:
    """Print the licence statements of this site's datasets and files that are not recognised or contradict themselves.

    With how many datasets or files make each, which licences it could be, and the names of some of the datasets. Private datasets are
    among them. At the end stand those that only a name which this site added recognises, with `alias` in the column of confidence.
    """
    found = survey.Survey(bundled_register(), further.names(fresh=True))
    for dataset in model.datasets():
        found.add(dataset)
    rows = [entry.cells() for entry in (*found.unclear(), *found.helped())]
    if as_csv:
        click.echo(survey.as_csv(survey.COLUMNS, rows), nl=False)
    elif rows:
        click.echo(survey.as_table(survey.COLUMNS, rows))
    else:
        click.echo("Every licence that a dataset or a file states is recognised.")


@licences.command()
@click.option("--dry-run", "dry_run", is_flag=True, help="Only show what would change.")
@click.option("--yes", is_flag=True, help="Change the datasets.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
def normalise(dry_run: bool, yes: bool, as_csv: bool) -> None:
    """Give existing datasets the register's id of their licence.

    Changes `license_id` where the licence is certain or probable, and nothing else; what files state is left as it is. Each dataset is
    changed as the site's own user, and goes through all checks of a change by hand: those that fail are named at the end.
    """
    if dry_run == yes:
        raise click.UsageError("Say --dry-run to see what would change, or --yes to change it.")
    found = survey.changes(bundled_register(), model.datasets(), further.names(fresh=True))
    rows = [change.cells() for change in found]
    if as_csv:
        click.echo(survey.as_csv(survey.CHANGE_COLUMNS, rows), nl=False)
    elif rows:
        click.echo(survey.as_table(survey.CHANGE_COLUMNS, rows))
    total = sum(len(change.ids) for change in found)
    if dry_run:
        click.echo(f"{total} dataset(s) would change.", err=as_csv)
        return
    failed = _change(found)
    click.echo(f"{total - failed} dataset(s) changed.", err=as_csv)
    if failed:
        click.echo(f"{failed} dataset(s) could not be changed.", err=True)
        sys.exit(1)


def _change(found: list[survey.Change]) -> int:
    """Change `license_id` of the datasets; give how many could not be changed."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    failed = 0
    for change in found:
        for dataset_id in change.ids:
            try:
                tk.get_action("package_patch")({"user": user}, {"id": dataset_id, "license_id": change.after})
            except (tk.ValidationError, tk.ObjectNotFound, tk.NotAuthorized) as error:
                failed += 1
                click.echo(f"{dataset_id}: {getattr(error, 'error_summary', None) or error}", err=True)
    return failed


commands = [licences]
