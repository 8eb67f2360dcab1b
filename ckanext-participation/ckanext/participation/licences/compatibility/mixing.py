"""Data under licences, told together where they share one, and what a reason for an answer looks like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence, Texts

from .fitting import Answer, fits_each
from .words import Sentence, cited

Effect = Literal["refuses", "unknown", "asks", "permits", "note"]
State = Literal["known", "not-specified", "unrecognised"]


@dataclass(frozen=True, slots=True)
class Input:
    """Some data: by which name the answer speaks of them, and their licence, or why none is known."""

    ref: str
    licence: Licence | None
    state: State = "known"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that terms of licences do to the mix: `inputs` whose licences say it, the clauses, and a sentence in both languages."""

    effect: Effect
    term: str
    inputs: tuple[str, ...]
    licences: tuple[str, ...]
    clauses: dict[str, str]
    en: str
    fr: str


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The inputs under one licence, or without a known one, and the ids of the licences that it lets a mix have: surely, or perhaps."""

    licence: Licence | None
    state: State
    refs: tuple[str, ...]
    surely: frozenset[str]
    perhaps: frozenset[str]

    @classmethod
    def of(cls, register: Register, licence: Licence | None, state: State, refs: Iterable[str], candidates: Sequence[Licence]) -> Group:
        found = fits_each(register, licence, candidates)
        return cls(licence, state, tuple(sorted(set(refs))),
                   frozenset(name for name, fit in found.items() if fit.answer is Answer.YES),
                   frozenset(name for name, fit in found.items() if fit.answer is not Answer.NO))

    def reason(self, effect: Effect, term: str, sentence: Sentence, *terms: str, **names: Texts) -> Reason:
        """Return what this licence's terms do, with the clause of `term` and of the other terms."""
        shown = (term, *terms)
        if self.licence is None:
            return Reason(effect, term, self.refs, (), {}, **sentence.with_names(**names))
        texts = sentence.with_names(licence=cited(self.licence, *shown), **names)
        return Reason(effect, term, self.refs, (self.licence.id,), clauses(self.licence, *shown), **texts)


def groups_of(register: Register, inputs: Iterable[Input]) -> list[Group]:
    """Return the inputs by licence, in an order that does not depend on theirs."""
    found: dict[tuple[str, State], list[Input]] = defaultdict(list)
    for row in inputs:
        found[row.licence.id if row.licence else "", "known" if row.licence else row.state].append(row)
    # More licences than are offered, so that to add data can only take away.
    candidates = [licence for licence in register if licence.permissions and not licence.generic_for]
    return [Group.of(register, rows[0].licence, state, (row.ref for row in rows), candidates)
            for (_, state), rows in sorted(found.items(), key=lambda item: item[0])]


def all_let(groups: Sequence[Group]) -> frozenset[str]:
    """Return the ids of the licences that every group lets a mix have."""
    return frozenset.intersection(*(group.surely for group in groups)) if groups else frozenset()


def best_of(groups: Sequence[Group]) -> Answer:
    """Whether some licence fits all the groups."""
    if not groups or all_let(groups):
        return Answer.YES if groups else Answer.UNKNOWN
    return Answer.UNKNOWN if frozenset.intersection(*(group.perhaps for group in groups)) else Answer.NO


def clauses(licence: Licence, *terms: str) -> dict[str, str]:
    """Return where these terms stand in the licence, by its id; nothing where the register does not know."""
    found = sorted({licence.clauses[term] for term in terms if term in licence.clauses})
    return {licence.id: ", ".join(found)} if found else {}


def all_clauses(licences: Iterable[Licence], terms: Iterable[str]) -> dict[str, str]:
    """Return the clause of each licence's own term, by id."""
    return {name: clause for licence, term in zip(licences, terms, strict=True) for name, clause in clauses(licence, term).items()}


def refs_of(rows: Iterable[Group]) -> tuple[str, ...]:
    """Return the names of all the groups' inputs, in order."""
    return tuple(sorted(ref for row in rows for ref in row.refs))
