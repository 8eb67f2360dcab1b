"""ckanext-harvest's own actions, completed by what the engine knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.harvesting import scheduling
from ckanext.participation.harvesting.engine import reports, state

__all__ = ["harvest_abort_failed_jobs", "harvest_job_list", "harvest_job_show", "harvest_jobs_run", "harvest_source_clear",
           "harvest_source_show_status"]

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


@tk.chained_action
def harvest_jobs_run(original_action: Callable[..., Any], context: Context, data_dict: Data) -> Any:
    """Start the harvests that are due by the timetable, and finish the jobs that are done.

    To be called every minute or so (`ckan participation harvest clock` does). What ckanext-harvest's own timetable knows less about,
    such as turns spread over an hour or a night, is done here before it looks.

    :param source_id: only finish the jobs of this source, and write down when it is read next
    :type source_id: string
    :returns: an empty list
    :raises NotAuthorized: the caller is no system administrator
    """
    tk.check_access("harvest_jobs_run", context, data_dict)
    if not data_dict.get("source_id"):
        scheduling.start_due()
    done = original_action(context, data_dict)
    if data_dict.get("source_id"):
        scheduling.plan(str(data_dict["source_id"]))
    return done


@tk.chained_action
def harvest_abort_failed_jobs(original_action: Callable[..., str], context: Context, data_dict: Data) -> str:
    """Abort harvest jobs that have been running for longer than their source's frequency.

    :param life_span: days after which jobs of sources without a regular frequency are aborted
    :type life_span: integer
    :param include: ids of the only sources to look at, with commas between them
    :type include: string
    :param exclude: ids of sources to leave alone, with commas between them
    :type exclude: string
    :returns: a sentence
    """
    stock = scheduling.abort_old(context, data_dict.get("include"), data_dict.get("exclude"))
    if stock is None:
        return original_action(context, data_dict)
    # It gives up at the first frequency that it does not know.
    return original_action(context, {**data_dict, "include": ",".join(stock)}) if stock else "Done."
