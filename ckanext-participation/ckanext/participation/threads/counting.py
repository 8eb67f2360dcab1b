"""The counters that lists, cards and search show of a subject: marked by every write, counted afterwards by a job, never in a
visitor's request.

A write calls `mark` in its transaction. `recount` takes the marks that have waited long enough, so a burst of messages is counted
once; `index` brings the new numbers to the search documents of the datasets. All three may be killed at any instant: what was
not finished is still marked, or still unindexed, for the next run.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.logic import index_update_package
from sqlalchemy.orm import aliased

from ckanext.participation import config
from ckanext.participation.common import silence, subjects
from ckanext.participation.common.model import Subject, now
from ckanext.participation.common.registry import Registry
from ckanext.participation.threads.model import Thread
from ckanext.participation.threads.records import SubjectCount

log = logging.getLogger(__name__)

BATCH = 200
# One process counts at a time, so that an older count never overwrites a newer one.
ONE_AT_A_TIME = 7_203_001

NUMBERS = ("threads", "threads_open", "questions_open", "problems_open", "comments", "answered",
           "stars_1", "stars_2", "stars_3", "stars_4", "stars_5")

# Counts of the subjects `wanted(id)`: visible threads, and for a dataset those of its files too. Comments come from the threads'
# own counters, which the same statements keep that change the comments (`verify` recounts them).
COUNTED = """
members AS (
    SELECT w.id AS subject_id, w.id AS member_id FROM wanted w
    UNION ALL
    SELECT d.id, f.id FROM wanted w JOIN participation_subject d ON d.id = w.id AND d.type = 'dataset' AND d.merged_into IS NULL
    JOIN participation_subject f ON f.parent_ref = d.ref AND f.type = 'resource' AND f.merged_into IS NULL AND f.lost_at IS NULL
), talk AS (
    SELECT m.subject_id, count(*) AS threads, count(*) FILTER (WHERE t.state = 'open') AS threads_open,
        count(*) FILTER (WHERE t.kind = 'question' AND t.state = 'open') AS questions_open,
        count(*) FILTER (WHERE t.kind = 'problem' AND coalesce(t.problem_state, 'open') IN ('open', 'confirmed')) AS problems_open,
        sum(t.n_visible) AS comments,
        count(*) FILTER (WHERE t.kind = 'question' AND (t.state = 'answered' OR t.answer_seq IS NOT NULL)) AS answered
    FROM members m JOIN participation_thread t ON t.subject_id = m.member_id AND t.visibility = 'visible' GROUP BY m.subject_id
), stars AS (
    SELECT r.subject_id, count(*) FILTER (WHERE value = 1) AS stars_1, count(*) FILTER (WHERE value = 2) AS stars_2,
        count(*) FILTER (WHERE value = 3) AS stars_3, count(*) FILTER (WHERE value = 4) AS stars_4,
        count(*) FILTER (WHERE value = 5) AS stars_5
    FROM participation_rating r JOIN wanted w ON w.id = r.subject_id GROUP BY r.subject_id
), counted AS (
    SELECT w.id AS subject_id, coalesce(threads, 0) AS threads, coalesce(threads_open, 0) AS threads_open,
        coalesce(questions_open, 0) AS questions_open, coalesce(problems_open, 0) AS problems_open, coalesce(comments, 0) AS comments,
        coalesce(answered, 0) AS answered, coalesce(stars_1, 0) AS stars_1, coalesce(stars_2, 0) AS stars_2,
        coalesce(stars_3, 0) AS stars_3, coalesce(stars_4, 0) AS stars_4, coalesce(stars_5, 0) AS stars_5
    FROM wanted w LEFT JOIN talk ON talk.subject_id = w.id LEFT JOIN stars ON stars.subject_id = w.id
)"""

_TAKE = sa.text("""
DELETE FROM participation_recount WHERE subject_id IN (
    SELECT subject_id FROM participation_recount WHERE since <= :before ORDER BY since LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING subject_id""")

# A subject that went into another one leaves its numbers there; what is said of a file counts for its dataset. Search documents carry
# no stars, so a rating alone needs no indexing.
_STORE = sa.text("""
WITH given AS (SELECT s.id, s.type, s.parent_ref, s.merged_into FROM participation_subject s WHERE s.id = ANY(:ids)),
wanted AS (
    SELECT id FROM given UNION SELECT merged_into FROM given WHERE merged_into IS NOT NULL
    UNION SELECT d.id FROM given g JOIN participation_subject d ON g.type = 'resource' AND d.type = 'dataset' AND d.ref = g.parent_ref
),
-- counted
INSERT INTO participation_subject_count AS old (subject_id, threads, threads_open, questions_open, problems_open, comments, answered,
    stars_1, stars_2, stars_3, stars_4, stars_5, counted_at, indexed_at)
SELECT c.subject_id, c.threads, c.threads_open, c.questions_open, c.problems_open, c.comments, c.answered,
    c.stars_1, c.stars_2, c.stars_3, c.stars_4, c.stars_5, :now, CASE WHEN s.type <> 'dataset' THEN CAST(:now AS timestamptz) END
FROM counted c JOIN participation_subject s ON s.id = c.subject_id ORDER BY c.subject_id
ON CONFLICT (subject_id) DO UPDATE SET threads = excluded.threads, threads_open = excluded.threads_open,
    questions_open = excluded.questions_open, problems_open = excluded.problems_open, comments = excluded.comments,
    answered = excluded.answered, stars_1 = excluded.stars_1, stars_2 = excluded.stars_2, stars_3 = excluded.stars_3,
    stars_4 = excluded.stars_4, stars_5 = excluded.stars_5, counted_at = excluded.counted_at,
    indexed_at = CASE WHEN (old.threads, old.threads_open, old.questions_open, old.problems_open, old.comments, old.answered)
        = (excluded.threads, excluded.threads_open, excluded.questions_open, excluded.problems_open, excluded.comments, excluded.answered)
        THEN old.indexed_at ELSE excluded.indexed_at END""".replace("-- counted", COUNTED))


# The update changes nothing. It locks the row until the commit, so that no count is taken that lacks this write.
_MARK = sa.text("""
    INSERT INTO participation_recount (subject_id, since) VALUES (:subject, :since)
    ON CONFLICT (subject_id) DO UPDATE SET since = participation_recount.since""")


def mark(subject_id: int) -> None:
    """Say, in the transaction under way, that what the subject's counters count has changed.

    Call it last before the commit: everybody locks the thread first and the mark after it, so no two writes wait for each other.
    """
    model.Session.execute(_MARK, {"subject": subject_id, "since": now()})


def moved(subject_ids: list[int]) -> None:
    """Mark subjects that the sweep touched, without committing: their search documents are another dataset's now."""
    ids = {"ids": sorted(set(subject_ids))}
    model.Session.execute(sa.text(
        "UPDATE participation_subject_count SET indexed_at = NULL WHERE subject_id = ANY(CAST(:ids AS bigint[]))"), ids)
    model.Session.execute(sa.text("""
        INSERT INTO participation_recount (subject_id, since) SELECT id, :since FROM unnest(CAST(:ids AS bigint[])) AS v(id) ORDER BY id
        ON CONFLICT (subject_id) DO UPDATE SET since = participation_recount.since"""), {**ids, "since": now()})


def recount(limit: int = BATCH, *, seconds: float | None = None) -> int:
    """Count the subjects whose marks are older than `seconds` (default: `participation.threads.count_seconds`); commit; return how many.

    Returns 0 while another process counts.
    """
    wait = config.count_seconds() if seconds is None else seconds
    if not model.Session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(ONE_AT_A_TIME))):
        model.Session.rollback()
        return 0
    ids = list(model.Session.scalars(_TAKE, {"before": now() - timedelta(seconds=wait), "limit": limit}))
    if ids:
        _know_datasets(ids)
        model.Session.execute(_STORE, {"ids": ids, "now": now()})
    model.Session.commit()
    return len(ids)


