"""What is true of threads and messages: kinds, states, the order of nested replies. No CKAN, no database."""

from __future__ import annotations

KINDS = ("question", "problem", "suggestion", "thanks")
OPEN = "open"
ANSWERED = "answered"
CLOSED = "closed"
LOCKED = "locked"
STATES = (OPEN, ANSWERED, CLOSED, LOCKED)

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
