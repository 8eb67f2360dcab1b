"""What is true of threads and messages: kinds, states, the order of nested replies. No CKAN, no database."""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = ("question", "problem", "suggestion", "thanks")
OPEN = "open"
ANSWERED = "answered"
CLOSED = "closed"
LOCKED = "locked"
STATES = (OPEN, ANSWERED, CLOSED, LOCKED)

CONFIRMED = "confirmed"
FIXED = "fixed"
WONT_FIX = "wont_fix"
PROBLEM_STATES = (OPEN, CONFIRMED, FIXED, WONT_FIX)
PROBLEM_DONE = (FIXED, WONT_FIX)
PROBLEM_FIELDS = {"resource_id": 100, "field": 300, "row": 100, "wrong": 2000, "expected": 2000}

ORDERS = ("oldest", "newest", "useful")
PER_PAGE = 50

TITLE_BYTES = 300
LANGUAGES = ("fr", "en")

# Replies nest this deep; a reply to a message at the last level stands beside it.
DEPTH_CAP = 8
# Five digits of base 62 number 916 million messages of a thread.
WIDTH = 5
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number: int) -> str:
    """Return `number` with fixed width, so that text order (collation "C") is number order.

    Raises ValueError outside 0 … 62^5 − 1.
    """
    if not 0 <= number < 62**WIDTH:
        raise ValueError(f"a thread holds at most {62**WIDTH} messages")
    digits = ""
    for _ in range(WIDTH):
        number, rest = divmod(number, 62)
        digits = DIGITS[rest] + digits
    return digits


def path_of(seq: int, parent_path: str | None) -> tuple[str, int]:
    """Return `(path, depth)` of message `seq` under its parent; a path lists the ancestors, so sorting by it is depth-first order."""
    if not parent_path:
        return base62(seq), 0
    levels = [parent_path[place:place + WIDTH] for place in range(0, len(parent_path), WIDTH)]
    kept = levels[:DEPTH_CAP]
    return "".join(kept) + base62(seq), len(kept)


def state_after_reply(kind: str, state: str, *, official: bool, by_asker: bool) -> str:
    """Return the thread's state after one more message: the organisation's answer answers, the asker's next question opens again."""
    if state == OPEN and official and kind == "question":
        return ANSWERED
    if state == ANSWERED and by_asker and kind == "question":
        return OPEN
    return state


def takes_messages(state: str) -> bool:
    """Say whether a thread in `state` takes new messages."""
    return state in (OPEN, ANSWERED)


@dataclass(frozen=True)
class Reader:
    """Who looks at a thread: `person_id` is None for somebody who is not signed in; `staff` speaks for its organisation."""

    person_id: int | None = None
    staff: bool = False
    admin: bool = False


def may_in_thread(reader: Reader, *, kind: str, state: str, author_id: int, removed: bool = False) -> frozenset[str]:
    """Return what the reader may do with a thread: reply, close, reopen, lock, assign, answer (mark one), problem (set its state).

    Nothing where a harvest `removed` what it is about.
    """
    if reader.person_id is None or removed:
        return frozenset()
    charge = reader.staff or reader.admin
    own = reader.person_id == author_id
    verbs = set()
    if takes_messages(state):
        verbs.add("reply")
        if own or charge:
            verbs.add("close")
        if kind == "question" and (own or charge):
            verbs.add("answer")
    if (state == CLOSED and (own or charge)) or (state == LOCKED and charge):
        verbs.add("reopen")
    if charge:
        verbs.add("assign")
        if state != LOCKED:
            verbs.add("lock")
        if kind == "problem":
            verbs.add("problem")
    return frozenset(verbs)


def may_with_comment(reader: Reader, *, thread_state: str, author_id: int, state: str, official: bool,
                     removed: bool = False) -> frozenset[str]:
    """Return what the reader may do with a message: reply, edit, delete, translate.

    A locked thread is left as it is. A text that a moderator hid is its author's to read, not to change: an edit must not undo a
    decision. Where a harvest `removed` what a message is about, its author may still take it back.
    """
    if reader.person_id is None or thread_state == LOCKED:
        return frozenset()
    verbs = set()
    own = reader.person_id == author_id
    if removed:
        return frozenset({"delete"} if own and state in ("visible", "held") else ())
    if takes_messages(thread_state) and state == "visible":
        verbs.add("reply")
    if own and state in ("visible", "held"):
        verbs |= {"edit", "delete"}
    if official and state == "visible" and reader.staff:
        verbs |= {"translate", "edit"}
    return frozenset(verbs)


def may_change_state(before: str, after: str) -> bool:
    """Say whether a thread goes from one state to another: everything but from a state to itself, and answered only from open."""
    if after == ANSWERED:
        return before == OPEN
    return before != after and after in STATES


def thread_state_of_problem(problem_state: str, state: str) -> str:
    """Return the thread's state once its problem's state has changed: done is answered, back to work is open; a closed thread stays."""
    if not takes_messages(state):
        return state
    return ANSWERED if problem_state in PROBLEM_DONE else OPEN


def order_of(order: str, *, flat: bool) -> str:
    """Return the key of a reading order: `oldest`, `newest` or `useful`, each flat or as a tree of replies."""
    return f"{order}-flat" if flat else order


# How the mark of a next page looks, by reading order. Its parts are numbers and a path; a path orders, so it is not a secret.
_PATH = rf"(?P<path>(?:[0-9A-Za-z]{{{WIDTH}}}){{1,{DEPTH_CAP + 1}}})"
_MARKS = {
    "oldest": _PATH, "oldest-flat": r"(?P<seq>\d{1,9})", "newest-flat": r"(?P<seq>\d{1,9})",
    "useful-flat": r"(?P<support>\d{1,9})\.(?P<seq>\d{1,9})", "newest": rf"(?P<seq>\d{{1,9}})\.{_PATH}",
    "useful": rf"(?P<support>\d{{1,9}})\.(?P<seq>\d{{1,9}})\.{_PATH}",
}


def read_mark(key: str, raw: str | None) -> dict[str, int | str] | None:
    """Return the parts of a page mark (`seq`, `support`, `path`); None without one. Raises ValueError for anything else."""
    if not raw:
        return None
    found = re.fullmatch(_MARKS[key], raw, re.ASCII)
    if not found:
        raise ValueError(raw)
    return {name: value if name == "path" else int(value) for name, value in found.groupdict().items()}


def write_mark(key: str, *, seq: int, path: str, root_seq: int, root_support: int, support: int) -> str:
    """Return the mark of the page after a message, given its root (the message of depth 0 above it, or itself)."""
    return {"oldest": path, "oldest-flat": str(seq), "newest-flat": str(seq), "useful-flat": f"{support}.{seq}",
            "newest": f"{root_seq}.{path}", "useful": f"{root_support}.{root_seq}.{path}"}[key]
