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
from ckanext.participation.harvesting.health.rules import TREND

# A job of this engine has a row of its own that says whether the source was read to its end. Of another one it is known whether it
# complained, and whether it handed anything on in spite of that. Times of ckanext-harvest have no zone and are UTC.
_SOURCES = """
WITH jobs AS (
  SELECT j.id AS job, j.source_id, j.status, j.created AT TIME ZONE 'UTC' AS asked, r.id AS run,
    CASE WHEN r.finished IS NOT NULL THEN r.finished
      WHEN j.status NOT IN ('New', 'Running') THEN coalesce(j.finished, j.gather_finished, j.created) AT TIME ZONE 'UTC' END AS ended,
    coalesce(r.started, j.gather_started AT TIME ZONE 'UTC') AS started, r.gathered, r.listed, r.unchanged, r.new, r.changed,
    r.retried, r.gone, r.errors, r.expected, r.read, r.written, r.beat, coalesce(r.stop_asked, false) AS stop_asked,
    CASE WHEN r.id IS NOT NULL THEN r.whole AND r.listed > 0
      WHEN j.status = 'Finished' THEN e.job IS NULL OR EXISTS (SELECT FROM harvest_object o WHERE o.harvest_job_id = j.id)
      ELSE false END AS whole,
    row_number() OVER (PARTITION BY j.source_id ORDER BY j.created DESC, j.id) AS place
  FROM harvest_job j LEFT JOIN participation_harvest_run r ON r.job_id = j.id
    LEFT JOIN (SELECT DISTINCT harvest_job_id AS job FROM harvest_gather_error) e ON e.job = j.id
  WHERE j.source_id = ANY(:ids)),
latest AS (
  SELECT source_id, max(ended) FILTER (WHERE whole) AS succeeded, bool_or(run IS NOT NULL) AS ours,
    (array_agg(listed ORDER BY place) FILTER (WHERE whole AND ended IS NOT NULL))[1] AS listed,
    json_agg(json_build_object('job', job, 'run', run, 'status', status, 'asked', asked, 'started', started, 'gathered', gathered,
      'ended', ended, 'listed', listed, 'unchanged', unchanged, 'new', new, 'changed', changed, 'retried', retried, 'gone', gone,
      'errors', CASE WHEN run IS NULL AND place <= 2 THEN (SELECT count(*) FROM harvest_object o
          WHERE o.harvest_job_id = job AND o.report_status = 'errored') ELSE errors END,
      'expected', expected, 'read', read, 'written', written, 'beat', beat, 'stop_asked', stop_asked, 'whole', whole)
      ORDER BY place) FILTER (WHERE place <= :most OR job = :job) AS runs
  FROM jobs GROUP BY source_id)
SELECT s.id, s.url, s.type, s.frequency, s.active, s.next_run, latest.runs, latest.succeeded, coalesce(latest.ours, false) AS ours,
  coalesce(latest.listed, CASE WHEN latest.ours IS FALSE THEN (SELECT count(*) FROM harvest_object o
    WHERE o.harvest_source_id = s.id AND o.current) END) AS records,
  coalesce(known.errors, 0) AS errors, held.id AS held_id, held.at AS held_at, held.gone AS held_gone, held.before AS held_before,
  g.name AS organization, g.title AS organization_title, g.extras ->> 'title_translated' AS organization_titles
FROM harvest_source s JOIN package p ON p.id = s.id LEFT JOIN latest ON latest.source_id = s.id
  LEFT JOIN "group" g ON g.id = p.owner_org AND g.state = 'active'
  LEFT JOIN participation_harvest_held held ON held.source_id = s.id AND held.state = 'open'
  LEFT JOIN (SELECT source_id, count(*) AS errors FROM participation_harvest_state WHERE errors > 0 AND source_id = ANY(:ids)
    GROUP BY source_id) known ON known.source_id = s.id
WHERE s.id = ANY(:ids)
"""


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
    """Return what is stored of these sources, each with its `most` latest runs, the latest first, and with the run of this job."""
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
    times = {name: _moment(row[name]) for name in ("asked", "started", "gathered", "ended", "beat")}
    return {**row, **times, "errors": row["errors"] or 0}


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written).astimezone(UTC) if written else None


def run_of(source_id: str, job_id: str) -> dict[str, Any]:
    """Return one run of a source, however old."""
    package = model.Package.get(source_id)
    rows = of([package], 0, job_id) if package is not None else []
    return next(run for run in rows[0]["runs"] if run["job"] == job_id)
