"""What a site's datasets and files say of their licences: what is not recognised, and which ids the register would give."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from . import box
from .folding import clean
from .register import Register

COLUMNS: Final = ("count", "level", "confidence", "statement", "candidates", "why", "examples")
CHANGE_COLUMNS: Final = ("count", "from", "to", "confidence", "examples")
_MOST_EXAMPLES: Final = 3
_LONGEST_CELL: Final = 300
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class Unclear:
    """One statement that leads to no licence, with how many datasets or files make it."""

    level: str
    statement: str
    confidence: str
    why: str
    candidates: tuple[str, ...]
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        """The values of `COLUMNS`."""
        return (str(self.count), self.level, self.confidence, self.statement, " ".join(self.candidates), self.why, " ".join(self.examples))


@dataclass(slots=True)
class Change:
    """Datasets whose `license_id` would become an id of the register."""

    before: str
    after: str
    confidence: str
    ids: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        """The values of `CHANGE_COLUMNS`."""
        return (str(len(self.ids)), self.before or "(none)", self.after, self.confidence, " ".join(self.examples))


def unclear(register: Register, datasets: Iterable[dict[str, Any]], extra: Mapping[str, str] = _NOTHING) -> list[Unclear]:
    """List the statements that are unknown or contradictory, the most frequent first; what says nothing is not among them."""
    found: dict[tuple[str, str], Unclear] = {}

    def note(level: str, words: str, result: box.Found, example: str) -> None:
        if result.state != "unrecognised":
            return
        match = result.match
        entry = found.setdefault((level, words), Unclear(level, words, match.confidence, match.why, match.candidates))
        entry.count += 1
        if len(entry.examples) < _MOST_EXAMPLES and example not in entry.examples:
            entry.examples.append(example)

    for dataset in datasets:
        result = box.of_dataset(register, dataset, extra)
        note("dataset", box.words_of(dataset), result, dataset["name"])
        for own in box.of_files(register, dataset, result, extra):
            for _ in own.files:
                note("file", own.said, own.found, dataset["name"])
    return sorted(found.values(), key=lambda entry: (-entry.count, entry.level, entry.statement))


def changes(register: Register, datasets: Iterable[dict[str, Any]], extra: Mapping[str, str] = _NOTHING) -> list[Change]:
    """List what `license_id` would become where the register knows the licence for certain or probably, the most frequent first."""
    found: dict[tuple[str, str, str], Change] = {}
    for dataset in datasets:
        result = box.of_dataset(register, dataset, extra)
        licence = result.licence
        before = clean(dataset.get("license_id"))
        if licence is None or licence.id == before or result.match.id is None:
            continue
        key = (before, licence.id, result.match.confidence)
        entry = found.setdefault(key, Change(*key))
        entry.ids.append(dataset["id"])
        if len(entry.examples) < _MOST_EXAMPLES:
            entry.examples.append(dataset["name"])
    return sorted(found.values(), key=lambda entry: (-len(entry.ids), entry.before, entry.after))


def as_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give rows as text in columns; a long cell is cut."""
    cells = [tuple(columns), *(tuple(cell if len(cell) <= 60 else cell[:59] + "…" for cell in row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give rows as CSV; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in (cell[:_LONGEST_CELL] for cell in row)])
    return buffer.getvalue()
