"""The event of a choice, and what staff sees of it on the pages of a dataset and of an organisation."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common.registry import EventType, Panel, Registry
from ckanext.participation.licences import box, further
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licensing import policies


def register(registry: Registry) -> None:
    """Enter the event and the two panels."""
    registry.add(EventType("organization.licences"))
    registry.add(Panel("licence-outside", "dataset", "participation/licensing/snippets/outside.html", dataset_panel, order=5))
    registry.add(Panel("licence-policy", "organization", "participation/licensing/snippets/policy.html", organization_panel, order=60))


def dataset_panel(pkg: dict[str, Any]) -> dict[str, Any] | None:
    """Return what staff sees on a dataset that its organisation's choice leaves out; nothing, and no statement, for anybody else.

    The page asks by itself whether its reader may change the dataset.
    """
    if not pkg.get("owner_org") or not tk.current_user.is_authenticated or not tk.h.check_access("package_update", {"id": pkg["id"]}):
        return None
    licence = box.index_value(box.of_dataset(bundled_register(), pkg, further.names()))
    if not policies.of_lately(pkg["owner_org"]).leaves_out(licence):
        return None
    return {"licence": licence, "pkg": pkg, "organization": (pkg.get("organization") or {}).get("name") or pkg["owner_org"]}


def organization_panel(group: dict[str, Any]) -> dict[str, Any] | None:
    """Return what staff sees of the licences on its organisation's page."""
    if not tk.current_user.is_authenticated or not tk.h.check_access("participation_licence_policy_report", {"id": group["id"]}):
        return None
    report = tk.get_action("participation_licence_policy_report")({"user": tk.current_user.name}, {"id": group["id"], "limit": 1})
    return {"report": report, "chosen": bool(policies.of(group["id"]).allowed), "organization": group["name"]}
