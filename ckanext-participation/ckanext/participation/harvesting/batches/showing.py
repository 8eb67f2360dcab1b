"""Many datasets as CKAN shows them, with one statement of each kind instead of a dozen for each dataset.

`dictized` gives what CKAN's `package_dictize` gives, `both` what its `package_show_default_and_custom_schemas` gives; a test holds them
to it, dataset by dataset.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

import ckan.plugins as p
import sqlalchemy as sa
from ckan import logic, model
from ckan.lib import dictization
from ckan.lib import plugins as forms
from ckan.lib.dictization import model_dictize
from ckan.logic.schema import default_show_package_schema

from ckanext.participation.harvesting.batches import chains, prefetched
from ckanext.participation.harvesting.batches.fields import UNREAD
from ckanext.participation.harvesting.batches.prefetched import KEY, Known

Shown = dict[str, Any]

# Values that CKAN leaves so when it makes a dictionary of a row.
_AS_THEY_ARE: Final = frozenset({str, int, bool, dict, list, type(None)})


def both(packages: Sequence[Any], user: str) -> list[tuple[Shown, Shown]]:
    """Each dataset under CKAN's own schema and under its type's: what its search document is made from."""
    if chains.shown_by_others():
        return [logic.package_show_default_and_custom_schemas({"user": user}, package.id) for package in packages]
    with prefetched.validators():
        return list(_both(packages, user))


def _both(packages: Sequence[Any], user: str) -> Iterator[tuple[Shown, Shown]]:
    rows = _Rows(packages)
    ckans = default_show_package_schema()
    for package in packages:
        context = _context(user, package)
        shown = dictized(package, rows, context)
        for plugin in p.PluginImplementations(p.IPackageController):
            plugin.read(package)
        for plugin in p.PluginImplementations(p.IResourceController):
            for resource in shown["resources"]:
                plugin.before_resource_show(resource)
        plain, _errors = forms.plugin_validate(object(), context, shown, ckans, "package_show")
        form: Any = forms.lookup_package_plugin(shown["type"])
        custom, _errors = forms.plugin_validate(form, context, shown, form.show_package_schema(), "package_show")
        logic.apply_after_dataset_show_plugins(context, custom)
        yield plain, custom


def _context(user: str, package: Any) -> Any:
    return {"model": model, "session": model.Session, "user": user, "ignore_auth": True, "use_cache": False, "validate": False,
            "package": package, "with_capacity": False, KEY: Known(), UNREAD: True}


class _Rows:
    """What belongs to the datasets, by their ids."""

    def __init__(self, packages: Sequence[Any]) -> None:
        ids = [package.id for package in packages]
        self.resources: dict[str, list[Any]] = defaultdict(list)
        self.tags: dict[str, list[Any]] = defaultdict(list)
        self.groups: dict[str, list[tuple[Any, str]]] = defaultdict(list)
        self.as_subject: dict[str, list[Any]] = defaultdict(list)
        self.as_object: dict[str, list[Any]] = defaultdict(list)
        self._dictized_groups: dict[tuple[str, str], Shown] = {}
        self._licences: dict[str, Any] = {}
        resource, tag, tie = model.resource_table, model.tag_table, model.package_tag_table
        for row in model.Session.execute(sa.select(resource).where(resource.c.package_id.in_(ids))):
            self.resources[row.package_id].append(row)
        for row in model.Session.execute(
            sa.select(tag, tie.c.state, tie.c.package_id).join(tie, tag.c.id == tie.c.tag_id)
            .where(tie.c.package_id.in_(ids), tie.c.state == "active")
        ):
            self.tags[row.package_id].append(row)
        member, group = model.member_table, model.group_table
        for row in model.Session.execute(
            sa.select(member.c.table_id, member.c.group_id, member.c.capacity).join(group, group.c.id == member.c.group_id)
            .where(member.c.table_id.in_(ids), member.c.state == "active", group.c.is_organization.is_(False))
        ):
            self.groups[row.table_id].append((row.group_id, row.capacity))
        owners = {package.owner_org for package in packages if package.owner_org}
        self.organisations: dict[str, Shown] = {}
        for row in model.Session.execute(sa.select(group).where(group.c.id.in_(owners), group.c.state == "active")):
            organisation = dictization.table_dictize(row, {})
            del organisation["extras"]
            self.organisations[row.id] = organisation
        relation = model.package_relationship_table
        for row in model.Session.execute(
            sa.select(relation).where(relation.c.subject_package_id.in_(ids) | relation.c.object_package_id.in_(ids))
        ):
            self.as_subject[row.subject_package_id].append(row)
            self.as_object[row.object_package_id].append(row)

    def licence(self, package: Any) -> Any:
        """The dataset's licence as CKAN knows it; each is looked up once: CKAN goes through its whole list."""
        name = package.license_id
        if name not in self._licences:
            self._licences[name] = package.license
        return self._licences[name]

    def groups_of(self, identifier: str, context: Any) -> list[Shown]:
        """The dataset's groups; each group is asked for once, whatever the number of datasets in it."""
        found = []
        for group_id, capacity in self.groups[identifier]:
            if (group_id, capacity) not in self._dictized_groups:
                rows: Any = [model.Session.execute(
                    sa.select(model.group_table, sa.literal(capacity).label("capacity")).where(model.group_table.c.id == group_id)).one()]
                self._dictized_groups[group_id, capacity] = model_dictize.group_list_dictize(rows, context, with_package_counts=False)[0]
            found.append(copy.deepcopy(self._dictized_groups[group_id, capacity]))
        return sorted(found, key=lambda one: model_dictize.h.strxfrm(one["display_name"]))


