"""The end of one job: what ckanext-harvest's round over all jobs does for this one, without the round.

Promises: a job ends with the state and times that ckanext-harvest gives it. Where something is left for the import stage, or the site wants
ckanext-harvest's mails, that does it itself. Leaves out what `ckan participation harvest clock` does every minute anyway, looking through
Redis and the database for what other jobs lost, and writing the source's document in the search, which says nothing of jobs (`secrets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.participation.common import people
from ckanext.participation.common.model import now_of_ckan
from ckanext.participation.harvesting import scheduling, timetable

_MAILS = ("ckan.harvest.status_mail.all", "ckan.harvest.status_mail.errored")
_DONE = ("COMPLETE", "ERROR")


def end(job: Any, left: Sequence[str]) -> None:
    """Finish a job whose source was read; `left`: the ids of harvest objects that are to be imported."""
    job.gather_finished = now_of_ckan()
    if left or any(tk.asbool(tk.config.get(name)) for name in _MAILS):
        job.save()
        _publish(left)
        # Now, and not at the clock's next round, its numbers are right and its page says so.
        tk.get_action("harvest_jobs_run")(people.site_context(), {"source_id": job.source_id})
        return
    found = model.Session.execute(
        sa.select(HarvestJob.status, sa.func.count(HarvestObject.id).filter(HarvestObject.state.notin_(_DONE)).label("waiting"),
                  sa.func.max(HarvestObject.import_finished).label("imported"))
        .outerjoin(HarvestObject, HarvestObject.harvest_job_id == HarvestJob.id)
        .where(HarvestJob.id == job.id).group_by(HarvestJob.status)).one()
    if found.status == "Running" and not found.waiting:
        job.status, job.finished = "Finished", found.imported or job.gather_finished
    job.save()
    if job.source.frequency != timetable.MANUAL:
        scheduling.plan(job.source_id)


def _publish(ids: Sequence[str]) -> None:
    publisher: Any = queue.get_fetch_publisher()
    for identifier in ids:
        publisher.send({"harvest_object_id": identifier})
    publisher.close()
