"""Who is told of what a batch writes.

In `compat` every plugin hears of each dataset what CKAN's own actions would have told it, in the same order and at the same point: in the
transaction what belongs there, after the commit the signals. In `fast` only this extension's plugins do; other extensions get one signal
for the batch. CKAN's activity stream is written in bulk in both.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import datapreview
from ckan.lib.plugins import get_permission_labels

from ckanext.participation.common.model import now_of_ckan
from ckanext.participation.harvesting.batches import chains, checking, loading, prefetched
from ckanext.participation.harvesting.batches.items import Outcome, Run
from ckanext.participation.harvesting.batches.saving import Written

# Sent after each commit with `source_id` and the ids of the datasets: `added`, `updated`, `deleted`.
BATCH_WRITTEN = "participation:batch_written"
_STREAM = "ckanext.activity."


def written(done: Sequence[Written], run: Run) -> None:
    """Call, before the commit, what CKAN's actions call there."""
    told = [one for one in done if one.changed]
    watching = run.mode == "compat" and bool(_watchers())
    views = bool(datapreview.get_default_view_plugins())
    # Who hears of a change compares files; where new datasets only are told of, CKAN loads the files of those that a plugin looks at.
    files = watching or any(one.plan.package is not None for one in told)
    packages = loading.packages([one.plan.id for one in told], resources=files)
    for one in told:
        package, plan = packages[one.plan.id], one.plan
        plan.context["package"] = package
        for plugin in _controllers(run):
            (plugin.create if plan.package is None else plugin.edit)(package)
            (plugin.after_dataset_create if plan.package is None else plugin.after_dataset_update)(plan.context, plan.data)
        if views and plan.package is None and plan.data.get("resources"):
            around: Any = {**checking.context(run, prefetched.Known()), "defer_commit": True}
            tk.get_action("package_create_default_resource_views")(around, {"package": plan.data})
        if watching:
            _notify(package, one)
    if run.mode == "fast":
        _silence()


def removed(packages: Iterable[Any], run: Run, context: Any) -> None:
    """Call, before the commit, what `package_delete` calls."""
    for package in packages:
        for plugin in _controllers(run):
            plugin.delete(package)
            plugin.after_dataset_delete(context, {"id": package.id})
        if run.mode == "compat":
            for watcher in p.PluginImplementations(p.IDomainObjectModification):
                watcher.notify(package, model.DomainObjectOperation.changed)
    if run.mode == "fast":
        _silence()


def signalled(done: Sequence[Written], outcomes: Sequence[Outcome], run: Run) -> None:
    """Send the signals, after the commit."""
    if run.mode == "compat":
        for one in done:
            if one.changed and one.plan.package is not None:
                one.plan.context.setdefault("changed_entities", {}).setdefault("packages", set()).add(one.plan.id)
            _send(one.plan.action, one.plan.context, one.plan.dataset, one.plan.id)
    told: dict[str, Any] = {"added": [], "updated": [], "deleted": []}
    for outcome in outcomes:
        if outcome.status in told and outcome.package_id:
            told[outcome.status].append(outcome.package_id)
    tk.signals.ckanext.signal(BATCH_WRITTEN).send(run.source_id, **told)


def removal_signalled(ids: Iterable[str], run: Run, context: Any) -> None:
    """Send the signals of `package_delete`, after the commit."""
    if run.mode == "compat":
        for identifier in ids:
            _send("package_delete", context, {"id": identifier}, None)


def activities(told: Sequence[tuple[str, Any, dict[str, Any]]], run: Run) -> None:
    """Add to the activity stream, without committing: `[(type, CKAN's object of the dataset, the dataset as shown)]`."""
    user = model.User.get(run.user)
    if not (run.activities and told and user and p.plugin_loaded("activity") and tk.config.get("ckan.activity_streams_enabled")):
        return
    from ckanext.activity.model import Activity

    labels = get_permission_labels()
    moment = now_of_ckan()
    model.Session.connection().execute(Activity.__table__.insert(), [
        {"id": str(uuid.uuid4()), "timestamp": moment, "user_id": user.id, "object_id": package.id, "activity_type": f"{kind} package",
         "data": {"package": shown, "actor": user.name}, "permission_labels": labels.get_dataset_labels(package)}
        for kind, package, shown in told])


def _controllers(run: Run) -> list[Any]:
    return [plugin for plugin in p.PluginImplementations(p.IPackageController) if run.mode == "compat" or chains.own(plugin)]


def _watchers() -> list[Any]:
    return [*p.PluginImplementations(p.IDomainObjectModification), *p.PluginImplementations(p.IResourceUrlChange)]


def _notify(package: Any, one: Written) -> None:
    operation = model.DomainObjectOperation
    files = {row.id: row for row in package.resources_all}
    for watcher in p.PluginImplementations(p.IDomainObjectModification):
        watcher.notify(package, operation.new if one.plan.package is None else operation.changed)
        for identifier in one.new_files:
            watcher.notify(files[identifier], operation.new)
        for identifier in one.changed_files:
            watcher.notify(files[identifier], operation.changed)
    for watcher in p.PluginImplementations(p.IResourceUrlChange):
        for identifier in one.changed_addresses:
            watcher.notify(files[identifier])


def _silence() -> None:
    """CKAN would tell at the commit of the objects that this extension's own hooks changed on the way."""
    model.Session.flush()
    session: Any = model.Session()
    if hasattr(session, "_object_cache"):
        del session._object_cache


def _send(action: str, context: Any, data_dict: dict[str, Any], result: Any) -> None:
    for receiver in tk.signals.action_succeeded.receivers_for(action):
        # Its own dictization of each dataset costs more than all the rest; `activities` writes the same rows.
        if not getattr(receiver, "__module__", "").startswith(_STREAM):
            receiver(action, context=context, data_dict=data_dict, result=result)