def index(limit: int = BATCH) -> int:
    """Bring the counts to the search documents of the datasets whose counts changed; return how many were done.

    What Solr does not take stays for the next run.
    """
    done = failed = 0
    last = 0
    while True:
        rows = model.Session.execute(
            sa.select(Subject.id, Subject.type, Subject.ref, SubjectCount.counted_at).join(Subject, Subject.id == SubjectCount.subject_id)
            .where(SubjectCount.indexed_at.is_(None), Subject.id > last).order_by(Subject.id).limit(limit)).all()
        if not rows:
            break
        last = rows[-1].id
        for row in rows:
            try:
                done += _index_one(row.id, row.ref if row.type == "dataset" else "", row.counted_at)
                failed = 0
            except Exception:
                # Whatever is wrong with one dataset, the others must not wait for it.
                model.Session.rollback()
                log.exception("The counts of dataset %s did not reach the search", row.ref)
                failed += 1
                # Several in a row mean that Solr is away.
                if failed == 3:
                    return done
        if done:
            commit_search()
    model.Session.rollback()
    return done


def register(registry: Registry) -> None:
    """Enter the counting job, the search fields, what is checked, and what the sweep and the list of orphans ask."""
    registry.add_chore("counters", run, config.count_seconds)
    registry.add_index_fields("threads", index_fields)
    registry.add_movement_watcher("counters", moved)
    registry.add_subject_facts("threads", facts)
    registry.add_use("messages", messages)


