"""The promises P1 to P4 and P6 held against the tables: what the clients were told, and what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bench.server import House

# Each statement returns what breaks the promise.
PARTIAL = {
    "a conversation without its first message":
        "SELECT t.id FROM participation_thread t LEFT JOIN participation_comment c ON c.thread_id = t.id AND c.seq = 1 WHERE c.seq IS NULL",
    "a key that is claimed for nothing": "SELECT key FROM participation_idempotency WHERE target_id IS NULL",
    "a key of a message that is not there": """
        SELECT i.key FROM participation_idempotency i
        LEFT JOIN participation_comment c ON i.target_id IN (c.thread_id || '#' || c.seq, c.thread_id::text) WHERE c.seq IS NULL""",
    "an event of something that is not there": """
        SELECT e.id FROM participation_event e LEFT JOIN participation_comment c
        ON e.target_id = CASE e.target_type WHEN 'thread' THEN c.thread_id::text ELSE c.thread_id || '#' || c.seq END
        WHERE e.target_type IN ('thread', 'comment') AND c.seq IS NULL""",
}
EVENTS = {
    "a conversation without exactly one event": """
        SELECT t.id FROM participation_thread t LEFT JOIN participation_event e
        ON e.target_type = 'thread' AND e.target_id = t.id::text AND e.type = 'thread.created' GROUP BY t.id HAVING count(e.id) <> 1""",
    "a message without exactly one event": """
        SELECT c.thread_id || '#' || c.seq FROM participation_comment c LEFT JOIN participation_event e
        ON e.target_type = 'comment' AND e.target_id = c.thread_id || '#' || c.seq AND e.type = 'comment.created'
        WHERE c.seq > 1 GROUP BY c.thread_id, c.seq HAVING count(e.id) <> 1""",
    "an event that is not announced exactly once": """
        SELECT e.id FROM participation_event e LEFT JOIN participation_outbox o ON o.event_id = e.id AND o.kind = 'announce'
        WHERE e.type IN ('thread.created', 'comment.created') GROUP BY e.id HAVING count(o.id) <> 1""",
}
GAPS = {
    "numbers with a gap": "SELECT thread_id FROM participation_comment GROUP BY thread_id HAVING max(seq) <> count(*) OR min(seq) <> 1",
    "a next number that is not the next": """
        SELECT t.id FROM participation_thread t JOIN participation_comment c ON c.thread_id = t.id
        GROUP BY t.id HAVING t.next_seq <> max(c.seq) + 1""",
}
COUNTERS = {
    "a conversation that counts its messages wrongly": """
        SELECT t.id FROM participation_thread t JOIN participation_comment c ON c.thread_id = t.id GROUP BY t.id
        HAVING t.n_visible <> count(*) FILTER (WHERE c.state = 'visible') OR t.last_seq <> max(c.seq) FILTER (WHERE c.state = 'visible')""",
    "a subject that nobody will recount": """
        SELECT s.id FROM participation_subject s JOIN participation_thread t ON t.subject_id = s.id
        LEFT JOIN participation_recount r ON r.subject_id = s.id WHERE r.subject_id IS NULL GROUP BY s.id""",
}


@dataclass
class Found:
    """How often each promise was broken, with examples in words, and when each text was stored."""

    lost: int = 0
    partial: int = 0
    doubled: int = 0
    events: int = 0
    gaps: int = 0
    counters: int = 0
    made_at: dict[str, float] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


def look(house: House, told: dict[str, str | None]) -> Found:
    """Compare. `told` maps each text to what the site called it; None for one that was given up: it may be there, whole, or not."""
    found = Found()
    rows: dict[str, list[str]] = {}
    for thread, seq, body, created in house.sql(
            "SELECT thread_id, seq, body, extract(epoch FROM created) FROM participation_comment WHERE body LIKE 'Text %%'"):
        rows.setdefault(body, []).append(str(thread) if seq == 1 else f"{thread}#{seq}")
        found.made_at[body] = float(created)
    for body, name in told.items():
        there = rows.get(body, [])
        if name is not None and name not in there:
            found.lost += 1
            found.examples.append(f"P1: {body} was answered with {name}, but there is {there or 'nothing'}")
        if len(there) > 1:
            found.doubled += 1
            found.examples.append(f"P3: {body} is there as {', '.join(there)}")
    strangers = set(rows) - set(told)
    found.partial = len(strangers) + _broken(house, PARTIAL, "P2", found)
    found.events = _broken(house, EVENTS, "P4", found)
    found.gaps = _broken(house, GAPS, "numbers", found)
    found.counters = _broken(house, COUNTERS, "P6", found)
    return found


def _broken(house: House, statements: dict[str, str], promise: str, found: Found) -> int:
    total = 0
    for what, statement in statements.items():
        rows: list[tuple[Any, ...]] = house.sql(statement)
        total += len(rows)
        found.examples += [f"{promise}: {what}: {row[0]}" for row in rows[:3]]
    return total
