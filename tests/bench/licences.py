"""`make bench-licences`: what the recogniser makes of every labelled licence statement of the recordings, and what one costs.

The statements and what a person reads in them are `tests/licences/labels.csv`. A row counts as

recognised  the recogniser gives the id of the label, certain or probable
wrong       it gives another id than the label, or any id for a row labelled `none`, `other` or `ambiguous`
missed      the label is an id and the recogniser gives none

Doubtful rows (the reader says that another careful reader could decide otherwise) have columns of their own and are left out of the
two figures. `rows` as an argument prints every row that is wrong or missed. Needs no service.
"""

from __future__ import annotations

import csv
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import Figure, closing, median, table

from ckanext.participation.licences.recognition import Match, recognise
from ckanext.participation.licences.register import Register, bundled_register

NEEDS_SERVICES = False
LABELS = Path(__file__).parents[1] / "licences" / "labels.csv"
BLIND = LABELS.with_name("blind_labels.csv")
NO_ID = frozenset({"none", "other", "ambiguous"})
LONG_TEXT = "The data may be used as the publisher says on its own pages, and the open licence of the city says more. "


@dataclass(frozen=True)
class Outcome:
    """One labelled statement, what the recogniser made of it, and the processor time of that in microseconds."""

    row: dict[str, str]
    match: Match
    cost: float

    @property
    def named(self) -> bool:
        """Say whether a person reads a licence of the register in it."""
        return self.row["label"] not in NO_ID

    @property
    def recognised(self) -> bool:
        """Say whether the recogniser gives what the person read."""
        return self.named and self.match.id == self.row["label"]

    @property
    def wrong(self) -> bool:
        """Say whether the recogniser gives an id that the person did not read."""
        return self.match.id is not None and not self.recognised

    @property
    def doubtful(self) -> bool:
        """Say whether another careful reader could decide otherwise."""
        return self.row["doubtful"] == "yes"

    @property
    def recordings(self) -> list[str]:
        """Names of the recordings in which the statement occurs."""
        return [part.rsplit(" ", 1)[0] for part in self.row["recordings"].split("; ")]


def statement(row: dict[str, str]) -> dict[str, Any]:
    """Give the arguments of `recognise` for a row: what a catalogue gave, several values of RDF taken apart again."""
    parts = {key: [part for part in row[key].split(" | ") if part] for key in ("title", "node", "text")}
    titles: object = parts["title"] if row["format"] == "rdf" else row["title"]
    return {"licence_id": row["id"], "title": titles, "url": row["url"], "node": parts["node"], "text": parts["text"]}


