"""Who may see how sources stand, and who may mend it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context
from ckanext.harvest.model import HarvestJob

from ckanext.participation.harvesting.engine.model import HarvestHeld

__all__ = [
    "participation_harvest_health_list",
    "participation_harvest_health_show",
    "participation_harvest_held_list",
    "participation_harvest_held_reopen",
    "participation_harvest_held_settle",
    "participation_harvest_held_show",
    "participation_harvest_run_show",
    "participation_harvest_run_start",
    "participation_harvest_run_stop",
]

Data = dict[str, Any]


@tk.auth_allow_anonymous_access
def participation_harvest_health_list(context: Context, data_dict: Data) -> AuthResult:
    """Everybody; the action gives each what they may see."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_harvest_health_show(context: Context, data_dict: Data) -> AuthResult:
    """Who may see the source, as ckanext-harvest says."""
    return _reads(context, data_dict.get("id"))


@tk.auth_allow_anonymous_access
def participation_harvest_run_show(context: Context, data_dict: Data) -> AuthResult:
    """Who may see the source."""
    return _reads(context, _source_of_job(data_dict.get("id")))


@tk.auth_disallow_anonymous_access
def participation_harvest_run_start(context: Context, data_dict: Data) -> AuthResult:
    """Who may change the source."""
    return _changes(context, data_dict.get("id"))


@tk.auth_disallow_anonymous_access
def participation_harvest_run_stop(context: Context, data_dict: Data) -> AuthResult:
    """Who may change the source."""
    return _changes(context, _source_of_job(data_dict.get("id")))


@tk.auth_disallow_anonymous_access
def participation_harvest_held_list(context: Context, data_dict: Data) -> AuthResult:
    """Everybody who is signed in; the action gives each those of sources that they may change."""
    return {"success": True}


@tk.auth_disallow_anonymous_access
def participation_harvest_held_show(context: Context, data_dict: Data) -> AuthResult:
    """Who may change the source."""
    return _changes(context, _source_of_held(data_dict.get("id")))


@tk.auth_disallow_anonymous_access
def participation_harvest_held_settle(context: Context, data_dict: Data) -> AuthResult:
    """Who may change the source."""
    return _changes(context, _source_of_held(data_dict.get("id")))


@tk.auth_disallow_anonymous_access
def participation_harvest_held_reopen(context: Context, data_dict: Data) -> AuthResult:
    """Who may change the source."""
    return _changes(context, _source_of_held(data_dict.get("id")))


def _reads(context: Context, source: Any) -> AuthResult:
    return _asked("harvest_source_show", context, source, tk._("There is no such source, or you may not see it."))


def _changes(context: Context, source: Any) -> AuthResult:
    refusal = tk._("Only editors and administrators of the organisation that publishes by this source may do this.")
    return _asked("harvest_source_update", context, source, refusal)


def _asked(action: str, context: Context, source: Any, refusal: str) -> AuthResult:
    """Answer as ckanext-harvest does; who may not, reads the same whether there is such a source or not."""
    try:
        if not isinstance(source, str) or "\x00" in source:
            raise tk.NotAuthorized
        own: Any = {"model": model, "session": model.Session, "user": context.get("user", "")}
        tk.check_access(action, own, {"id": source})
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return {"success": False, "msg": refusal}
    package = model.Package.get(source)
    return {"success": package is not None and package.type == "harvest", "msg": refusal}


def _source_of_job(job_id: Any) -> str | None:
    job: Any = HarvestJob.get(job_id) if isinstance(job_id, str) and "\x00" not in job_id else None
    return job.source_id if job else None


def _source_of_held(held_id: Any) -> str | None:
    try:
        number = int(held_id)
    except (TypeError, ValueError, OverflowError):
        return None
    held = model.Session.get(HarvestHeld, number) if 0 <= number < 2**63 else None
    return held.source_id if held else None
