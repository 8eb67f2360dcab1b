"""ckanext-issues (first by ckan, then by Keitaro): numbered problem reports on a dataset, with comments."""

from __future__ import annotations

from collections.abc import Iterator

from ckanext.participation.common.visibility import HELD, HIDDEN, VISIBLE
from ckanext.participation.threads.importing.shapes import Conversation, Loss, Message, Options, Row, Step, Tables, moment

ISSUES = "issue"
COMMENTS = "issue_comment"
NEEDED: tuple[str, ...] = (ISSUES, COMMENTS)
ABUSE = 1
ELSEWHERE = (("issue_report", "abuse_report", "parent_id"), ("issue_comment_report", "abuse_report", "parent_id"),
             ("issue_category", "category", "name"))


def conversations(source: Tables, options: Options) -> Iterator[Conversation | Loss]:
    """Give every issue with its comments; then the rows of the tables that have no place here."""
    for issues in source.batches(ISSUES, "created", "id"):
        comments: dict[int, list[Row]] = {}
        for row in source.matching(COMMENTS, "issue_id", [row["id"] for row in issues]):
            comments.setdefault(row["issue_id"], []).append(row)
        for row in issues:
            yield conversation(row, comments.get(row["id"], []), options)
    for table, reason, column in ELSEWHERE:
        if source.has(table):
            for rows in source.batches(table, "id"):
                yield from (Loss(table, str(row["id"]), reason, str(row[column])) for row in rows)


def conversation(issue: Row, comments: list[Row], options: Options) -> Conversation:
    """Turn an issue and its comments into a problem report with replies."""
    # Issues are numbered per database; with the dataset the name holds when two sites become one.
    row = f"{ISSUES}:{issue['dataset_id']}#{issue['number']}"
    state, reason = visibility_of(issue)
    words = (issue["description"] or "").strip()
    opening = Message(row=row, at=moment(issue["created"], options.zone), text=words or issue["title"], marked=bool(words),
                      user_id=issue["user_id"], state=state, reason=reason, data={"number": issue["number"]})
    found = Conversation(
        subject_type="dataset", subject_ref=issue["dataset_id"], kind="problem", title=issue["title"], assignee=issue["assignee_id"],
        problem={"resource_id": issue["resource_id"]} if issue["resource_id"] else None,
        messages=[opening, *(_comment(comment, issue, opening, options) for comment in comments)])
    if issue["status"] == "closed":
        # The peer notes when an issue was resolved, and who closed it as the one in charge; not whether it was mended or declined.
        at = moment(issue["resolved"] or issue["created"], options.zone)
        found.steps = [Step("problem", "fixed", at, issue["assignee_id"]), Step("state", "closed", at, issue["assignee_id"], "closed")]
        found.losses.append(Loss(ISSUES, f"{issue['dataset_id']}#{issue['number']}", "outcome", whole=False))
    return found


def _comment(row: Row, issue: Row, opening: Message, options: Options) -> Message:
    state, reason = visibility_of(row)
    return Message(row=f"{COMMENTS}:{issue['dataset_id']}:{row['id']}", parent=opening.row, at=moment(row["created"], options.zone),
                   text=row["comment"], marked=True, user_id=row["user_id"], state=state, reason=reason)


def visibility_of(row: Row) -> tuple[str, str | None]:
    """Return who sees an issue or comment here, and the code of the public reason.

    Hidden by an administrator's word is hidden; hidden by reports that nobody has looked at yet waits for a look.
    """
    if (row.get("visibility") or "visible") == "visible":
        return VISIBLE, None
    return (HIDDEN, "abuse") if row.get("abuse_status") == ABUSE else (HELD, None)