def labelled(path: Path = LABELS) -> list[dict[str, str]]:
    """Read the labelled rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def outcomes(register: Register, rows: Iterable[dict[str, str]], repeats: int = 5) -> Iterator[Outcome]:
    """Recognise each row; its cost is the median of some repetitions of the whole call."""
    for row in rows:
        said = statement(row)
        costs = []
        for _ in range(repeats):
            started = time.process_time_ns()
            match = recognise(register, **said)
            costs.append((time.process_time_ns() - started) / 1000)
        yield Outcome(row, match, median(costs))


def counted(found: Iterable[Outcome]) -> tuple[int, int, int, int, int, int]:
    """Count rows, rows with an id, recognised, missed, rows without an id, wrong."""
    found = list(found)
    named = [one for one in found if one.named]
    recognised = sum(one.recognised for one in named)
    missed = sum(one.match.id is None for one in named)
    return len(found), len(named), recognised, missed, len(found) - len(named), sum(one.wrong for one in found)


HEAD = ("rows", "with an id", "recognised", "missed", "without id", "wrong", "doubtful", "rec.", "wrong")


def line(name: str, found: list[Outcome]) -> list[object]:
    """Give a line of the table: sure rows, then how many are doubtful and what became of these."""
    doubtful = [one for one in found if one.doubtful]
    return [name, *counted(one for one in found if not one.doubtful), len(doubtful),
            sum(one.recognised for one in doubtful), sum(one.wrong for one in doubtful)]


def by(found: list[Outcome], key: str) -> Iterator[list[object]]:
    """Give the lines of one table: by recording, level or format."""
    groups: dict[str, list[Outcome]] = {}
    for one in found:
        for name in one.recordings if key == "recording" else [one.row[key]]:
            groups.setdefault(name, []).append(one)
    for name in sorted(groups):
        yield line(name, groups[name])


def share(found: Iterable[Outcome]) -> float:
    """Percent of the rows with an id that are recognised."""
    named = [one for one in found if one.named]
    return 100 * sum(one.recognised for one in named) / len(named)


def worst(register: Register) -> list[tuple[str, float]]:
    """Give the cost, in microseconds, of input that is made to be slow."""
    words = (LONG_TEXT * 600)[:60_000]
    loop: dict[str, object] = {"@id": "_:b0"}
    loop["dct:license"] = [loop, {"skos:prefLabel": "CC BY 4.0", "dct:license": loop}]
    cases: list[tuple[str, dict[str, Any]]] = [
        ("text of 10,000 words", {"text": words}),
        ("title of 10,000 words", {"title": words}),
        ("10,000 times “cc by”", {"text": "cc by " * 10_000}),
        ("10,000 times “open government licence”", {"text": "open government licence " * 10_000}),
        ("address of 100 kB", {"url": "https://example.org/" + "a/" * 50_000}),
        ("100 kB of addresses", {"text": "https://creativecommons.org/licenses/by/4.0/ " * 2_200}),
        ("100 kB of control characters", {"title": "\x00\x1b" * 50_000}),
        ("node that leads back to itself", {"node": loop}),
        ("1,000 nodes", {"node": [f"https://example.org/{number}" for number in range(1000)]}),
    ]
    costs = []
    for name, said in cases:
        started = time.process_time_ns()
        recognise(register, **said)
        costs.append((name, (time.process_time_ns() - started) / 1000))
    return costs


def blind_agreement() -> tuple[float, int]:
    """Percent of the rows labelled twice, the second time without sight of the first label, that agree; and how many by growth.

    Both readers said `other` of licences that the register did not have. Where it has one by now, the first label became its id, and a
    second label `other` agrees with it.
    """
    first = {row["row"]: row["label"] for row in labelled()}
    second = [row for row in labelled(BLIND) if row["row"] in first]
    same = sum(first[row["row"]] == row["label"] for row in second)
    grown = sum(row["label"] == "other" and first[row["row"]] not in NO_ID for row in second)
    return 100 * (same + grown) / len(second), grown


def main(shown: str = "") -> int:
    """Print tables, figures and, with `shown` = `rows`, every row that is wrong or missed."""
    register = bundled_register()
    rows = labelled()
    recognise(register, title="CC BY 4.0")
    found = list(outcomes(register, rows))
    sure = [one for one in found if not one.doubtful]
    order = random.Random(5).sample(found, len(found))
    print(f"{len(register)} licences; {len(rows)} labelled statements\n")
    for key in ("recording", "level", "format"):
        print(table(f"By {key} (a statement of two recordings counts in both; doubtful rows apart)", (key, *HEAD), by(found, key)))
    print(table("All", ("", *HEAD), [line("all", found)]))
    answers = Counter((one.row["label"] if one.row["label"] in NO_ID else "an id", one.match.confidence) for one in found)
    kinds = ("certain", "probable", "ambiguous", "unknown")
    print(table("What the recogniser says of rows by their label", ("label", *kinds),
                [[label, *(answers[label, kind] for kind in kinds)] for label in ("an id", "other", "ambiguous", "none")]))
    costs = sorted(one.cost for one in order)
    print(table("Processor time per statement, µs", ("", "µs"), [
        ["median", median(costs)], ["99 of 100", costs[len(costs) * 99 // 100]], ["largest of the labelled", costs[-1]], *worst(register)]))
    if shown == "rows":
        for one in found:
            if one.wrong or (one.named and not one.recognised):
                print(describe(one))
    agreement, grown = blind_agreement()
    print(f"Labelled twice: {agreement:.0f} % agree; {grown} of these rows were `other` for both and have an entry of the register now\n")
    everything = f"{share(found):.1f} % recognised, {sum(one.wrong for one in found)} wrong"
    print(f"With the {len(found) - len(sure)} doubtful rows counted in: {everything}\n")
    return closing([
        Figure("licences_recognised", share(sure), ">=", 97),
        Figure("licences_wrong", sum(one.wrong for one in sure), "<=", 0),
        Figure("licence_microseconds", median(costs), "<=", 200),
        Figure("blind_agreement", agreement, ">=", 95),
    ])


def describe(one: Outcome) -> str:
    """Give one line about a row that is wrong or missed."""
    said = " ".join(f"{key}={one.row[key][:150]!r}" for key in ("id", "title", "url", "node", "text") if one.row[key])
    doubt = " doubtful" if one.doubtful else ""
    return (f"{'WRONG' if one.wrong else 'missed'}{doubt} {one.row['row']} {one.row['recordings'].split(';')[0]}: {said}\n"
            f"    label {one.row['label']}, answer {one.match.id} ({one.match.confidence}): {one.match.why} {one.match.candidates[:5]}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
