"""What a person sees while a command works: one line per step, with the time it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_lock = threading.Lock()


def say(text: str = "") -> None:
    """Print one line at once, whole, whichever thread calls."""
    with _lock:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@contextmanager
def step(title: str) -> Iterator[Callable[[str], None]]:
    """Announce a step, let the block report progress, and print how long it took."""
    say(f"  ...  {title}")
    start = time.monotonic()
    notes: list[str] = []

    def progress(text: str) -> None:
        notes[:] = [text]
        if sys.stdout.isatty():
            with _lock:
                sys.stdout.write(f"\r       {text:<70}\r")
                sys.stdout.flush()

    try:
        yield progress
    except BaseException:
        say(f"  FAIL {title} ({time.monotonic() - start:.1f} s)")
        raise
    say(f"  ok   {title} ({time.monotonic() - start:.1f} s){' — ' + notes[0] if notes else ''}")


def wait_until(ready: Callable[[], bool], what: str, seconds: float, problem: Callable[[], str | None] = lambda: None) -> None:
    """Poll `ready` until it is true.

    Raises StackError after `seconds`, or as soon as `problem` returns a text.
    """
    from errors import StackError

    deadline = time.monotonic() + seconds
    pause = 0.05
    while not ready():
        trouble = problem()
        if trouble:
            raise StackError(trouble)
        if time.monotonic() > deadline:
            raise StackError(f"{what} did not answer within {seconds:.0f} s; see `make logs`")
        time.sleep(pause)
        pause = min(pause * 1.5, 1.0)
