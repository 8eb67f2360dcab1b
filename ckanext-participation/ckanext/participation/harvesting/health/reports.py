"""What the report of one run says, each thing once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.translated import in_language
from ckanext.participation.harvesting.health import wording
from ckanext.participation.harvesting.health.wording import Example, Sentence

# Rows that differ in more than numbers, names and addresses; a report with more of them is read in ckanext-harvest's own page.
MOST = 2000

_ROWS = """
SELECT message, count(*) AS number, NULL AS examples FROM harvest_gather_error WHERE harvest_job_id = :job GROUP BY message
UNION ALL
SELECT e.message, count(*), to_json((array_agg(json_build_object('guid', coalesce(o.guid, ''), 'name', p.name, 'title', p.title,
  'titles', p.extras ->> 'title_translated')
  ORDER BY o.guid))[1:3])
FROM harvest_object_error e JOIN harvest_object o ON o.id = e.harvest_object_id
  LEFT JOIN package p ON p.id = o.package_id AND p.state = 'active'
WHERE o.harvest_job_id = :job AND (:staff OR p.private IS NOT TRUE)
GROUP BY e.message ORDER BY 2 DESC LIMIT :most
"""


def of(job_id: str, *, staff: bool, lang: str) -> list[Sentence]:
    """Return the sentences of a job's report with their numbers; those about private datasets to the organisation's staff alone."""
    rows = model.Session.execute(sa.text(_ROWS), {"job": job_id, "staff": staff, "most": MOST})
    return wording.grouped((line, row.number, [_example(one, lang) for one in row.examples or []])
                           for row in rows for line in _lines(row.message, staff))


def first_of(job_id: str) -> str:
    """Return the first complaint of a job about its source as a whole; an empty text when there is none."""
    table = sa.table("harvest_gather_error", sa.column("message"), sa.column("harvest_job_id"), sa.column("created"))
    found = model.Session.scalar(sa.select(table.c.message).where(table.c.harvest_job_id == job_id).order_by(table.c.created).limit(1))
    return wording.for_everybody(str(found or ""))


def _lines(message: str | None, staff: bool) -> list[str]:
    """Return the sentences about one record: each is a line of its message."""
    found = dict.fromkeys(" ".join(line.split()) for line in (message or "").splitlines() if line.strip())
    return list(found) if staff else [wording.for_everybody(line) for line in found]


def _example(row: dict[str, Any], lang: str) -> Example:
    return Example(row["guid"], row["name"] or "", in_language(row["titles"], lang, row["title"] or ""))
