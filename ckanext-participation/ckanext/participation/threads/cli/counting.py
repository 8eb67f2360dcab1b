"""The command that compares stored counters with what they count."""

from __future__ import annotations

import click

from ckanext.participation.common.registry import Finding, registry

__all__ = ["commands"]


@click.command(name="verify", short_help="Compare counters with what they count; --repair mends them.")
@click.option("--repair", is_flag=True, help="Mend what is derived. Texts, numbers of messages and events are never touched.")
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this check; may be given several times.")
def verify(repair: bool, names: tuple[str, ...]) -> None:
    """Recount what is stored about conversations, and compare the search with it; print what differs.

    Ends with status 1 when anything differs that was not mended. Can be run while the site works.
    """
    verifiers = registry.verifiers()
    unknown = [name for name in names if name not in verifiers]
    if unknown:
        raise click.UsageError(f"There is no check {', '.join(unknown)}: give one of {', '.join(verifiers)}.")
    left = 0
    for name in names or tuple(verifiers):
        for finding in verifiers[name](repair):
            left += finding.differences - finding.repaired
            _print(finding)
    click.echo("Everything agrees." if not left else f"{left} left as they are.")
    if left:
        raise SystemExit(1)


def _print(finding: Finding) -> None:
    if not finding.differences:
        click.echo(f"{finding.check}: agrees")
        return
    click.echo(f"{finding.check}: {finding.differences} differ" + (f", {finding.repaired} mended" if finding.repaired else ""))
    for example in finding.examples:
        click.echo(f"  {example}")
    if finding.differences > len(finding.examples):
        click.echo(f"  … and {finding.differences - len(finding.examples)} more")


commands = [verify]
