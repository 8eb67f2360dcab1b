"""What is here already, for a whole batch with one statement of each kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import selectinload

from ckanext.participation.harvesting.batches.rows import Row

_PACKAGE = [column.name for column in model.package_table.c]
_RESOURCE = [column.name for column in model.resource_table.c]
Tag = tuple[str, str | None]


@dataclass
class Here:
    """The datasets of a batch as they are in the database, by their ids."""

    packages: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, list[Row]] = field(default_factory=dict)
    # Of each dataset: the row that ties it to a tag, as (id of the row, its state).
    tags: dict[str, dict[Tag, tuple[str, str]]] = field(default_factory=lambda: defaultdict(dict))
    members: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))


def here(ids: Collection[str]) -> Here:
    """Load the datasets and lock their rows until the transaction ends; those that are not there are left out."""
    found = Here()
    if not ids:
        return found
    found.packages = packages(ids, lock=True)
    for identifier, package in found.packages.items():
        found.resources[identifier] = [columns(row, _RESOURCE) for row in package.resources_all]
    wanted = list(found.packages)
    tag, tie = model.tag_table.c, model.package_tag_table.c
    for row in model.Session.execute(
        sa.select(tie.package_id, tie.id, tie.state, tag.name, tag.vocabulary_id)
        .join_from(model.package_tag_table, model.tag_table, tag.id == tie.tag_id).where(tie.package_id.in_(wanted))
    ):
        # The same tag may be tied twice; the row that counts is the active one.
        if found.tags[row.package_id].get((row.name, row.vocabulary_id), ("", ""))[1] != "active":
            found.tags[row.package_id][row.name, row.vocabulary_id] = (row.id, row.state)
    member, group = model.member_table.c, model.group_table.c
    for row in model.Session.execute(
        sa.select(member.id, member.table_id, member.group_id, member.capacity, member.state, group.is_organization)
        .join_from(model.member_table, model.group_table, group.id == member.group_id)
        .where(member.table_id.in_(wanted), member.table_name == "package")
    ):
        found.members[row.table_id].append(row)
    return found


def packages(ids: Iterable[str], *, lock: bool = False, resources: bool = True) -> dict[str, Any]:
    """CKAN's objects of these datasets as the database has them now, with their files, by id.

    :param lock: nobody else changes them until the transaction ends; always in the same order, so that two batches cannot wait for
        each other
    """
    query = sa.select(model.Package).where(model.Package.id.in_(list(ids))).order_by(model.Package.id)  # type: ignore[attr-defined]
    query = query.execution_options(populate_existing=True)
    if resources:
        query = query.options(selectinload(model.Package.resources_all))  # type: ignore[arg-type]
    if lock:
        query = query.with_for_update(key_share=True)
    return {package.id: package for package in model.Session.scalars(query)}


def columns(row: Any, names: Iterable[str] = _PACKAGE) -> Row:
    """The columns of one of CKAN's objects."""
    found = {name: getattr(row, name) for name in names}
    for name in ("extras", "plugin_data"):
        if found.get(name) is not None:
            found[name] = dict(found[name])
    return found


def used(table: str, values: Collection[str], column: str = "id") -> set[str]:
    """Those of the values that a row of the table has in this column."""
    if not values:
        return set()
    asked = sa.column(column, sa.Text)
    return set(model.Session.scalars(sa.select(asked).select_from(sa.table(table)).where(asked == sa.func.any(list(values)))))


def groups(names: Collection[str]) -> dict[str, str]:
    """The ids of the groups that have these names and are in use."""
    if not names:
        return {}
    group = model.group_table.c
    found = model.Session.execute(
        sa.select(group.name, group.id).where(group.name.in_(list(names)), group.state == "active", group.is_organization.is_(False)))
    return {row.name: row.id for row in found}


def owners_of_files(ids: Collection[str]) -> dict[str, str]:
    """The dataset that each of these files belongs to, of those that are there and not deleted."""
    if not ids:
        return {}
    resource = model.resource_table.c
    found = model.Session.execute(
        sa.select(resource.id, resource.package_id).where(resource.id.in_(list(ids)), resource.state != "deleted"))
    return {row.id: row.package_id for row in found}
