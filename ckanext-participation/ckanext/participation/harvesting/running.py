"""One harvest job from start to end in this process: what `ckan participation harvest run` and the tests use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject, HarvestObjectError

from ckanext.participation.common import people
from ckanext.participation.common.model import now_of_ckan
from ckanext.participation.harvesting.engine import reports


@dataclass
class Report:
    """What a run did: datasets by what happened to them, and the sentences of its report."""

    counts: Counter[str] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)


def run(source: str) -> Report:
    """Gather and import the source (name or id), then finish its job.

    :raises ObjectNotFound: when there is no such harvest source
    """
    found = tk.get_action("harvest_source_show")(people.site_context(), {"id": source})
    created = tk.get_action("harvest_job_create")(people.site_context(), {"source_id": found["id"], "run": False})
    job: Any = HarvestJob.get(created["id"])
    harvester = queue.get_harvester(job.source.type)
    job.status = "Running"
    job.save()
    for object_id in queue.gather_stage(harvester, job) or []:
        queue.fetch_and_import_stages(harvester, HarvestObject.get(object_id))
    job = HarvestJob.get(created["id"])
    job.status = "Finished"
    job.finished = now_of_ckan()
    job.save()
    tk.get_action("harvest_source_reindex")(people.site_context(), {"id": found["id"]})
    return _report(job.id)


def _report(job_id: str) -> Report:
    counts = model.Session.execute(
        sa.select(HarvestObject.report_status, sa.func.count())
        .where(HarvestObject.harvest_job_id == job_id)
        .group_by(HarvestObject.report_status)
    )
    found = Counter(dict(tuple(row) for row in counts))
    if same := reports.unchanged([job_id]).get(job_id):
        found["not modified"] += same
    gathered = model.Session.scalars(sa.select(HarvestGatherError.message).where(HarvestGatherError.harvest_job_id == job_id))
    imported = model.Session.execute(
        sa.select(HarvestObject.guid, HarvestObjectError.message)
        .join(HarvestObjectError, HarvestObjectError.harvest_object_id == HarvestObject.id)
        .where(HarvestObject.harvest_job_id == job_id)
        .order_by(HarvestObject.guid)
    )
    return Report(found, [*gathered, *(f"{guid}: {message}" for guid, message in imported)])