def dictized(package: Any, rows: _Rows, context: Any) -> Shown:
    """What CKAN's `package_dictize` gives for a dataset."""
    shown = dictization.table_dictize(package, context)
    if shown.get("title"):
        shown["title"] = shown["title"].strip()
    shown.pop("plugin_data", None)
    files = sorted((row for row in rows.resources[package.id] if row.state == "active"), key=attrgetter("position"))
    shown["resources"] = [_file(row, context) for row in files]
    shown["num_resources"] = len(shown["resources"])
    tags = [{**row._mapping, "display_name": row.name} for row in sorted(rows.tags[package.id], key=attrgetter("name"))]
    for tag in tags:
        del tag["package_id"]
    shown["tags"], shown["num_tags"] = tags, len(tags)
    shown["extras"] = [{"key": key, "value": value} for key, value in (shown["extras"] or {}).items()]
    shown["groups"] = rows.groups_of(package.id, context)
    organisation = rows.organisations.get(package.owner_org)
    shown["organization"] = dict(organisation) if organisation else None
    shown["relationships_as_subject"] = dictization.obj_list_dictize(rows.as_subject[package.id], context)
    shown["relationships_as_object"] = dictization.obj_list_dictize(rows.as_object[package.id], context)
    licence = rows.licence(package)
    shown["isopen"] = bool(licence and licence.isopen())
    shown["type"] = package.type or "dataset"
    if licence and licence.url:
        shown["license_url"] = licence.url
        shown["license_title"] = licence.title.split("::")[-1]
    else:
        shown["license_title"] = licence.title if licence else package.license_id
    shown["metadata_modified"] = package.metadata_modified.isoformat()
    shown["metadata_created"] = package.metadata_created.isoformat() if package.metadata_created else None
    return shown


def _file(row: Any, context: Any) -> Shown:
    """What CKAN's `resource_dictize` gives for a file."""
    if row.url_type == "upload" or not (row.url or "").startswith(("http://", "https://")):
        # CKAN completes these addresses.
        return model_dictize.resource_dictize(row, context)
    shown: Shown = {name: value if type(value) in _AS_THEY_ARE else _written(value) for name, value in row._mapping.items()}
    return shown | (shown.pop("extras") or {})


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
