"""Whether stored counters are what they count, and mending those that are not: what `ckan participation verify` asks of this room.

Each check is one statement over all rows, so it sees one instant: a write under way makes no difference. What is derived can be
repaired, behind the same locks that writes take; texts, numbers of messages and events are never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.registry import Finding, Registry
from ckanext.participation.threads import counting

EXAMPLES = 5
BATCH = 1000

_TALLY = """
SELECT t.id, t.next_seq, t.n_visible, t.last_seq, t.last_at, t.n_untranslated, t.n_changes, coalesce(c.messages, 0) AS messages,
    coalesce(c.top, 0) AS top, coalesce(c.shown, 0) AS shown, coalesce(c.top_shown, 0) AS top_shown,
    coalesce(c.top_public, 0) AS top_public, l.created AS spoken, c.latest,
    coalesce(c.untranslated, 0) AS untranslated, coalesce(h.steps, 0) AS steps
FROM participation_thread t
LEFT JOIN (
    SELECT thread_id, count(*) AS messages, max(seq) AS top, count(*) FILTER (WHERE state = 'visible') AS shown,
        max(seq) FILTER (WHERE state = 'visible') AS top_shown, max(seq) FILTER (WHERE state <> 'held') AS top_public,
        max(created) FILTER (WHERE state <> 'held') AS latest,
        count(*) FILTER (WHERE translation_pending AND state = 'visible') AS untranslated
    FROM participation_comment WHERE -- some
    GROUP BY thread_id
) c ON c.thread_id = t.id
LEFT JOIN (SELECT thread_id, count(*) AS steps FROM participation_thread_change WHERE -- some
    GROUP BY thread_id) h ON h.thread_id = t.id
LEFT JOIN participation_comment l ON l.thread_id = t.id AND l.seq = t.last_seq"""

# What differs, and what it should be; None for what nobody can make up again. A hidden message may well be the last that was shown.
_THREAD_CHECKS: dict[str, tuple[str, str | None]] = {
    "thread.n_visible": ("n_visible <> shown", "n_visible = d.shown"),
    "thread.next_seq": ("next_seq <= top", "next_seq = d.top + 1"),
    "thread.numbers": ("messages <> greatest(top, next_seq - 1)", None),
    "thread.last_seq": ("last_seq < top_shown OR last_seq > top_public", "last_seq = d.top_shown"),
    "thread.last_at": ("last_seq BETWEEN top_shown AND top_public AND last_at NOT BETWEEN spoken AND latest", "last_at = d.spoken"),
    "thread.n_untranslated": ("n_untranslated <> untranslated", "n_untranslated = d.untranslated"),
    "thread.n_changes": ("n_changes <> steps", "n_changes = d.steps"),
}

_MESSAGES = """
WITH useful AS (
    SELECT target_id, count(*) FILTER (WHERE value = 1) AS up, count(*) FILTER (WHERE value = -1) AS down
    FROM participation_support WHERE target_type = 'comment' GROUP BY target_id
), kept AS (SELECT thread_id, seq, count(*) AS versions FROM participation_comment_version GROUP BY thread_id, seq)
SELECT c.thread_id, c.seq, u.target_id, c.n_support, c.n_against, c.n_versions, coalesce(u.up, 0) AS up, coalesce(u.down, 0) AS down,
    coalesce(k.versions, 0) AS versions
FROM participation_comment c FULL JOIN useful u ON u.target_id = c.thread_id || '#' || c.seq
LEFT JOIN kept k ON k.thread_id = c.thread_id AND k.seq = c.seq
WHERE c.seq IS NULL OR c.n_support <> coalesce(u.up, 0) OR c.n_against <> coalesce(u.down, 0) OR c.n_versions <> coalesce(k.versions, 0)"""

_MEND_MESSAGES = """
UPDATE participation_comment c SET
    n_support = (SELECT count(*) FROM participation_support s
        WHERE s.target_type = 'comment' AND s.target_id = c.thread_id || '#' || c.seq AND s.value = 1),
    n_against = (SELECT count(*) FROM participation_support s
        WHERE s.target_type = 'comment' AND s.target_id = c.thread_id || '#' || c.seq AND s.value = -1),
    n_versions = (SELECT count(*) FROM participation_comment_version v WHERE v.thread_id = c.thread_id AND v.seq = c.seq)
