"""What everybody may know of a dataset's conversations, read in one statement, for the dataset's RDF and its schema.org description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.participation.common.readers import Gate

MOST = 20

_STATEMENT = """
WITH about AS (
  SELECT s.id, s.ref, s.type FROM participation_subject s WHERE s.type = 'dataset' AND s.ref = :dataset AND s.lost_at IS NULL
  UNION ALL SELECT s.id, s.ref, s.type FROM resource r JOIN participation_subject s ON s.type = 'resource' AND s.ref = r.id
    AND s.lost_at IS NULL WHERE r.package_id = :dataset AND r.state = 'active'),
talks AS (
  SELECT t.id, t.kind, t.title, t.lang, t.created, t.n_visible, t.problem_state,
         coalesce(t.problem ->> 'resource_id', CASE a.type WHEN 'resource' THEN a.ref END) AS resource_id,
         row_number() OVER (PARTITION BY t.kind = 'problem' ORDER BY t.id DESC) AS place
  FROM about a JOIN participation_thread t ON t.subject_id = a.id WHERE t.visibility = 'visible'),
newest AS (
  SELECT t.*, c.body, c.lang AS body_lang FROM talks t
  LEFT JOIN participation_comment c ON t.kind = 'problem' AND c.thread_id = t.id AND c.seq = 1 AND c.state = 'visible'
  WHERE t.place <= :most)
SELECT (SELECT count(*) FROM talks) AS threads, (SELECT sum(n_visible) FROM talks) AS messages,
       (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.id DESC) FROM newest n) AS newest,
       (SELECT jsonb_build_array(k.stars_1, k.stars_2, k.stars_3, k.stars_4, k.stars_5) FROM about a
        JOIN participation_subject_count k ON k.subject_id = a.id WHERE a.type = 'dataset') AS stars"""


@dataclass(frozen=True)
class Feedback:
    """How many conversations and messages a dataset has, the newest conversations (dictionaries), and how many people gave each
    number of stars."""

    threads: int = 0
    messages: int = 0
    newest: list[dict[str, Any]] = field(default_factory=list)
    stars: tuple[int, ...] = (0, 0, 0, 0, 0)

    @property
    def ratings(self) -> int:
        """Return how many people rated."""
        return sum(self.stars)

    @property
    def average(self) -> float:
        """Return the mean of the stars, with two decimals; 0 without a rating."""
        return round(sum(number * count for number, count in enumerate(self.stars, 1)) / self.ratings, 2) if self.ratings else 0.0

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Return the newest problem reports whose text is shown, the newest first."""
        return [row for row in self.newest if row["kind"] == "problem" and row["body"]]

    @property
    def others(self) -> list[dict[str, Any]]:
        """Return the newest questions, suggestions and thanks, the newest first."""
        return [row for row in self.newest if row["kind"] != "problem"]


NOTHING = Feedback()


def of_dataset(dataset_id: str) -> Feedback:
    """Return the feedback of a dataset that everybody may see, and `NOTHING` for any other: whoever asks, in one statement."""
    told = sa.text(_STATEMENT).columns(threads=sa.Integer, messages=sa.Integer, newest=JSONB, stars=JSONB).subquery("told")
    # The condition looks at the rows: the session may remember the dataset as it was before somebody made it private.
    public = (model.Package.id == dataset_id, model.Package.state == "active", sa.not_(model.Package.private))
    both = sa.select(model.Package, told).join(told, sa.true()).where(*public)
    row = model.Session.execute(both, {"dataset": dataset_id, "most": MOST}).first()
    if row is None or not (row.threads or row.stars) or not Gate({"user": ""}).allows(row[0]):
        return NOTHING
    return Feedback(row.threads, row.messages or 0, row.newest or [], tuple(row.stars or NOTHING.stars))
