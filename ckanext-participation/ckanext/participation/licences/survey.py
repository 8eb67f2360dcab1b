"""What a site's datasets and files say of their licences: what is not recognised, and which ids the register would give."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from . import box, rules, saying
from .folding import clean, keys_of
from .register import Register

COLUMNS: Final = ("count", "level", "confidence", "statement", "candidates", "why", "examples")
CHANGE_COLUMNS: Final = ("count", "from", "to", "confidence", "examples")
_MOST_EXAMPLES: Final = 3
_LONGEST_CELL: Final = 300
_MOST_STATEMENTS: Final = 100_000
# Stands where the report says how sure the recognition is.
ALIAS: Final = "alias"
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class Unclear:
    """One statement, with how many datasets or files make it; `parts` are the names that it holds."""

    level: str
    statement: str
    confidence: str
    why: str
    candidates: tuple[str, ...]
    count: int = 0
    examples: list[str] = field(default_factory=list)
    example_ids: list[str] = field(default_factory=list)
    parts: tuple[str, ...] = ()

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


class Survey:
    """Goes through a site's datasets one by one; bounded, however many different things they say.

    :param extra: more names of licences, as `recognition.recognise` takes them
    :param most: how many different statements are kept; what comes after these is only counted, in `left_out`
    """

    def __init__(self, register: Register, extra: Mapping[str, str] = _NOTHING, most: int = _MOST_STATEMENTS) -> None:
        self.register, self.extra, self.most = register, extra, most
        self.datasets = self.left_out = 0
        self.by_key: dict[str, int] = {}
        self._unclear: dict[tuple[str, str], Unclear] = {}
        self._helped: dict[tuple[str, str], Unclear] = {}

    def add(self, dataset: dict[str, Any]) -> box.Found:
        """Take a dataset and its files into account; gives what the dataset is under."""
        self.datasets += 1
        result = box.of_dataset(self.register, dataset, self.extra)
        if result.state == "unrecognised":
            self._note(self._unclear, "dataset", saying.words_of(dataset), result.match, dataset, saying.names_of(dataset))
        files = {clean(file.get("id")): file for file in dataset.get("resources") or []}
        for own in box.of_files(self.register, dataset, result, self.extra):
            for file in own.files if own.found.state == "unrecognised" else ():
                self._note(self._unclear, "file", own.said, own.found.match, dataset, saying.names_of_file(files[file["id"]]))
        if self.extra:
            self._thanks_to_names(dataset, result)
        return result

    def unclear(self) -> list[Unclear]:
        """List the statements that are unknown or contradictory, the most frequent first; what says nothing is not among them."""
        return _ordered(self._unclear)

    def helped(self) -> list[Unclear]:
        """List the statements that only one of the further names recognises; `candidates` is the licence."""
        return _ordered(self._helped)

    def _thanks_to_names(self, dataset: dict[str, Any], result: box.Found) -> None:
        found: list[tuple[str, str, list[str], box.Found | None, box.Found | None]] = []
        if names := self._extra_among(saying.names_of(dataset)):
            found.append(("dataset", saying.words_of(dataset), names, result, box.of_dataset(self.register, dataset)))
        for file in dataset.get("resources") or []:
            if names := self._extra_among(said := saying.names_of_file(file)):
                with_them = box.of_file(self.register, file, self.extra)
                found.append(("file", box.BETWEEN.join(said)[:_LONGEST_CELL], names, with_them, box.of_file(self.register, file)))
        for level, words, keys, with_them, without in found:
            if with_them is None or with_them.licence is None or (without is not None and without.licence is with_them.licence):
                continue
            licence = with_them.licence.id
            match = rules.Match(licence, ALIAS, "A name that this site added stands for it.", (licence,))  # type: ignore[arg-type]
            self._note(self._helped, level, words, match, dataset, [])
            for key in keys:
                if self.extra[key] == licence:
                    self.by_key[key] = self.by_key.get(key, 0) + 1

    def _extra_among(self, names: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(key for name in names for key in keys_of(name) if key in self.extra))

    def _note(
        self, shelf: dict[tuple[str, str], Unclear], level: str, words: str, match: rules.Match, dataset: dict[str, Any], parts: list[str]
    ) -> None:
        entry = shelf.get((level, words))
        if entry is None:
            if len(shelf) >= self.most:
                self.left_out += 1
                return
            entry = shelf[level, words] = Unclear(level, words, match.confidence, match.why, match.candidates, parts=tuple(parts))
        entry.count += 1
        if len(entry.examples) < _MOST_EXAMPLES and dataset["name"] not in entry.examples:
            entry.examples.append(dataset["name"])
            entry.example_ids.append(dataset["id"])


def _ordered(shelf: dict[tuple[str, str], Unclear]) -> list[Unclear]:
    return sorted(shelf.values(), key=lambda entry: (-entry.count, entry.level, entry.statement))


def unclear(register: Register, datasets: Iterable[dict[str, Any]], extra: Mapping[str, str] = _NOTHING) -> list[Unclear]:
    """List the statements that are unknown or contradictory, the most frequent first; what says nothing is not among them."""
    survey = Survey(register, extra)
    for dataset in datasets:
        survey.add(dataset)
    return survey.unclear()


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
