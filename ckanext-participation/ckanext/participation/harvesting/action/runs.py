"""One run of a source: how far it is, what it said; have one start, have one stop."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from ckanext.harvest.model import HarvestJob, HarvestSource

from ckanext.participation.common import events, paging, people, rights
from ckanext.participation.common.errors import Unavailable, field_error
from ckanext.participation.common.model import now
from ckanext.participation.harvesting.engine.model import HarvestRun
from ckanext.participation.harvesting.health import records, reports, showing

__all__ = ["participation_harvest_run_show", "participation_harvest_run_start", "participation_harvest_run_stop"]

Data = dict[str, Any]


@tk.side_effect_free
def participation_harvest_run_show(context: Context, data_dict: Data) -> Data:
    """Show a run of a source: what it did, what its report says, and while it goes on how far it is.

    :param id: id of the harvest job
    :type id: string
    :returns: `{"id", "source_id", "outcome": "running", "stopped", "failed", "flawed" or "well", "asked", "started", "ended", "seconds",
        "counted": whether the numbers below are known, "listed": records at the source, "unchanged", "new", "changed", "retried", "gone",
        "errors", "progress": null or {"step": "asked", "reading" or "writing", "done", "total", "rate": records in a second, "left":
        seconds, "silent": seconds without a sign, "beat": the last sign, "quiet", "stopping"}, "report": [{"text", "count", "examples":
        [{"guid", "package", "title"}]}]}`; unknown numbers are null
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: there is no such run, or the reader may not see its source
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_harvest_run_show", context, data_dict)
    job = _job(ref)
    staff = rights.allowed(context, "participation_harvest_run_stop", {"id": ref})
    said = reports.of(job.id, staff=staff, lang=str(tk.h.lang()))
    return {**_shown(job), "report": [{"text": one.text, "count": one.count, "examples": [example._asdict() for example in one.examples]}
                                      for one in said]}


def participation_harvest_run_start(context: Context, data_dict: Data) -> Data:
    """Have a source read now. Asked again while it waits or runs, nothing more happens.

    :param id: id or name of the source
    :type id: string
    :returns: `{"job": id of the run that was asked for or is under way, "new": whether this made it}`
    :raises ValidationError: `id` is missing, or is of a source that is not in use; `queue` when the queue does not answer (503)
    :raises NotAuthorized: the caller may not change the source
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_harvest_run_start", context, data_dict)
    package = model.Package.get(ref)
    source: Any = HarvestSource.get(package.id) if package is not None else None
    if source is None:
        raise tk.ObjectNotFound(tk._("There is no such source."))
    if not source.active:
        raise field_error("id", tk._("This source is not in use. Put it to use again first."))
    source_id = source.id
    # Two clicks at once: the second waits here until the first has made its job.
    model.Session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('participation_harvest_run_start'), hashtext(:source))"),
                          {"source": source_id})
    waiting = model.Session.scalar(sa.select(HarvestJob.id).where(
        HarvestJob.source_id == source_id, HarvestJob.status.in_(("New", "Running"))).limit(1))
    if waiting:
        model.Session.rollback()
        return {"job": waiting, "new": False}
    return {"job": _start(context, source_id), "new": True}


def participation_harvest_run_stop(context: Context, data_dict: Data) -> Data:
    """Have a run stop after the portion that it is at. What it wrote stays; the next run goes on with the rest.

    :param id: id of the harvest job
    :type id: string
    :returns: the run, as `participation_harvest_run_show` gives it without a report; one that has ended is left as it is
    :raises ValidationError: `id` is missing, or is of a run that has not begun to read or can't be stopped
    :raises NotAuthorized: the caller may not change the source
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_harvest_run_stop", context, data_dict)
    job = _job(ref)
    actor = people.actor(context)
    own = model.Session.scalars(sa.select(HarvestRun).where(HarvestRun.job_id == job.id).with_for_update()).first()
    if own is None and job.status in ("New", "Running"):
        raise field_error("id", tk._("This run has not begun to read yet. Try again in a moment."))
    if own is not None and own.finished is None and job.status in ("New", "Running") and not own.stop_asked:
        own.stop_asked = True
        events.write("harvest.stop_asked", actor_id=actor.person_id, target=("harvest_source", job.source_id), data={"job": job.id})
    model.Session.commit()
    return _shown(_job(ref))


def _start(context: Context, source_id: str) -> str:
    from ckanext.harvest.logic import HarvestJobExists
    from redis.exceptions import RedisError

    asker: Any = {"user": context.get("user", "")}
    try:
        return tk.get_action("harvest_job_create")(asker, {"source_id": source_id, "run": True})["id"]
    except HarvestJobExists as error:
        raise field_error("id", tk._("A run of this source is under way.")) from error
    except RedisError as error:
        raise Unavailable("queue", tk._("The queue does not answer just now. The run is asked for, and starts when it does.")) from error


def _job(ref: str) -> Any:
    job: Any = HarvestJob.get(ref)
    if job is None:
        raise tk.ObjectNotFound(tk._("There is no such run."))
    return job


def _shown(job: Any) -> Data:
    return {**showing.run(records.run_of(job.source_id, job.id), now()), "source_id": job.source_id}
