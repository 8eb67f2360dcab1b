"""The previews of all files of a dataset in one statement, instead of two for each file."""

from __future__ import annotations

from typing import Any, cast

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model
from ckan.lib import datapreview
from ckan.lib.dictization import table_dictize
from ckan.types import Context

_IN_CONTEXT = "participation_resource_views"
_ASKED = frozenset({"resource_show", "resource_view_list"})


def answerable(context: Context) -> bool:
    """Say whether the views can be read for the whole dataset: its page is made, and files have no rights of their own.

    The right to read the dataset was checked in this context just before; CKAN's own rule for a file is the same one.
    """
    return bool(context.get("for_view") and context.get("package")) and not any(
        _ASKED & plugin.get_auth_functions().keys() for plugin in p.PluginImplementations(p.IAuthFunctions))


def of_resource(context: Context, resource_id: str) -> list[dict[str, Any]] | None:
    """Return the views of a file as `resource_view_list` does; None when the file is not one of the dataset's."""
    if next(iter(p.PluginImplementations(p.IResourceView)), None) is None:
        return []
    package: Any = context.get("package")
    known: Any = context.get(_IN_CONTEXT)
    if known is None or known[0] != package.id:
        known = (package.id, _of_package(package.id, context))
        cast("dict[str, Any]", context)[_IN_CONTEXT] = known
    return known[1].get(resource_id)


def _of_package(package_id: str, context: Context) -> dict[str, list[dict[str, Any]]]:
    rows = model.Session.execute(
        sa.select(model.Resource.id, model.ResourceView)
        .outerjoin(model.ResourceView, model.ResourceView.resource_id == model.Resource.id)
        .where(model.Resource.package_id == package_id).order_by(model.ResourceView.order))
    found: dict[str, list[dict[str, Any]]] = {}
    for resource_id, view in rows:
        views = found.setdefault(resource_id, [])
        if view is not None and datapreview.get_view_plugin(view.view_type):
            views.append(_as_dict(view, package_id, context))
    return found


def _as_dict(view: model.ResourceView, package_id: str, context: Context) -> dict[str, Any]:
    shown = table_dictize(view, context)
    shown.pop("order")
    settings = shown.pop("config", {}) or {}
    return {**shown, **settings, "package_id": package_id}
