"""Sources with their latest runs, read in as many statements for one of them as for a thousand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.lib import plugins
from ckan.types import Context

from ckanext.participation.common import labels
from ckanext.participation.harvesting import hosts
from ckanext.participation.harvesting.health.rules import TREND

_TIMES = ("asked", "started", "gathered", "ended", "beat", "not_before")
# A job of this engine has a row of its own that says whether the source was read to its end. Of another one it is known whether it
# complained, and whether it handed anything on in spite of that. Times of ckanext-harvest have no zone and are UTC.
_JOBS = """SELECT j.id AS job, j.status, j.created, j.created AT TIME ZONE 'UTC' AS asked, r.id AS run,
    CASE WHEN r.finished IS NOT NULL THEN r.finished
      WHEN j.status NOT IN ('New', 'Running') THEN coalesce(j.finished, j.gather_finished, j.created) AT TIME ZONE 'UTC' END AS ended,
    coalesce(r.started, j.gather_started AT TIME ZONE 'UTC') AS started, r.gathered, r.listed, r.unchanged, r.new, r.changed,
    r.retried, r.gone, r.errors, r.expected, r.read, r.written, r.beat, coalesce(r.stop_asked, false) AS stop_asked, r.not_before,
    CASE WHEN r.id IS NOT NULL THEN r.whole AND r.listed > 0
      WHEN j.status = 'Finished' THEN NOT EXISTS (SELECT FROM harvest_gather_error e WHERE e.harvest_job_id = j.id)
        OR EXISTS (SELECT FROM harvest_object o WHERE o.harvest_job_id = j.id)
      ELSE false END AS whole
  FROM harvest_job j LEFT JOIN participation_harvest_run r ON r.job_id = j.id WHERE j.source_id = s.id"""
# Each source's jobs are looked at from the latest back, and no further than needed: a site that reads 300 sources a day has
# 100,000 of them after a year.
_SOURCES = f"""
WITH asked AS MATERIALIZED ({hosts.ASKED})
SELECT s.id, s.url, s.type, s.frequency, s.active, s.next_run AT TIME ZONE 'UTC' AS planned, latest.runs, good.ended AS succeeded,
  asked.until AS left_alone_until,
  known.ours, coalesce(good.listed, CASE WHEN NOT known.ours AND latest.runs IS NOT NULL THEN (SELECT count(*) FROM harvest_object o
    WHERE o.harvest_source_id = s.id AND o.current) END) AS records,
  known.errors, held.id AS held_id, held.at AS held_at, held.gone AS held_gone, held.before AS held_before,
  g.name AS organization, g.title AS organization_title, g.extras ->> 'title_translated' AS organization_titles
FROM harvest_source s JOIN package p ON p.id = s.id LEFT JOIN "group" g ON g.id = p.owner_org AND g.state = 'active'
  LEFT JOIN asked ON {hosts.OF_SOURCE}
  LEFT JOIN participation_harvest_held held ON held.source_id = s.id AND held.state = 'open'
  CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM participation_harvest_run r WHERE r.source_id = s.id) AS ours,
    (SELECT count(*) FROM participation_harvest_state t WHERE t.source_id = s.id AND t.errors > 0) AS errors) known
  LEFT JOIN LATERAL (SELECT ended, listed FROM ({_JOBS}) jobs WHERE whole AND ended IS NOT NULL
    ORDER BY created DESC, job LIMIT 1) good ON true
  CROSS JOIN LATERAL (SELECT json_agg(json_build_object('job', job, 'run', run, 'status', status, 'asked', asked, 'started', started,
      'gathered', gathered, 'ended', ended, 'listed', listed, 'unchanged', unchanged, 'new', new, 'changed', changed, 'retried', retried,
      'gone', gone, 'errors', CASE WHEN run IS NULL AND place <= 2 THEN (SELECT count(*) FROM harvest_object o
          WHERE o.harvest_job_id = job AND o.report_status = 'errored') ELSE errors END,
      'expected', expected, 'read', read, 'written', written, 'beat', beat, 'stop_asked', stop_asked, 'not_before', not_before,
      'whole', whole) ORDER BY place) AS runs
    FROM (SELECT newest.*, row_number() OVER (ORDER BY created DESC, job) AS place
      FROM ({_JOBS} AND (:job = '' OR j.id = :job) ORDER BY j.created DESC, j.id LIMIT :most) newest) placed) latest
WHERE s.id = ANY(:ids)
"""  # noqa: S608  put together of what stands above
_LATEST = f"""
SELECT s.id, json_agg(json_build_object('ended', ended, 'whole', whole, 'stop_asked', stop_asked, 'not_before', not_before)
  ORDER BY newest.created DESC, job) AS runs
FROM harvest_source s CROSS JOIN LATERAL ({_JOBS} ORDER BY j.created DESC, j.id LIMIT :most) newest
WHERE s.id = ANY(:ids) GROUP BY s.id
"""  # noqa: S608  put together of what stands above


def visible(context: Context) -> list[model.Package]:
    """Return the sources in use that the reader may see, as CKAN would say of each."""
    package = model.Package
    rows = list(model.Session.scalars(sa.select(package).where(package.type == "harvest", package.state == model.State.ACTIVE)))
    reader = labels.of_reader(context)
    if reader is None:
        return rows
    asked, mine = plugins.get_permission_labels(), set(reader)
    return [row for row in rows if mine.intersection(asked.get_dataset_labels(row))]


def of(packages: Sequence[model.Package], most: int = TREND, job_id: str = "") -> list[dict[str, Any]]:
    """Return what is stored of these sources, each with its `most` latest runs, the latest first, or with the run of this job alone."""
    about = {row.id: row for row in packages}
    if not about:
        return []
    rows = model.Session.execute(sa.text(_SOURCES), {"ids": list(about), "most": most, "job": job_id}).mappings()
    return [{**row, "name": about[row["id"]].name, "title": about[row["id"]].title or about[row["id"]].name,
             "private": bool(about[row["id"]].private), "organization_id": about[row["id"]].owner_org,
             "runs": [_run(one) for one in row["runs"] or []]} for row in rows]


def every_active() -> list[model.Package]:
    """Return every source in use, whoever may see it: for the chore that writes to agencies."""
    package = model.Package
    return list(model.Session.scalars(sa.select(package).where(package.type == "harvest", package.state == model.State.ACTIVE)))


def _run(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: _moment(row[name]) for name in _TIMES if name in row}
    return {**row, **times, "errors": row.get("errors") or 0}


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written).astimezone(UTC) if written else None


def run_of(source_id: str, job_id: str) -> dict[str, Any]:
    """Return one run of a source, however old."""
    package = model.Package.get(source_id)
    rows = of([package], 1, job_id) if package is not None else []
    return next(run for run in rows[0]["runs"] if run["job"] == job_id)


def latest(source_ids: Sequence[str], most: int = TREND) -> dict[str, list[dict[str, Any]]]:
    """Return how the latest runs of these sources ended, the latest first: `ended`, `whole`, `stop_asked`, `errors`, `not_before`."""
    rows = model.Session.execute(sa.text(_LATEST), {"ids": list(source_ids), "most": most})
    return {row.id: [_run(one) for one in row.runs] for row in rows}
