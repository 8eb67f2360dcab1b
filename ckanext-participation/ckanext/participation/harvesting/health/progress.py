"""How far a run is, how fast it goes and how long it will take. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# A run writes a sign of life with each portion; the slowest source is given up sooner than this.
SILENT = 300


@dataclass(frozen=True, slots=True)
class Progress:
    """`step`: "asked", "reading", "writing", "done". `done` of `total` records of this step, `rate` of them in a second.

    `total`, `rate` and `left` (seconds) are None as long as nobody can tell. `silent`: seconds since the last sign of life.
    """

    step: str
    done: int
    total: int | None
    rate: float | None
    left: int | None
    silent: int
    stopping: bool = False

    @property
    def quiet(self) -> bool:
        """Whether so much time has passed that somebody should have a look."""
        return self.step != "done" and self.silent > SILENT


def progress(*, begun: datetime, now: datetime, gathered: datetime | None, ended: datetime | None, expected: int | None, read: int,
             written: int, to_write: int, beat: datetime | None, known: bool, stopping: bool = False) -> Progress:
    """Judge a run by its row. `known`: there is one; without it the job waits for the process that reads."""
    silent = max(0, int((now - (beat or gathered or begun)).total_seconds()))
    if ended is not None:
        return Progress("done", max(read, written), expected, _rate(max(read, written), begun, ended), None, 0)
    if not known:
        return Progress("asked", 0, None, None, None, silent)
    if gathered is None:
        step, done, total, since = "reading", read, expected, begun
    else:
        step, done, total, since = "writing", written, to_write, gathered
    if total is not None:
        total = max(total, done)
    rate = _rate(done, since, beat or now)
    left = round((total - done) / rate) if total is not None and rate and silent <= SILENT else None
    return Progress(step, done, total, rate, left, silent, stopping)


def _rate(done: int, since: datetime, until: datetime) -> float | None:
    seconds = (until - since).total_seconds()
    return done / seconds if done and seconds >= 1 else None
