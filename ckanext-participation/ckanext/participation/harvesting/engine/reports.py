"""What a job's report says: of unchanged records, which have no harvest objects, and of records that could not be written."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.harvesting import rules, sentences
from ckanext.participation.harvesting.engine.model import HarvestRun
from ckanext.participation.harvesting.feeds import NotACatalogue
from ckanext.participation.harvesting.record import Unreadable

log = logging.getLogger(__name__)


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


def reason_of(error: Exception, guid: str) -> str:
    """The sentence that says why a record could not be written; an error of this site is logged."""
    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, FetchError | NotACatalogue):
        return error.sentence
    if isinstance(error, tk.ValidationError):
        return sentences.REFUSED(said=rules.sentence(error.error_dict))
    log.error("harvested record %s could not be imported", guid, exc_info=error)
    return sentences.ERROR_HERE(error=type(error).__name__)
