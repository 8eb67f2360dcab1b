"""A record made into the dataset that is written: the same steps, in the same order, that CKAN's actions take before they write."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import plugins as forms
from ckan.lib import uploader

from ckanext.participation.harvesting import rules, values
from ckanext.participation.harvesting.batches import chains, loading, naming
from ckanext.participation.harvesting.batches.items import Item, Run
from ckanext.participation.harvesting.batches.loading import Here
from ckanext.participation.harvesting.batches.prefetched import KEY, Known

_ATTEMPTS = 3


@dataclass
class Plan:
    """One dataset that can be written: what validation gave, and the context in which its hooks are called."""

    item: Item
    digest: str
    dataset: dict[str, Any]
    package: Any
    notes: list[str]
    wanted_name: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self.dataset["id"]

    @property
    def action(self) -> str:
        """The action of CKAN's that this stands for."""
        return "package_create" if self.package is None else "package_update"


def plans(items: Sequence[Item], here: Here, shown: Callable[[Sequence[Any]], dict[str, dict[str, Any]]]) -> list[Plan]:
    """What each record becomes here; nothing is checked yet.

    :param shown: datasets as `package_show` gives them, for the fields that harvests must not overwrite
    """
    foreign = {str(row["id"]) for item in items for row in item.record.dataset["resources"] if row.get("id")}
    taken_files = loading.used("resource", foreign)
    guids = {item.guid for item in items} | {own for item in items if (own := as_uuid(item.guid))}
    taken = loading.used("package", guids) | loading.used("package", guids, "name")
    fixed = tk.aslist(tk.config.get("ckan.harvest.not_overwrite_fields"))
    kept = shown(list(here.packages.values())) if fixed else {}
    groups = loading.groups({group["name"] for item in items for group in item.record.dataset.get("groups") or []})
    found: list[Plan] = []
    for item in items:
        dataset = {
            **item.record.dataset,
            "owner_org": item.owner_org,
            "groups": [{"id": groups[group["name"]]} for group in item.record.dataset.get("groups") or [] if group["name"] in groups],
            "extras": [*item.record.dataset["extras"], {"key": "guid", "value": item.guid}],
            "resources": [dict(row) for row in item.record.dataset["resources"]],
        }
        package = here.packages.get(item.package_id or "")
        if package is None:
            own = as_uuid(item.guid)
            if own in taken or item.guid in taken:
                own = ""
            dataset |= {"id": own or str(uuid.uuid4()), "type": "dataset"}
            taken.add(dataset["id"])
            _settle_file_ids(dataset["resources"], set(), taken_files)
        else:
            _for_update(dataset, package, here)
            dataset |= {name: kept[package.id][name] for name in fixed if name in kept[package.id]}
            dataset |= {"id": package.id, "name": package.name, "private": package.private, "type": package.type or "dataset",
                        "state": "active"}
            _settle_file_ids(dataset["resources"], {row["id"] for row in _active(here, package)}, taken_files)
        # Taken as the record came, before its files got the ids that they have here.
        found.append(Plan(item, item.digest or item.record.digest(), dataset, package, [*item.record.notes, *item.notes]))
    _name([plan for plan in found if plan.package is None])
    return found


def known(found: Sequence[Plan]) -> Known:
    """What validation would ask the database about these datasets."""
    owners = {plan.dataset["owner_org"] for plan in found if plan.dataset["owner_org"]}
    files = {row["id"] for plan in found for row in plan.dataset["resources"] if row.get("id")}
    return Known(
        organisations={one: one for one in loading.used("group", owners)},
        packages=loading.used("package", {plan.id for plan in found if plan.package is None}),
        owners_of_files=loading.owners_of_files(files),
    )


def check(plan: Plan, run: Run, answers: Known) -> None:
    """Fill the plan's `data`, leaving out what validation refuses; raises ValidationError when the dataset needs what was refused."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            plan.data, plan.context = _validated(plan, run, answers)
            return
        except tk.ValidationError as error:
            plan.dataset, left_out = rules.without_refused(plan.dataset, error.error_dict)
            if not left_out or attempt == _ATTEMPTS:
                raise
            plan.notes += left_out


def as_uuid(value: object) -> str:
    """The value as an id of CKAN's, or an empty text."""
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return ""


def context(run: Run, answers: Known, package: Any = None) -> dict[str, Any]:
    """The context that an action of CKAN's would have."""
    made = {"model": model, "session": model.Session, "user": run.user, "ignore_auth": True, "return_id_only": True, KEY: answers}
    return made if package is None else {**made, "package": package}


def _validated(plan: Plan, run: Run, answers: Known) -> tuple[dict[str, Any], dict[str, Any]]:
    around = context(run, answers, plan.package)
    dataset = chains.prepared(plan.action, around, {**plan.dataset, "resources": [dict(row) for row in plan.dataset["resources"]]})
    form: Any = forms.lookup_package_plugin(dataset["type"])
    if plan.package is None:
        schema = form.create_package_schema()
    else:
        schema = form.update_package_schema()
        _guess_media_types(dataset["resources"])
    data, errors = forms.plugin_validate(form, around, dataset, schema, plan.action)  # type: ignore[arg-type]
    if errors:
        refused = tk.ValidationError(dict(errors))
        # CKAN's exception forgets which tag was refused, and all would be left out.
        refused.error_dict = errors
        raise refused
    return data, around


def _guess_media_types(resources: list[dict[str, Any]]) -> None:
    # CKAN does so at an update, and not when a dataset is made.
    for row in resources:
        if "mimetype" not in row:
            upload = uploader.get_resource_uploader(row)
            if hasattr(upload, "mimetype"):
                row["mimetype"] = upload.mimetype


def _for_update(dataset: dict[str, Any], package: Any, here: Here) -> None:
    rules.keep_file_ids([{**(row["extras"] or {}), **row} for row in _active(here, package)], dataset["resources"])
    tied = {member.group_id for member in here.members.get(package.id, ()) if member.state == "active" and not member.is_organization}
    # Groups that people put the dataset into stay; those of the source's settings come on top.
    wanted = {group["id"] for group in dataset.get("groups") or []}
    dataset["groups"] = [{"id": identifier} for identifier in sorted(tied | wanted)]


def _active(here: Here, package: Any) -> list[dict[str, Any]]:
    rows = [row for row in here.resources[package.id] if row["state"] == "active"]
    return sorted(rows, key=lambda row: row["position"] or 0)


def _settle_file_ids(resources: list[dict[str, Any]], known: set[str], taken: set[str]) -> None:
    """An id that another dataset has here, or another file of the batch, would be refused or would take that file over."""
    seen: set[str] = set()
    for row in resources:
        identifier = row.get("id")
        if identifier is None:
            continue
        fits = (identifier in known) or (as_uuid(identifier) and identifier not in taken)
        if not fits or identifier in seen:
            del row["id"]
            continue
        seen.add(identifier)
        if identifier not in known:
            taken.add(identifier)


def _name(found: Sequence[Plan]) -> None:
    for plan in found:
        plan.wanted_name = plan.dataset.get("name") or values.slug(plan.dataset["title"]) or "dataset"
    for plan, name in zip(found, naming.reserve([plan.wanted_name for plan in found]), strict=True):
        plan.dataset["name"] = name
