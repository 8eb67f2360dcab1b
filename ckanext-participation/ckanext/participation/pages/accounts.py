"""What an account may see and change, from one statement per request: its memberships with their organisations.

CKAN looks the account up three times and its roles once for each question. Both answers are those of CKAN 2.12's own
functions (`organization_list_for_user`, the auth function `package_update`), for the reader of the page only; where an
extension has replaced one of them, these are not used.
"""

from __future__ import annotations

from typing import Any, cast

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.common import _ as core_text
from ckan.lib.dictization import model_dictize
from ckan.types import AuthResult, Context
from flask import has_request_context

from ckanext.participation.common import memo

Membership = tuple[str, model.Group]


def is_reader(reference: Any) -> bool:
    """Say whether `reference` (name or id) is the account that reads the page; a system administrator has every right anyway."""
    if not reference or not has_request_context() or not tk.current_user.is_authenticated:
        return False
    return not getattr(tk.current_user, "sysadmin", False) and reference in (tk.current_user.name, tk.current_user.id)


def known(context: Context) -> Context:
    """Return the reader's context with their account in it, which `check_access` would look up."""
    account = tk.current_user._get_current_object()  # type: ignore[attr-defined]
    return cast(Context, {**context, "user": account.name, "auth_user_obj": account, "__auth_user_obj_checked": True})


def memberships() -> list[Membership]:
    """Return the reader's roles with their groups and organisations, of any state."""
    user_id = tk.current_user.id
    return memo.once(("memberships", user_id), lambda: [
        (capacity, group) for capacity, group in
        model.Session.query(model.Member.capacity, model.Group)
        .join(model.Group, model.Group.id == model.Member.group_id)
        .filter(model.Member.table_name == "user", model.Member.table_id == user_id, model.Member.state == "active")])


def organisations(permission: str, context: Context, data_dict: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what `organization_list_for_user` gives the reader."""
    roles = authz.get_roles_with_permission(permission)
    cascading = authz.check_config_permission("roles_that_cascade_to_sub_groups")
    capacities: dict[str, str] = {}
    loaded: dict[str, model.Group] = {}
    for capacity, group in memberships():
        if capacity not in roles:
            continue
        loaded[group.id] = group
        if capacity in cast("list[str]", cascading):
            capacities |= dict.fromkeys((row[0] for row in group.get_children_group_hierarchy(type="organization")), capacity)
        capacities[group.id] = capacity
    below = capacities.keys() - loaded.keys()
    if below:
        loaded |= {group.id: group for group in model.Session.query(model.Group).filter(model.Group.id.in_(below))}
    shown = [(group, capacities[group.id]) for group in loaded.values() if group.is_organization and group.state == "active"]
    if not shown:
        return []
    return model_dictize.group_list_dictize(
        shown, cast(Context, {**context, "with_capacity": True}),
        with_package_counts=tk.asbool(data_dict.get("include_dataset_count")),
        with_member_counts=tk.asbool(data_dict.get("include_member_count")))


def may_update(package: model.Package) -> bool | None:
    """Say whether the reader's roles let them change the dataset; None when CKAN has to look further.

    A role in an organisation above counts where `ckan.auth.roles_that_cascade_to_sub_groups` says so.
    """
    if not package.owner_org or authz.check_config_permission("allow_dataset_collaborators"):
        return None
    if not tk.current_user.is_authenticated:
        return False
    cascading = cast("list[str]", authz.check_config_permission("roles_that_cascade_to_sub_groups"))
    for capacity, group in memberships():
        if group.id == package.owner_org and {"admin", "update_dataset"} & set(authz.ROLE_PERMISSIONS.get(capacity, [])):
            return True
    return None if any(capacity in cascading for capacity, _group in memberships()) else False


def refusal(user: str, package: model.Package) -> AuthResult:
    """Return what CKAN's auth function answers to somebody who may not change the dataset."""
    return {"success": False, "msg": core_text("User %s not authorized to edit package %s") % (user, package.id)}
