"""ckanext-comments (DataShades): one thread per page of the catalogue, messages in it that answer each other or nothing.

A message that answers nothing begins a conversation here: it can then be answered, closed and counted by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from ckanext.participation.common.registry import registry
from ckanext.participation.common.visibility import HELD, VISIBLE
from ckanext.participation.threads.importing.shapes import Conversation, Loss, Message, Options, Row, Tables, moment

THREADS = "comments_threads"
COMMENTS = "comments_comments"
NEEDED: tuple[str, ...] = (THREADS, COMMENTS)
# The peer's own words for what a thread is about; `group` means organisations too.
SUBJECTS = {"package": "dataset", "resource": "resource", "group": "organization"}


def conversations(source: Tables, options: Options) -> Iterator[Conversation | Loss]:
    """Give every message that answers nothing with everything below it; then the messages that no beginning leads to."""
    reached: set[str] = set()
    for roots in source.batches(COMMENTS, "created_at", "id", where={"reply_to_id": None}):
        threads = {row["id"]: row for row in source.matching(THREADS, "id", list({root["thread_id"] for root in roots}))}
        below = _below(source, [root["id"] for root in roots])
        for root in roots:
            rows = [root, *below.get(root["id"], [])]
            reached.update(row["id"] for row in rows)
            yield from conversation(threads[root["thread_id"]], rows, options)
    if len(reached) == source.count(COMMENTS):
        return
    for rows in source.batches(COMMENTS, "created_at", "id"):
        yield from (Loss(COMMENTS, row["id"], "no_beginning") for row in rows if row["id"] not in reached)


def _below(source: Tables, roots: list[str]) -> dict[str, list[Row]]:
    """Return the replies under each root, level by level: a batch of roots costs one statement a level."""
    root_of = {root: root for root in roots}
    found: dict[str, list[Row]] = {}
    level = roots
    while level:
        rows = source.matching(COMMENTS, "reply_to_id", level)
        level = [row["id"] for row in rows]
        for row in rows:
            root_of[row["id"]] = root_of[row["reply_to_id"]]
            found.setdefault(root_of[row["id"]], []).append(row)
    return found


def conversation(thread: Row, rows: list[Row], options: Options) -> Iterator[Conversation | Loss]:
    """Turn a message that answers nothing, and the messages below it, into a conversation."""
    subject_type = SUBJECTS.get(thread["subject_type"], thread["subject_type"])
    if subject_type not in registry.subject_types:
        yield from (Loss(COMMENTS, row["id"], "subject_type", f"{thread['subject_type']} {thread['subject_id']}") for row in rows)
        return
    found = Conversation(subject_type=subject_type, subject_ref=thread["subject_id"], kind=options.kind,
                         messages=[message(row, options) for row in rows])
    found.losses = [Loss(COMMENTS, row["id"], "extras", json.dumps(row["extras"], ensure_ascii=False), whole=False)
                    for row in rows if row.get("extras")]
    yield found


def message(row: Row, options: Options) -> Message:
    """Turn one row of `comments_comments` into a message."""
    edited = row.get("modified_at")
    return Message(
        row=f"{COMMENTS}:{row['id']}", parent=f"{COMMENTS}:{row['reply_to_id']}" if row["reply_to_id"] else None,
        at=moment(row["created_at"], options.zone), edited=moment(edited, options.zone) if edited else None, text=row["content"],
        user_id=row["author_id"] if row["author_type"] == "user" else None,
        state=VISIBLE if row["state"] == "approved" else HELD)
