"""What a message said before, and how each version differs from the next: by words, on the server."""

from __future__ import annotations

import bisect
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import people
from ckanext.participation.threads import shapes
from ckanext.participation.threads.model import Comment
from ckanext.participation.threads.records import CommentVersion

MOST = 20
# Between words that both texts have once, this many levels are looked into; what is left is compared word by word while it is small.
# So a page of twenty versions costs the same whatever people write: a comparison of every word with every other takes minutes.
LEVELS = 4
SMALL = 1000
_WORDS = re.compile(r"\s+|[^\s]+")


def versions(comment: Comment, unsigned: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the older versions of a message, newest first, each with what the edit after it changed.

    `unsigned` stands for the names of those who changed it, where the message does not tell its author.
    """
    rows = list(model.Session.scalars(
        sa.select(CommentVersion).where(CommentVersion.thread_id == comment.thread_id, CommentVersion.seq == comment.seq)
        .order_by(CommentVersion.number.desc()).limit(MOST)))
    names = people.public_names({row.editor_id for row in rows})
    after = [comment.body, *(row.body for row in rows)]
    return [{"number": row.number, "lang": row.lang, "body": row.body, "until": row.until.isoformat(),
             "by": unsigned or shapes.author(row.editor_id, names), "diff": diff(row.body, newer)}
            for row, newer in zip(rows, after, strict=False)]


def diff(before: str, after: str) -> list[dict[str, str]]:
    """Return the words that stay, go and come, in reading order."""
    parts: list[dict[str, str]] = []
    for what, words in _steps(_WORDS.findall(before), _WORDS.findall(after), LEVELS):
        if parts and parts[-1]["op"] == what:
            parts[-1]["text"] += "".join(words)
        elif words:
            parts.append({"op": what, "text": "".join(words)})
    return parts


def _steps(old: list[str], new: list[str], levels: int) -> Iterator[tuple[str, list[str]]]:
    """Yield `(same | removed | added, words)`: first what both begin and end with, then around the words that both have just once."""
    shorter = min(len(old), len(new))
    head = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    yield "same", old[:head]
    old, new, shorter = old[head:], new[head:], shorter - head
    tail = next((place for place in range(shorter) if old[-1 - place] != new[-1 - place]), shorter)
    end = old[len(old) - tail:]
    old, new = old[:len(old) - tail], new[:len(new) - tail]
    anchors = _anchors(old, new) if levels and old and new else []
    if anchors:
        from_ = new_from = 0
        for at, new_at in [*anchors, (len(old), len(new))]:
            yield from _steps(old[from_:at], new[new_from:new_at], levels - 1)
            yield "same", old[at:at + 1]
            from_, new_from = at + 1, new_at + 1
    elif len(old) * len(new) <= SMALL:
        for what, from_, to, new_from, new_to in difflib.SequenceMatcher(None, old, new).get_opcodes():
            if what == "equal":
                yield "same", old[from_:to]
            else:
                yield from (("removed", old[from_:to]), ("added", new[new_from:new_to]))
    else:
        yield from (("removed", old), ("added", new))
    yield "same", end


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Return the places of the words that both texts have just once, the most of them that stand in the same order in both."""
    once = {word for word, count in Counter(old).items() if count == 1} & {word for word, count in Counter(new).items() if count == 1}
    place = {word: number for number, word in enumerate(new) if word in once}
    ends: list[int] = []
    chain: list[tuple[int, int, int]] = []
    last: list[int] = []
    for at, word in enumerate(old):
        if word not in once:
            continue
        rank = bisect.bisect_left(ends, place[word])
        chain.append((at, place[word], last[rank - 1] if rank else -1))
        ends[rank:rank + 1] = [place[word]]
        last[rank:rank + 1] = [len(chain) - 1]
    found, number = [], last[-1] if last else -1
    while number >= 0:
        at, new_at, number = chain[number]
        found.append((at, new_at))
    return found[::-1]
