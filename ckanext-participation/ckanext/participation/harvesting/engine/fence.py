"""One run of a source at a time, also when the process of an earlier one is not quite dead.

Each attempt at a run draws a number. Whoever writes holds a shared lock on the source until its transaction ends, and looks whether its
number is still the last; drawing a number takes the lock alone, so it waits for what is under way, and nothing of an earlier attempt
is written afterwards.
"""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting.engine.model import HarvestRun
from ckanext.participation.harvesting.engine.problems import EndedEarly

_KEY = "hashtextextended(:source, 7203007)"


class Superseded(EndedEarly):
    """Another run of the same source has begun."""

    def __init__(self) -> None:
        super().__init__(N_("Another run of this source has begun; this one ended."))


def is_same_job(source_id: str, job_id: str) -> bool:
    """Whether the source's last attempt is one at this job."""
    last = sa.select(HarvestRun.job_id).where(HarvestRun.source_id == source_id).order_by(HarvestRun.attempt.desc()).limit(1)
    return model.Session.scalar(last) == job_id


def close(source_id: str) -> None:
    """Wait, in the transaction under way, until nothing is written for this source; nothing is until the transaction ends."""
    model.Session.execute(sa.text(f"SELECT pg_advisory_xact_lock({_KEY})"), {"source": source_id})


def check(source_id: str, run_id: int, attempt: int) -> None:
    """Make sure, until the transaction under way ends, that this is the source's last attempt; raises Superseded when it is not."""
    model.Session.execute(sa.text(f"SELECT pg_advisory_xact_lock_shared({_KEY})"), {"source": source_id})
    last = model.Session.execute(
        sa.select(HarvestRun.id, HarvestRun.attempt).where(HarvestRun.source_id == source_id).order_by(HarvestRun.attempt.desc()).limit(1)
    ).first()
    if last is None or tuple(last) != (run_id, attempt):
        raise Superseded