def messages(dataset_ids: list[str]) -> dict[str, int]:
    """Return how many messages people wrote about datasets and their files, as last counted."""
    rows = model.Session.execute(sa.select(Subject.ref, SubjectCount.comments).join(Subject, Subject.id == SubjectCount.subject_id)
                                 .where(Subject.type == "dataset", Subject.ref.in_(dataset_ids)))
    return {row.ref: row.comments for row in rows}


def run() -> None:
    """Count and index what is due: the chore of the sending process."""
    while recount() == BATCH:
        pass
    index()


def _index_one(subject_id: int, dataset_id: str, counted_at: datetime) -> int:
    """Index a dataset and note that, unless it was counted again meanwhile; 0 when somebody is changing the dataset just now."""
    state = None
    if dataset_id:
        # Held against changes until the document is sent, or an older one could replace an editor's newer one: perhaps with the
        # permissions it had before.
        state = model.Session.execute(sa.text("SELECT state, type FROM package WHERE id = :id FOR SHARE SKIP LOCKED"),
                                      {"id": dataset_id}).first()
        if state is None and model.Session.scalar(sa.text("SELECT 1 FROM package WHERE id = :id"), {"id": dataset_id}):
            model.Session.rollback()
            return 0
    if state is not None and tuple(state) == (model.State.ACTIVE, "dataset"):
        model.Session.expire_all()
        index_update_package({"ignore_auth": True}, dataset_id, defer_commit=True)
    model.Session.execute(sa.update(SubjectCount).where(
        SubjectCount.subject_id == subject_id, SubjectCount.counted_at == counted_at).values(indexed_at=now()))
    model.Session.commit()
    return 1


def commit_search() -> None:
    """Let the documents show that were sent, where CKAN is set to do so."""
    if not tk.config["ckan.search.solr_commit"]:
        return
    try:
        search.commit()
    except search.SearchIndexError:
        # The documents are there; they show at Solr's own next commit.
        log.warning("Solr did not commit the counts")


def _know_datasets(ids: list[int]) -> None:
    """Make the subject rows of datasets of which only files were talked about: their cards count them."""
    file, owner = aliased(Subject), aliased(Subject)
    missing = model.Session.scalars(
        sa.select(file.parent_ref).distinct().outerjoin(owner, sa.and_(owner.type == "dataset", owner.ref == file.parent_ref))
        .where(file.id.in_(ids), file.type == "resource", file.parent_ref.is_not(None), owner.id.is_(None)))
    for ref in [str(ref) for ref in missing]:
        found = subjects.type_of("dataset").load(ref)
        if found is not None:
            subjects.row_for("dataset", found)


def of_datasets(refs: list[str]) -> dict[str, dict[str, int]]:
    """Return the counts of datasets by their ids, in one statement; a dataset of which nobody has spoken is missing."""
    if not refs:
        return {}
    rows = model.Session.execute(
        sa.select(Subject.ref, *(getattr(SubjectCount, name) for name in NUMBERS)).join(Subject, Subject.id == SubjectCount.subject_id)
        .where(Subject.type == "dataset", Subject.ref.in_(refs)))
    return {row.ref: {name: getattr(row, name) for name in NUMBERS} for row in rows}


def facts(subject_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return how many threads hang on each subject, whoever may see them, and when somebody last wrote: for administrators."""
    rows = model.Session.execute(sa.select(Thread.subject_id, sa.func.count(), sa.func.max(Thread.last_at))
                                 .where(Thread.subject_id.in_(subject_ids)).group_by(Thread.subject_id))
    return {identifier: {"threads": number, "last_at": last.isoformat()} for identifier, number, last in rows}


def index_fields(dataset: dict[str, Any]) -> dict[str, Any]:
    """Return what the dataset's search document says of its conversations."""
    identifier = str(dataset.get("id"))
    if silence.is_known_about(identifier):
        return {}
    return document(of_datasets([identifier]).get(identifier) or {})


def document(counts: dict[str, int]) -> dict[str, Any]:
    """Return the fields of a search document for these counts; none where nobody has spoken."""
    if not counts.get("threads"):
        return {}
    talk = {"answered": counts["answered"], "conversation": counts["threads"], "open-question": counts["questions_open"],
            "problem": counts["problems_open"]}
    return {"participation_threads": counts["threads"], "participation_threads_open": counts["threads_open"],
            "participation_comments": counts["comments"], "participation_talk": [name for name, number in talk.items() if number]}
