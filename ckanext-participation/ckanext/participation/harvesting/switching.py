"""Moving a harvest source from a stock type to ours, and back, with its datasets as they are.

Nothing is harvested: the next run finds the datasets by their harvest objects and changes them in place.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
import click
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

from ckanext.participation.common import people
from ckanext.participation.harvesting import organisations
from ckanext.participation.harvesting.engine.model import HarvestHeld, HarvestPage, HarvestState

_UNDER_WAY = ("New", "Running")


class Made(NamedTuple):
    """An organisation that a stock harvest made: its id is that of the source's organisation."""

    id: str
    title: str


def hold(source_id: str) -> Any:
    """The source, which nobody else switches until the transaction ends; None when there is none in use."""
    return model.Session.scalars(
        sa.select(HarvestSource).where(HarvestSource.id == source_id, HarvestSource.active.is_(True)).with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def is_busy(source_id: str) -> bool:
    """Whether a job of the source waits or runs."""
    return bool(model.Session.scalar(sa.select(sa.exists().where(
        HarvestJob.source_id == source_id, HarvestJob.status.in_(_UNDER_WAY)))))


def owners(source_id: str) -> list[Made]:
    """The organisations that hold datasets of the source, besides its own and those that our harvests made."""
    package, own = model.Package, sa.select(model.Package.owner_org).where(model.Package.id == source_id).scalar_subquery()
    held = sa.select(package.owner_org).join(HarvestObject, HarvestObject.package_id == package.id).where(
        HarvestObject.harvest_source_id == source_id, HarvestObject.current.is_(True), package.state == "active",
        package.owner_org.is_distinct_from(own))
    groups = model.Session.scalars(sa.select(model.Group).where(model.Group.id.in_(held)).order_by(model.Group.name))
    return [Made(group.id, group.title or group.name) for group in groups if not organisations.identifiers(group)]


def was_made_by(source_id: str, organisation_id: str) -> bool:
    """Whether the source says that its own organisation has this very id, as one has that a stock harvest made."""
    content = sa.select(HarvestObject.content).join(model.Package, model.Package.id == HarvestObject.package_id).where(
        HarvestObject.harvest_source_id == source_id, HarvestObject.current.is_(True), HarvestObject.content.isnot(None),
        model.Package.owner_org == organisation_id).order_by(HarvestObject.gathered.desc()).limit(1)
    written = model.Session.scalar(content)
    try:
        said = json.loads(written) if written else {}
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("owner_org") == organisation_id


def take_over(organisation_ids: list[str]) -> None:
    """Let harvests go on filling these organisations."""
    for group in model.Session.scalars(sa.select(model.Group).where(model.Group.id.in_(organisation_ids))):
        organisations.mark(group, group.id)


def forget(source_id: str) -> None:
    """Forget what is known of the source's records, so that the next run learns it from the harvest objects."""
    for table in (HarvestState, HarvestPage, HarvestHeld):
        model.Session.execute(sa.delete(table).where(table.source_id == source_id))


@click.command(name="switch")
@click.argument("source")
@click.option("--back", is_flag=True, help="From our type to the stock type that it had.")
@click.option("--confirm", is_flag=True, help="Also when settings have no counterpart.")
@click.pass_context
def switch(context: click.Context, source: str, *, back: bool, confirm: bool) -> None:
    """Move SOURCE (its name or id) from a type of ckanext-harvest or ckanext-dcat to ours; its datasets stay as they are."""
    site = people.site_context()
    try:
        with context.meta["flask_app"].test_request_context():
            # Stock types check some settings in the name of the person in front of their form.
            tk.g.user = site.get("user")
            done = tk.get_action("participation_harvest_source_switch")(site, {"id": source, "back": back, "confirm": confirm})
    except tk.ObjectNotFound as error:
        raise click.ClickException(f"There is no harvest source {source}.") from error
    except tk.ValidationError as error:
        sentences = [str(one) for said in error.error_dict.values() for one in (said if isinstance(said, list) else [said])]
        raise click.ClickException("\n".join(sentences)) from error
    if not done["switched"]:
        click.echo(f"{done['name']} is of the type {done['source_type']} already.")
        return
    click.echo(f"{done['name']}: {done['before']} → {done['source_type']}, {done['datasets']} datasets")
    for sentence in done["notes"]:
        click.echo(sentence)
