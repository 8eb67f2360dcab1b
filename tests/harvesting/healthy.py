"""Sources with made runs, for tests of how they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import call_action
from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject, HarvestObjectError

from ckanext.participation.harvesting.engine.model import HarvestHeld, HarvestRun, HarvestState

Data = dict[str, Any]


def source(name: str = "snow", *, organization: str | None = None, **fields: Any) -> Data:
    """Make a harvest source that nothing will ask."""
    owner = organization or factories.Organization()["id"]
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return call_action("harvest_source_create", {"user": user}, **{
        "name": name, "title": f"Data of {name}", "url": f"https://{name}.example/data.json?key=secret", "owner_org": owner,
        "source_type": "participation_dcat", "frequency": "DAILY", "config": '{"api_key": "secret-key"}', **fields})


def run(about: Data, ago: timedelta = timedelta(hours=1), **fields: Any) -> str:
    """Add a run that ended `ago`; by default the source was read whole and went well. Returns the id of its job."""
    ended = datetime.now(UTC) - ago
    started = ended - timedelta(minutes=3)
    state = fields.pop("status", "Finished")
    job = HarvestJob(source_id=about["id"], created=started.replace(tzinfo=None), gather_started=started.replace(tzinfo=None),
                     finished=ended.replace(tzinfo=None) if state == "Finished" else None, status=state)
    model.Session.add(job)
    model.Session.flush()
    model.Session.add(HarvestRun(**{
        "source_id": about["id"], "job_id": job.id, "started": started, "gathered": ended, "finished": ended, "whole": True, "listed": 100,
        "unchanged": 90, "new": 6, "changed": 4, "retried": 0, "gone": 0, "errors": 0, "requests": 1, "bytes": 10, "read": 100,
        "written": 10, "by_content": False, "stop_asked": False, **fields}))
    model.Session.commit()
    return job.id


def failed(about: Data, ago: timedelta = timedelta(hours=1), said: str = "The source did not answer.", **fields: Any) -> str:
    """Add a run that could not read the source to its end."""
    job = run(about, ago, **{"whole": False, "listed": 0, "unchanged": 0, "new": 0, "changed": 0, **fields})
    model.Session.add(HarvestGatherError(message=said, harvest_job_id=job))
    model.Session.commit()
    return job


def under_way(about: Data, **fields: Any) -> str:
    """Add a run that goes on, begun a minute ago."""
    began = datetime.now(UTC) - timedelta(seconds=60)
    return run(about, timedelta(minutes=-2), **{
        "status": "Running", "started": began, "gathered": None, "finished": None, "whole": False, "listed": 0, "unchanged": 0, "new": 0,
        "changed": 0, "expected": 1000, "read": 300, "written": 0, "beat": datetime.now(UTC), **fields})


def error(job: str, guid: str, said: str, package_id: str | None = None) -> None:
    """Add a row to a run's report about one record."""
    of = HarvestJob.get(job)
    row = HarvestObject(guid=guid, job=of, source=of.source, package_id=package_id, state="ERROR", report_status="errored")
    model.Session.add(row)
    model.Session.flush()
    model.Session.add(HarvestObjectError(message=said, harvest_object_id=row.id, stage="Import"))
    model.Session.commit()


def hold(about: Data, datasets: list[Data], before: int = 10) -> int:
    """Add a removal that waits for a person, of these datasets."""
    held = HarvestHeld(source_id=about["id"], run_id=1, gone=len(datasets), before=before)
    model.Session.add(held)
    model.Session.flush()
    for one in datasets:
        model.Session.add(HarvestState(source_id=about["id"], guid=f"guid-{one['id']}", package_id=one["id"], held_id=held.id))
    model.Session.commit()
    return held.id