FROM unnest(CAST(:threads AS bigint[]), CAST(:seqs AS int[])) AS d(thread_id, seq) WHERE c.thread_id = d.thread_id AND c.seq = d.seq"""

# The event by which a message came to be: one each, whether it was written here or imported. A held one that is shown later is
# announced by a second event, which says so.
_BIRTHS = """
WITH born AS (
    SELECT CASE WHEN type LIKE 'thread.%' THEN target_id || '#1' ELSE target_id END AS target, count(*) AS number FROM participation_event
    WHERE type IN ('thread.created', 'comment.created', 'thread.imported', 'comment.imported') AND data -> 'released' IS NULL GROUP BY 1
)
SELECT coalesce(c.thread_id || '#' || c.seq, b.target) AS target, c.seq IS NOT NULL AS there, coalesce(b.number, 0) AS number
FROM participation_comment c FULL JOIN born b ON b.target = c.thread_id || '#' || c.seq
WHERE c.seq IS NULL OR b.number IS DISTINCT FROM 1"""

# What is marked will be counted, so it may be behind; a file's mark concerns its dataset.
_SUBJECTS = """
WITH wanted AS (SELECT id FROM participation_subject),
-- counted
SELECT c.subject_id, k.threads, k.threads_open, k.questions_open, k.problems_open, k.comments, k.answered,
    k.stars_1, k.stars_2, k.stars_3, k.stars_4, k.stars_5, c.threads AS now_threads, c.comments AS now_comments
FROM counted c JOIN participation_subject s ON s.id = c.subject_id LEFT JOIN participation_subject_count k ON k.subject_id = c.subject_id
WHERE (c.threads, c.threads_open, c.questions_open, c.problems_open, c.comments, c.answered, c.stars_1, c.stars_2, c.stars_3, c.stars_4,
    c.stars_5) IS DISTINCT FROM (coalesce(k.threads, 0), coalesce(k.threads_open, 0), coalesce(k.questions_open, 0),
    coalesce(k.problems_open, 0), coalesce(k.comments, 0), coalesce(k.answered, 0), coalesce(k.stars_1, 0), coalesce(k.stars_2, 0),
    coalesce(k.stars_3, 0), coalesce(k.stars_4, 0), coalesce(k.stars_5, 0))
AND c.subject_id NOT IN (
    SELECT r.subject_id FROM participation_recount r
    UNION SELECT f.merged_into FROM participation_recount r JOIN participation_subject f ON f.id = r.subject_id
        WHERE f.merged_into IS NOT NULL
    UNION SELECT d.id FROM participation_recount r JOIN participation_subject f ON f.id = r.subject_id AND f.type = 'resource'
        JOIN participation_subject d ON d.type = 'dataset' AND d.ref = f.parent_ref)"""


def register(registry: Registry) -> None:
    """Enter what this room can verify."""
    registry.add_verifier("threads", threads)
    registry.add_verifier("messages", messages)
    registry.add_verifier("events", events)
    registry.add_verifier("subjects", subjects)


def threads(repair: bool) -> Iterator[Finding]:
    """Compare every thread's counters, and the density of its numbers, with its messages and steps."""
    flags = ", ".join(f'({differs}) AS "{check}"' for check, (differs, _) in _THREAD_CHECKS.items())
    wrong = " OR ".join(f"({differs})" for differs, _ in _THREAD_CHECKS.values())
    found = _all(f"SELECT d.*, {flags} FROM ({_TALLY.replace('-- some', 'true')}) d WHERE {wrong}")  # noqa: S608 (no text of others)
    for check, (differs, mending) in _THREAD_CHECKS.items():
        rows = [row for row in found if row._mapping[check]]
        mended = 0
        for ids in _batches([row.id for row in rows]) if repair and mending else ():
            mended += _mend_threads(ids, differs, str(mending))
        yield _finding(check, rows, mended, lambda row: f"thread {row.id}: {_thread_words(row)}")


