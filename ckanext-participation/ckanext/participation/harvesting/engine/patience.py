"""How long a job's process has done nothing but wait for its source, as the process that began it can see."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Gauge:
    """The seconds that one process has waited; the process that made it and its children see the same numbers."""

    def __init__(self) -> None:
        # The seconds waited so far, and since when it waits now: 0 while it does not.
        self._cells = multiprocessing.RawArray("d", 2)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count what is done meanwhile as waiting."""
        began = self._cells[1] = time.monotonic()
        try:
            yield
        finally:
            self._cells[1] = 0.0
            self._cells[0] += time.monotonic() - began

    def waited(self) -> float:
        """Return the seconds waited until now."""
        done, since = self._cells
        return done + (time.monotonic() - since if since else 0.0)


class Place:
    """Whether a job that runs needs its place: it does not while it waits for its source nearly all the time.

    Looked at again and again; what was found holds for a span, so that a short pause changes nothing.
    """

    # Twice this, and the time between two looks, is the longest that others wait for the place of a source that hangs.
    SPAN = 1.0
    SHARE = 0.9

    def __init__(self) -> None:
        self.gauge = Gauge()
        self._since, self._waited = time.monotonic(), 0.0
        self._given_up = False

    def is_given_up(self) -> bool:
        """Say whether the job did little else than wait in the span before the last look that ended one."""
        moment = time.monotonic()
        if moment - self._since >= self.SPAN:
            waited = self.gauge.waited()
            self._given_up = waited - self._waited >= self.SHARE * (moment - self._since)
            self._since, self._waited = moment, waited
        return self._given_up


# This process's own. Nobody looks at it in a process that was not begun for a job.
here = Gauge()
