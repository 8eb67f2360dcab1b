"""CKAN's actions that a dataset page calls, answered with fewer statements. Each gives what CKAN's own gives."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import logic, model
from ckan.logic.action import get as core
from ckan.types import Action, Context

from ckanext.participation import config
from ckanext.participation.pages import accounts, following, resource_views

__all__ = ["am_following_dataset", "organization_list_for_user", "package_show", "resource_view_list"]

Data = dict[str, Any]


@tk.side_effect_free
@tk.chained_action
def package_show(next_action: Action, context: Context, data_dict: Data) -> Data:
    """Find the dataset with one statement: CKAN tries a name as an id first, for the page and again for its rights."""
    if not config.pages("names") or context.get("for_update"):
        return next_action(context, data_dict)
    asked = data_dict.get("id") or data_dict.get("name_or_id")
    if not isinstance(asked, str) or not asked:
        return next_action(context, data_dict)
    rows = model.Session.scalars(sa.select(model.Package).where(sa.or_(model.Package.id == asked, model.Package.name == asked))).all()
    # A name may look like another dataset's id; CKAN's order decides.
    package = next((row for row in rows if row.id == asked), rows[0] if rows else None)
    return next_action(context, {**data_dict, "id": package.id} if package else data_dict)


@tk.side_effect_free
@tk.chained_action
@logic.auth_audit_exempt
def resource_view_list(next_action: Action, context: Context, data_dict: Data) -> list[Data]:
    """Read the views of all files of a dataset's page at once. Other callers, and single files, are answered by CKAN."""
    if config.pages("views") and isinstance(data_dict.get("id"), str) and resource_views.answerable(context):
        found = resource_views.of_resource(context, data_dict["id"])
        if found is not None:
            return found
    return next_action(context, data_dict)


@tk.side_effect_free
@tk.chained_action
@logic.auth_audit_exempt
def am_following_dataset(next_action: Action, context: Context, data_dict: Data) -> bool:
    """Refuse a visitor without an account at once, and ask for the reader's own page with one plain statement."""
    if not config.pages("follows"):
        return next_action(context, data_dict)
    user = context.get("user")
    if not user:
        raise tk.NotAuthorized
    package = following.package_at_hand(data_dict.get("id"))
    if package is None or user != tk.current_user.name or next_action is not core.am_following_dataset:
        return next_action(context, data_dict)
    tk.check_access("am_following_dataset", accounts.known(context), data_dict)
    return following.reader_follows(package)


@tk.side_effect_free
@tk.chained_action
@logic.auth_audit_exempt
def organization_list_for_user(next_action: Action, context: Context, data_dict: Data) -> list[Data]:
    """Answer for the reader of the page from their memberships, which one statement per request brings."""
    if (not config.pages("accounts") or data_dict.get("id") or next_action is not core.organization_list_for_user
            or not accounts.is_reader(context.get("user"))):
        return next_action(context, data_dict)
    context = accounts.known(context)
    tk.check_access("organization_list_for_user", context, data_dict)
    return accounts.organisations(data_dict.get("permission", "manage_group"), context, data_dict)


# CKAN takes an action's help from the function it calls; a chain has none of its own.
for _function, _original in ((package_show, core.package_show), (resource_view_list, core.resource_view_list),
                             (am_following_dataset, core.am_following_dataset),
                             (organization_list_for_user, core.organization_list_for_user)):
    _function.__dict__["__doc__"] = _original.__doc__
