"""The timetable of all sources: what is due gets a job, and each source's next reading is written down.

Promises: one job at a time for a source; what cannot be started costs no other source its turn; ckanext-harvest's own timetable, which
knows fewer frequencies and no spread, never finds anything due. Times in `harvest_source` have no zone and are UTC.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from ckanext.harvest.logic import HarvestJobExists
from ckanext.harvest.model import HarvestJob, HarvestSource
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError

from ckanext.participation import config
from ckanext.participation.common import people
from ckanext.participation.harvesting import hosts, timetable
from ckanext.participation.harvesting.health import records, showing

log = logging.getLogger(__name__)

# Two clocks, or a clock and a person, start no job twice: the second waits, and finds nothing left to do.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtext('participation_harvest_timetable'))")
# What becomes due while ckanext-harvest looks at its own timetable is taken now: it would not know how to go on with ours.
MARGIN = timedelta(seconds=10)
# When a source is looked at again that has no next reading: it is being read, again and again.
LOOKED_AT_AGAIN = timedelta(hours=1)
# What runs for longer than this is stuck, where the source is read several times a day.
OLD = timedelta(days=1)
_SOURCES = f"""
WITH asked AS MATERIALIZED ({hosts.ASKED})
SELECT s.id, s.frequency, s.next_run, asked.until FROM harvest_source s LEFT JOIN asked ON {hosts.OF_SOURCE}
WHERE s.active AND s.frequency <> :manual AND (CAST(:only AS text) IS NULL OR s.id = :only) AND s.id <> ALL(CAST(:leaving_out AS text[]))
"""  # noqa: S608  put together of constants
# Without these no source can be started.
_SERVICES = (InterfaceError, OperationalError, RedisError)


def night() -> timetable.Night:
    """Return this site's nights, in the zone in which it writes times."""
    zone: Any = tk.h.get_display_timezone()
    # Zones of pytz are wrong by minutes where they are combined with a day.
    name = getattr(zone, "zone", None)
    return timetable.Night(ZoneInfo(name) if name else zone, *config.harvest_night())


def start_due() -> int:
    """Make a job for each source that is due, the longest due first, and write down what comes next; return how many."""
    tried: dict[str, bool] = {}
    engine: Any = model.meta.engine
    with engine.begin() as guard:
        guard.execute(_LOCK)
        # Starting takes its time, and others become due meanwhile.
        while due := _planned(leaving_out=tried):
            for source_id in due:
                tried[source_id] = _start(source_id)
    for source_id in [source_id for source_id, started in tried.items() if started]:
        plan(source_id)
    return sum(tried.values())


def plan(source_id: str) -> None:
    """Write down when a source is read next: its run has ended, and its page says so at once."""
    _planned(only=source_id)


def _planned(only: str | None = None, leaving_out: Collection[str] = ()) -> list[str]:
    """Write down when each source is read next; return the ids of those that are due, the longest due first."""
    rows = model.Session.execute(sa.text(_SOURCES), {"manual": timetable.MANUAL, "only": only, "leaving_out": list(leaving_out)}).all()
    runs = records.latest([row.id for row in rows])
    now, hours = datetime.now(UTC), night()
    due: list[tuple[datetime, str]] = []
    for row in rows:
        planned = row.next_run.replace(tzinfo=UTC) if row.next_run else None
        found = showing.next_run(row.id, row.frequency, runs.get(row.id, []), now, hours, planned, row.until)
        if found and found.at <= now + MARGIN:
            due.append((found.at, row.id))
        elif found and found.at != planned:
            _write(row.id, found.at)
        elif not found and (planned is None or planned <= now + MARGIN):
            _write(row.id, now + LOOKED_AT_AGAIN)
    model.Session.commit()
    return [source_id for _, source_id in sorted(due)]


def _start(source_id: str) -> bool:
    began = datetime.now(UTC)
    # Whatever comes of it, ckanext-harvest must not find it due.
    _write(source_id, began + LOOKED_AT_AGAIN)
    model.Session.commit()
    try:
        tk.get_action("harvest_job_create")(people.site_context(), {"source_id": source_id, "run": True})
    except HarvestJobExists:
        # Somebody pressed the button in this very moment.
        return False
    except _SERVICES:
        raise
    except Exception:
        log.exception("harvest source %s could not be started; the others go on", source_id)
        model.Session.rollback()
        # A job that was made and never queued would keep the source from being read for ever.
        model.Session.execute(
            sa.update(HarvestJob).where(HarvestJob.source_id == source_id, HarvestJob.status == "New",
                                        HarvestJob.created >= began.replace(tzinfo=None)).values(status="Aborted"),
            execution_options={"synchronize_session": False})
        model.Session.commit()
        return False
    return True


def _write(source_id: str, at: datetime) -> None:
    model.Session.execute(sa.update(HarvestSource).where(HarvestSource.id == source_id).values(next_run=at.replace(tzinfo=None)),
                          execution_options={"synchronize_session": False})


def abort_old(context: Context, include: str | None, exclude: str | None) -> list[str] | None:
    """Abort jobs that have been running for a day, of sources that are read more often; None when no such source is being read.

    :param include: ids of the only sources to look at, with commas between them
    :param exclude: ids of sources to leave alone, unless `include` names any
    :returns: ids of the other sources that are being read and may be looked at
    """
    named, left_out = set((include or "").split(",")) - {""}, set((exclude or "").split(",")) - {""}
    running = model.Session.execute(
        sa.select(HarvestJob.id, HarvestJob.created, HarvestSource.id.label("source_id"), HarvestSource.frequency)
        .join(HarvestSource, HarvestSource.id == HarvestJob.source_id).where(HarvestJob.status == "Running")).all()
    looked_at = [row for row in running if (row.source_id in named if named else row.source_id not in left_out)]
    if not any(row.frequency in timetable.OURS for row in running if not named or row in looked_at):
        return None
    oldest = datetime.now(UTC).replace(tzinfo=None) - OLD
    for row in looked_at:
        if row.frequency in timetable.OURS and row.created < oldest:
            tk.get_action("harvest_job_abort")(context, {"id": row.id})
    return sorted({row.source_id for row in looked_at if row.frequency not in timetable.OURS})
