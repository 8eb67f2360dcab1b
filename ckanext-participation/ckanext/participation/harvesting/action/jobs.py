"""ckanext-harvest's own actions, completed by what the engine knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.harvesting.engine import reports, state

__all__ = ["harvest_job_list", "harvest_job_show", "harvest_source_clear", "harvest_source_show_status"]

Data = dict[str, Any]


@tk.chained_action
@tk.side_effect_free
def harvest_job_show(original_action: Callable[..., Data], context: Context, data_dict: Data) -> Data:
    """Show a harvest job; unchanged records count as `not modified` although they have no harvest object."""
    shown = original_action(context, data_dict)
    reports.complete([shown])
    return shown


@tk.chained_action
@tk.side_effect_free
def harvest_job_list(original_action: Callable[..., list[Data]], context: Context, data_dict: Data) -> list[Data]:
    """List harvest jobs; unchanged records count as `not modified` although they have no harvest object."""
    shown = original_action(context, data_dict)
    reports.complete(shown)
    return shown


@tk.chained_action
@tk.side_effect_free
def harvest_source_show_status(original_action: Callable[..., Data], context: Context, data_dict: Data) -> Data:
    """Say how a harvest source stands; unchanged records of its last job count as `not modified`."""
    shown = original_action(context, data_dict)
    if shown.get("last_job"):
        reports.complete([shown["last_job"]])
    return shown


@tk.chained_action
def harvest_source_clear(original_action: Callable[..., Data], context: Context, data_dict: Data) -> Data:
    """Delete all datasets and jobs of a harvest source, and what is known of its records."""
    done = original_action(context, data_dict)
    state.forget(done["id"])
    model.Session.commit()
    return done
