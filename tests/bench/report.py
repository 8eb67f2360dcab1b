"""What a benchmark says: tables of what was measured, then one line per figure that was promised, and an exit code."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

# A figure may be missed by a tenth on a noisy machine before the run fails; the line says `missed` at once.
LENIENCE = 0.1


@dataclass(frozen=True)
class Figure:
    """A measured value against what was promised: at most (`<=`) or at least (`>=`) the target."""

    name: str
    value: float
    op: Literal["<=", ">="]
    target: float

    @property
    def met(self) -> bool:
        """Say whether the promise holds; a value that could not be measured (not a number) never meets it."""
        return self._within(self.target)

    @property
    def failed(self) -> bool:
        """Say whether it is missed by more than a tenth."""
        return not self._within(self.target * (1 + LENIENCE if self.op == "<=" else 1 - LENIENCE))

    def line(self) -> str:
        """Return the line for people and programs: `figure: NAME VALUE target OP N met`."""
        return f"figure: {self.name} {plain(self.value)} target {self.op} {plain(self.target)} {'met' if self.met else 'missed'}"

    def _within(self, limit: float) -> bool:
        if math.isnan(self.value):
            return False
        return self.value <= limit if self.op == "<=" else self.value >= limit


def plain(number: float) -> str:
    """Return a number with three significant digits, without an exponent: `4`, `0.412`, `67.3`, `1204`."""
    if math.isnan(number) or math.isinf(number):
        return str(number)
    if number == int(number):
        return str(int(number))
    decimals = max(0, 2 - math.floor(math.log10(abs(number))))
    return f"{number:.{decimals}f}"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table that also reads well in a terminal: the first column to the left, numbers to the right."""
    cells = [list(head), *([plain(cell) if isinstance(cell, float) else str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) if place == 0 else cell.rjust(width)
                               for place, (cell, width) in enumerate(zip(row, widths, strict=True))) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 2) if place == 0 else "-" * (width + 1) + ":" for place, width in enumerate(widths)) + "|"
    return "\n".join([title, "", lines[0], rule, *lines[1:], ""])


def exit_code(figures: Sequence[Figure]) -> int:
    """Return 1 when a figure is missed by more than a tenth, or when there is none at all; else 0."""
    return 1 if not figures or any(figure.failed for figure in figures) else 0


def closing(figures: Sequence[Figure]) -> int:
    """Print a line per figure and return the exit code."""
    print("\n".join(figure.line() for figure in figures), flush=True)
    return exit_code(figures)


def median(values: Iterable[float]) -> float:
    """Return the median, or not-a-number of nothing."""
    found = list(values)
    return statistics.median(found) if found else math.nan


def spread(values: Iterable[float]) -> float:
    """Return the largest value divided by the smallest: 1.0 when all are equal; infinite when one is zero or less."""
    found = list(values)
    return max(found) / min(found) if min(found) > 0 else math.inf
