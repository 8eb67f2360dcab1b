"""Pages of messages in every reading order: one statement each, by key, never OFFSET, never COUNT.

A tree is read through `path` (the ancestors' numbers), so a page of it is one range of an index. The newest and the most useful
first as a tree are read root by root: the roots in their order, under each the range of its replies, until the page is full.
Measured on 5–10 million rows: the design's section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.threads import rules
from ckanext.participation.threads.model import Comment

_NAMES = [column.name for column in Comment.__table__.columns if column.name != "text_version"]
_COLUMNS = ", ".join(f"c.{name}" for name in _NAMES)
_FLAT = f"SELECT {_COLUMNS} FROM participation_comment c WHERE c.thread_id = :thread AND c.state <> 'held'"  # noqa: S608 (our own columns)

# The first message is left out by `<> 1` where rows are found by their support: PostgreSQL 18 would use `> 1` to skip through the index,
# and the pair that says where the page begins as a mere filter (a thousand times the pages read in a thread of a million).
_STATEMENTS = {
    ("oldest", False): f"{_FLAT} ORDER BY c.path LIMIT :limit",
    ("oldest", True): f"{_FLAT} AND c.path > :path ORDER BY c.path LIMIT :limit",
    ("oldest-flat", False): f"{_FLAT} ORDER BY c.seq LIMIT :limit",
    ("oldest-flat", True): f"{_FLAT} AND c.seq > :seq ORDER BY c.seq LIMIT :limit",
    ("newest-flat", False): f"{_FLAT} AND c.seq > 1 ORDER BY c.seq DESC LIMIT :limit",
    ("newest-flat", True): f"{_FLAT} AND c.seq > 1 AND c.seq < :seq ORDER BY c.seq DESC LIMIT :limit",
    ("useful-flat", False): f"{_FLAT} AND c.seq <> 1 ORDER BY c.n_support DESC, c.seq DESC LIMIT :limit",
    ("useful-flat", True): f"{_FLAT} AND c.seq <> 1 AND (c.n_support, c.seq) < (:support, :seq) "
                           "ORDER BY c.n_support DESC, c.seq DESC LIMIT :limit",
}
_BEFORE = {
    "oldest": f"{_FLAT} AND c.path < :path ORDER BY c.path DESC LIMIT :limit",
    "oldest-flat": f"{_FLAT} AND c.seq < :seq ORDER BY c.seq DESC LIMIT :limit",
}
# `{roots}` narrows the roots to those of this page and after; `{rest}` leaves out what the page before has shown of its last root.
_TREE = f"""
WITH roots AS MATERIALIZED (
  SELECT r.seq, r.path, r.n_support FROM participation_comment r
  WHERE r.thread_id = :thread AND r.depth = 0 AND r.state <> 'held' AND r.seq <> 1 {{roots}}
  ORDER BY {{order}} LIMIT :limit)
SELECT {_COLUMNS}, r.seq AS root_seq, r.n_support AS root_support
FROM roots r CROSS JOIN LATERAL (
  SELECT * FROM participation_comment x WHERE x.thread_id = :thread AND x.state <> 'held'
    AND x.path >= r.path AND x.path < r.path || '~' {{rest}} ORDER BY x.path LIMIT :limit) c
ORDER BY {{order}}, c.path LIMIT :limit"""  # noqa: S608 (our own columns)
_BY = {"newest": "r.seq DESC", "useful": "r.n_support DESC, r.seq DESC"}
for _key, _roots in (("newest", "AND r.seq <= :seq"), ("useful", "AND (r.n_support, r.seq) <= (:support, :seq)")):
    _STATEMENTS[_key, False] = _TREE.format(roots="", rest="", order=_BY[_key])
    _STATEMENTS[_key, True] = _TREE.format(roots=_roots, rest="AND (r.seq <> :seq OR x.path > :path)", order=_BY[_key])
# Orders that do not begin with the opening message bring it along on their first page, in the same statement.
_WITH_OPENING = f"SELECT {_COLUMNS}{{more}} FROM participation_comment c WHERE c.thread_id = :thread AND c.seq = 1"  # noqa: S608
_ROOTLESS = ", 0 AS root_seq, 0 AS root_support"
_FIRST = {key: "({}) UNION ALL SELECT * FROM ({}) AS page".format(  # noqa: S608
              _WITH_OPENING.format(more=_ROOTLESS if key in _BY else ""), _STATEMENTS[key, False])
          for key in ("newest-flat", "useful-flat", "newest", "useful")}

Rows = Sequence[Any]


def page(thread_id: int, key: str, *, limit: int, mark: dict[str, Any] | None) -> tuple[Any | None, list[Any], str | None]:
    """Return `(opening, rows, next mark)` of a page in the order `key` (`rules.order_of`).

    `opening` is the first message where the order does not begin with it, on the first page only. Held messages are left out.
    """
    values = {"thread": thread_id, "limit": limit + 1, **(mark or {})}
    statement = _FIRST.get(key) if mark is None else None
    rows = list(_all(statement or _STATEMENTS[key, mark is not None], values))
    opening = rows.pop(0) if statement and rows and rows[0].seq == 1 else None
    shown = rows[:limit]
    return opening, shown, _mark(key, shown[-1]) if len(rows) > limit else None


def page_before(thread_id: int, key: str, *, limit: int, mark: dict[str, Any]) -> tuple[list[Any], bool]:
    """Return `(rows, more)` of the page that ends before `mark`, for the two orders that begin with the oldest."""
    rows = list(_all(_BEFORE[key], {"thread": thread_id, "limit": limit + 1, **mark}))
    return rows[:limit][::-1], len(rows) > limit


def around(thread_id: int, key: str, seq: int, *, ahead: int) -> dict[str, Any] | None:
    """Return the mark after which a page shows message `seq` with at most `ahead` messages above it; None for the first page."""
    row = model.Session.execute(sa.text("SELECT path, state FROM participation_comment WHERE thread_id = :thread AND seq = :seq"),
                                {"thread": thread_id, "seq": seq}).first()
    if row is None or row.state == "held":
        return None
    rows = _all(_BEFORE[key], {"thread": thread_id, "path": row.path, "seq": seq, "limit": ahead + 1})
    if len(rows) <= ahead:
        return None
    return {"path": rows[-1].path, "seq": rows[-1].seq}


def held(thread_id: int, person_id: int | None) -> list[Comment]:
    """Return the messages that wait for a look, oldest first: a person's own, or everybody's with None."""
    query = sa.select(Comment).where(Comment.thread_id == thread_id, Comment.state == "held")
    if person_id is not None:
        query = query.where(Comment.author_id == person_id)
    return list(model.Session.scalars(query.order_by(Comment.created, Comment.seq).limit(rules.PER_PAGE)))


def _all(statement: str, values: dict[str, Any]) -> Rows:
    return model.Session.execute(sa.text(statement), values).all()


def _mark(key: str, row: Any) -> str:
    tree = key in _BY
    return rules.write_mark(key, seq=row.seq, path=row.path, support=row.n_support,
                            root_seq=row.root_seq if tree else 0, root_support=row.root_support if tree else 0)
