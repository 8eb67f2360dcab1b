"""What a job's report says besides its harvest objects: unchanged records have none, so the run knows their number."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.harvesting.engine.model import HarvestRun


def unchanged(job_ids: Collection[str]) -> dict[str, int]:
    """The number of records that a job found unchanged, by job; jobs without any are left out."""
    rows = model.Session.execute(
        sa.select(HarvestRun.job_id, HarvestRun.unchanged).where(HarvestRun.job_id.in_(job_ids), HarvestRun.unchanged > 0)
    )
    return dict(tuple(row) for row in rows)


def complete(jobs: Collection[dict[str, Any]]) -> None:
    """Add unchanged records to the numbers of ckanext-harvest's dictionaries of jobs."""
    known = unchanged([job["id"] for job in jobs if job.get("stats")])
    for job in jobs:
        if job["id"] in known and job.get("stats"):
            job["stats"]["not modified"] += known[job["id"]]
