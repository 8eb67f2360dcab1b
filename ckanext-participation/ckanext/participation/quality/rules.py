"""What is true of one dataset: seven criteria, each met, not met or cannot tell. Pure.

Where the rules come from is in docs/quality.md. No criterion has a weight: none of the sources gives one that was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from ckanext.participation.quality import formats, freshness

# Raised by whoever changes a rule: every dataset is then judged anew.
VERSION: Final = 1

Criterion = Literal["licence", "openness", "contact", "languages", "formats", "fresh", "links"]
# Their order is that of the bits in the table: new ones go to the end.
CRITERIA: Final[tuple[Criterion, ...]] = ("licence", "openness", "contact", "languages", "formats", "fresh", "links")
BITS: Final[dict[str, int]] = {name: 1 << place for place, name in enumerate(CRITERIA)}
LANGUAGES: Final = ("fr", "en")
# From here on the data can be used without buying a program.
ENOUGH_STARS: Final = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one dataset.

    `licence` is known, not-specified or unrecognised, `open` what the licence allows (None: it is not known to be open or not).
    `titles` and `descriptions` are the languages that have one, None for a dataset that does not tell languages apart. `files` are the
    formats of the files with an address, empty where none is stated. `links` are the states of those addresses that were asked.
    """

    licence: str
    open: bool | None
    contact: bool
    titles: frozenset[str] | None
    descriptions: frozenset[str] | None
    files: tuple[str, ...]
    frequency: str
    updated: date | None
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say: `met` and `missing` are bits of `BITS`, whose absence from both means that nobody can tell."""

    met: int
    missing: int
    stars: int | None
    files: int
    machine: int
    dead: int

    def of(self, name: str) -> bool | None:
        """Return whether a criterion is met; None where nobody can tell."""
        return answer(self.met, self.missing, name)


def answer(met: int, missing: int, name: str) -> bool | None:
    """Return whether a criterion is met, from the bits; None where nobody can tell."""
    return True if met & BITS[name] else False if missing & BITS[name] else None


def judge(facts: Facts, today: date) -> Judgement:
    """Judge one dataset as of today."""
    stars = openness(facts)
    answers: dict[str, bool | None] = {
        "licence": facts.licence == "known",
        "openness": None if stars is None else stars >= ENOUGH_STARS,
        "contact": facts.contact,
        "languages": _languages(facts),
        "formats": _formats(facts.files),
        "fresh": freshness.is_fresh(facts.frequency, facts.updated, today),
        "links": _links(facts.links),
    }
    return Judgement(
        sum(BITS[name] for name, said in answers.items() if said), sum(BITS[name] for name, said in answers.items() if said is False),
        stars, len(facts.files), sum(formats.is_machine_readable(one) is True for one in facts.files), list(facts.links).count("dead"))


def openness(facts: Facts) -> int | None:
    """Return the stars of the five-star scale, 0 to 4; None where the licence's words can't be judged.

    The fifth star, links to other data, can't be seen from a catalogue and is never given.
    """
    return stars_of(facts.licence, facts.open, facts.files)


def stars_of(licence: str, is_open: bool | None, files: Sequence[str]) -> int | None:
    """Return the stars by the state of the licence, whether it is open, and the formats of the files."""
    if is_open is None:
        return 0 if licence == "not-specified" else None
    if not is_open or not files:
        return 0
    return max(formats.stars(one) for one in files)


def with_files(own: tuple[str, bool | None], files: Callable[[], Sequence[tuple[str, bool | None]]]) -> tuple[str, bool | None]:
    """Return the state of a dataset's licence and whether it is open; of one that states none, what all of its `files` state.

    :param files: gives the same of each file, and is asked only where it matters
    """
    if own[0] != "not-specified":
        return own
    stated = files()
    if not stated or any(one[0] != "known" for one in stated):
        return own
    opened = {one[1] for one in stated}
    return "known", False if False in opened else None if None in opened else True


def _languages(facts: Facts) -> bool | None:
    if facts.titles is None:
        return None
    both = frozenset(LANGUAGES)
    return both <= facts.titles and both <= (facts.descriptions or frozenset())


def _formats(files: Sequence[str]) -> bool | None:
    readable = [formats.is_machine_readable(one) for one in files]
    if True in readable:
        return True
    return None if None in readable else False


def _links(states: Sequence[str]) -> bool | None:
    if "dead" in states:
        return False
    # One that answers says nothing of those that were not asked yet.
    return True if states and all(state in {"alive", "moved"} for state in states) else None
