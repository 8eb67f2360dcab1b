"""ckanext-feedback (c-3lab): comments on files, with a category, stars and a status, and the replies to them.

Who commented is not recorded there; who replied is. Reuses ("utilizations") and their comments are showcases, not conversations.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ckanext.participation.common.visibility import HELD, VISIBLE
from ckanext.participation.threads.importing.shapes import (
    Conversation,
    Like,
    Loss,
    Message,
    Options,
    Row,
    Stars,
    Step,
    Tables,
    moment,
)

COMMENTS = "resource_comment"
REPLIES = "resource_comment_reply"
REACTIONS = "resource_comment_reactions"
NEEDED: tuple[str, ...] = (COMMENTS, REPLIES)
KINDS = {"REQUEST": "suggestion", "QUESTION": "question", "THANK": "thanks"}
# What the agency said of a comment, as the state and the public reason of ours.
STATUSES = {"COMPLETED": ("answered", "done"), "REJECTED": ("closed", "rejected")}
# Tables whose rows have no place here, why, and the column that tells the reader of the report which row it is.
ELSEWHERE = (
    ("utilization", "reuse", "title"), ("utilization_comment", "reuse", "content"), ("utilization_comment_reply", "reuse", "content"),
    ("issue_resolution", "reuse", "description"), ("resource_like", "likes", "like_count"),
    ("resource_like_monthly", "statistics", "like_count"), ("download_summary", "statistics", "download"),
    ("download_monthly", "statistics", "download_count"),
    ("resource_comment_moral_check_log", "draft", "action"), ("utilization_comment_moral_check_log", "draft", "action"),
)


def conversations(source: Tables, options: Options) -> Iterator[Conversation | Loss]:
    """Give every comment on a file with its replies; then the rows of the tables that belong elsewhere."""
    for comments in source.batches(COMMENTS, "created", "id"):
        ids = [row["id"] for row in comments]
        replies: dict[str, list[Row]] = {}
        for row in source.matching(REPLIES, "resource_comment_id", ids):
            replies.setdefault(row["resource_comment_id"], []).append(row)
        # Releases before 1.3 have no reactions.
        reactions = {row["resource_comment_id"]: row for row in source.matching(REACTIONS, "resource_comment_id", ids)
                     } if source.has(REACTIONS) else {}
        for row in comments:
            yield conversation(row, replies.get(row["id"], []), reactions.get(row["id"]), options)
    for table, reason, column in ELSEWHERE:
        if source.has(table):
            for rows in source.batches(table, "id"):
                yield from (Loss(table, row["id"], reason, str(row[column] if row.get(column) is not None else "")) for row in rows)


def conversation(comment: Row, replies: list[Row], reaction: Row | None, options: Options) -> Conversation:
    """Turn a comment on a file, its replies and what the agency made of it into a conversation."""
    opening = _message(COMMENTS, comment, options)
    rows = [(COMMENTS, comment), *((REPLIES, row) for row in replies)]
    found = Conversation(
        subject_type="resource", subject_ref=comment["resource_id"], kind=KINDS.get(comment["category"] or "", options.kind),
        messages=[opening, *(reply(row, opening, options) for row in replies)])
    found.losses = [Loss(table, row["id"], "picture", row["attached_image_filename"], whole=False)
                    for table, row in rows if row.get("attached_image_filename")]
    found.losses += [Loss(table, row["id"], "no_date", whole=False) for table, row in rows if not (row["created"] or row.get("approved"))]
    _rate(found, comment, opening)
    if reaction:
        _react(found, reaction, options)
    return found


def reply(row: Row, opening: Message, options: Options) -> Message:
    """Turn one row of `resource_comment_reply` into a message; an administrator's stands in the organisation's name, as it did."""
    found = _message(REPLIES, row, options)
    found.parent, found.user_id, found.as_staff = opening.row, row["creator_user_id"], True
    return found


def _message(table: str, row: Row, options: Options) -> Message:
    written = row["created"] or row.get("approved")
    # Releases before 1.4 show every reply at once and have no such column.
    approved = row.get("approval", True)
    data = {"approved": moment(row["approved"], options.zone).isoformat()} if row.get("approved") else {}
    return Message(row=f"{table}:{row['id']}", at=moment(written or datetime.now(), options.zone),  # noqa: DTZ005 (`moment` gives it a zone)
                   text=row["content"], state=VISIBLE if approved else HELD, data=data)


def _rate(found: Conversation, comment: Row, opening: Message) -> None:
    value = comment["rating"]
    if value is None:
        return
    if not 1 <= value <= 5:
        found.losses.append(Loss(COMMENTS, comment["id"], "stars_range", str(value), whole=False))
    elif opening.state != VISIBLE:
        # The peer counts a rating when its comment is approved, and so do we.
        found.losses.append(Loss(COMMENTS, comment["id"], "stars_held", str(value), whole=False))
    else:
        found.stars = Stars(value, opening.at)


def _react(found: Conversation, reaction: Row, options: Options) -> None:
    found.also.append((REACTIONS, reaction["id"]))
    noted = reaction["updated"] or reaction["created"]
    at = moment(noted, options.zone) if noted else found.messages[0].at
    user_id = reaction["updater_user_id"]
    status = reaction["response_status"]
    if status in STATUSES:
        state, reason = STATUSES[status]
        found.steps.append(Step("state", state, at, user_id, reason))
    elif status in ("NOT_STARTED", "IN_PROGRESS"):
        found.losses.append(Loss(REACTIONS, reaction["id"], "status", status, whole=False))
    if reaction["admin_liked"] and user_id:
        found.messages[0].likes.append(Like(user_id, at))
    elif reaction["admin_liked"]:
        found.losses.append(Loss(REACTIONS, reaction["id"], "like_unknown", whole=False))