def messages(repair: bool) -> Iterator[Finding]:
    """Compare every message's support, votes against and kept versions with their rows."""
    rows = _all(_MESSAGES)
    mended = 0
    mendable = [(row.thread_id, row.seq) for row in rows if row.seq is not None]
    for keys in _batches(mendable) if repair else ():
        _hold_threads([thread for thread, _ in keys])
        mended += model.Session.execute(sa.text(_MEND_MESSAGES), {"threads": [thread for thread, _ in keys],
                                                                  "seqs": [seq for _, seq in keys]}).rowcount
        _bump([thread for thread, _ in keys])
    yield _finding("message.counters", rows, mended, lambda row: (
        f"message {row.thread_id}#{row.seq}: {row.n_support}, {row.n_against}, {row.n_versions} stored; {row.up}, {row.down}, "
        f"{row.versions} counted (useful, not useful, versions)" if row.seq is not None
        else f"support of {row.target_id}, which is not there"))


def events(_repair: bool) -> Iterator[Finding]:
    """See that every message has the one event by which it came to be, and every such event its message."""
    yield _finding("message.event", _all(_BIRTHS), 0, lambda row: (
        f"message {row.target}: {row.number} events" if row.there else f"event of {row.target}, which is not there"))


def subjects(repair: bool) -> Iterator[Finding]:
    """Compare the counts of subjects, with their ratings, with their threads and ratings."""
    rows = _all(_SUBJECTS.replace("-- counted", counting.COUNTED))
    if repair and rows:
        counting.moved([row.subject_id for row in rows])
        model.Session.commit()
        while counting.recount(seconds=0):
            pass
    yield _finding("subject.counts", rows, len(rows) if repair else 0, lambda row: (
        f"subject {row.subject_id}: {row.threads} threads and {row.comments} messages stored, "
        f"{row.now_threads} and {row.now_comments} counted"))


def _mend_threads(ids: list[int], differs: str, mending: str) -> int:
    """Count these threads again behind their locks, and store what differs still."""
    _hold_threads(ids)
    some = _TALLY.replace("-- some", "thread_id = ANY(CAST(:ids AS bigint[]))")
    mended = model.Session.execute(sa.text(
        f"UPDATE participation_thread t SET {mending}, version = t.version + 1 FROM ({some} WHERE t.id = ANY(CAST(:ids AS bigint[]))) d "  # noqa: S608
        f"WHERE t.id = d.id AND d.id IN (SELECT id FROM ({some} WHERE t.id = ANY(CAST(:ids AS bigint[]))) x WHERE {differs})"),
        {"ids": ids}).rowcount
    model.Session.commit()
    return mended


def _hold_threads(ids: list[int]) -> None:
    """Lock threads as every write does that changes what hangs on them."""
    model.Session.execute(sa.text("SELECT id FROM participation_thread WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR UPDATE"),
                          {"ids": sorted(set(ids))})


def _bump(ids: list[int]) -> None:
    """Say that pages of these threads changed, and commit."""
    model.Session.execute(sa.text("UPDATE participation_thread SET version = version + 1 WHERE id = ANY(CAST(:ids AS bigint[]))"),
                          {"ids": sorted(set(ids))})
    model.Session.commit()


def _all(statement: str) -> list[Any]:
    rows = list(model.Session.execute(sa.text(statement)).all())
    model.Session.rollback()
    return rows


def _batches(rows: list[Any]) -> Iterable[list[Any]]:
    return (rows[start:start + BATCH] for start in range(0, len(rows), BATCH))


def _finding(check: str, rows: list[Any], repaired: int, words: Any) -> Finding:
    return Finding(check, len(rows), repaired, tuple(words(row) for row in rows[:EXAMPLES]))


def _thread_words(row: Any) -> str:
    return (f"next {row.next_seq}, visible {row.n_visible}, last {row.last_seq} at {row.last_at:%Y-%m-%d %H:%M:%S}, untranslated "
            f"{row.n_untranslated}, steps {row.n_changes} stored; {row.messages} messages up to {row.top}, visible {row.shown} up to "
            f"{row.top_shown}, untranslated {row.untranslated}, steps {row.steps} counted")
