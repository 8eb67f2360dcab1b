"""Whether what is made from data under one licence may be published under another, and which of its terms says so.

Nothing here compares two licences by name: every answer comes from the terms, clauses and successions that the register's files
state. `compatibility` builds on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence

PUBLIC_DOMAIN: Final = "public domain"


class Answer(IntEnum):
    """Ordered, so that the least of several answers is the answer to all of them together."""

    NO = 0
    UNKNOWN = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether one licence's data may be published, changed, under another licence; `term` says which term decides."""

    answer: Answer
    term: str = ""


YES: Final = Fit(Answer.YES)


def alone(licence: Licence | None) -> Fit:
    """Say whether anything made from data under this licence may be published at all."""
    if licence is None:
        return Fit(Answer.UNKNOWN)
    for term in ("all-rights-reserved", "no-derivatives"):
        if term in licence.prohibitions:
            return Fit(Answer.NO, term)
    if {"adapt", "distribute"} <= set(licence.permissions):
        return YES
    return Fit(Answer.UNKNOWN, "adapt" if licence.permissions else "")


def fits(register: Register, licence: Licence | None, outbound: Licence, *, as_database: bool = True) -> Fit:
    """Say whether what is made from data under `licence` may be published under `outbound`; see `fits_each`."""
    return fits_each(register, licence, [outbound], as_database=as_database)[outbound.id]


def fits_each(register: Register, licence: Licence | None, candidates: Sequence[Licence], *, as_database: bool = True) -> dict[str, Fit]:
    """Say of each candidate, by id, whether what is made from data under `licence` may be published under it.

    :param as_database: false for a picture, a map or a text, which a licence that binds databases only does not reach

    An entry without version fits as all of its versions do: when they differ, the answer is unknown. A `no` is final: what else is
    not known of the licence cannot turn it.
    """
    first = alone(licence)
    if licence is None or first.answer is Answer.NO:
        return {outbound.id: first for outbound in candidates}
    if licence.generic_for:
        tables = [fits_each(register, version, candidates, as_database=as_database) for version in versions(register, licence)]
        return {outbound.id: _whichever(first, [table[outbound.id] for table in tables]) for outbound in candidates}
    bound = _Bound.of(register, licence) if binds(licence, as_database) else None
    return {outbound.id: _least([first, *_terms(licence, outbound, bound)]) for outbound in candidates}


def _least(found: Iterable[Fit]) -> Fit:
    return min(found, key=lambda fit: fit.answer)


def binds(licence: Licence, as_database: bool = True) -> bool:
    """Whether the licence's share-alike reaches what is made: a database, or else a picture, a map, a text."""
    return "share-alike" in licence.duties and (as_database or licence.share_alike is None or licence.share_alike.binds != "database")


def versions(register: Register, licence: Licence) -> list[Licence]:
    """Return the licences that an entry without version may stand for."""
    found: dict[str, Licence] = {}
    waiting = list(licence.generic_for)
    seen = {licence.id}
    while waiting:
        version = register.licences.get(waiting.pop())
        if version is None or version.id in seen:
            continue
        seen.add(version.id)
        waiting += version.generic_for
        if not version.generic_for:
            found[version.id] = version
    return [found[name] for name in sorted(found)]


def _whichever(first: Fit, found: list[Fit]) -> Fit:
    answers = {fit.answer for fit in found}
    if answers == {Answer.NO}:
        return found[0]
    if answers == {Answer.YES}:
        return first
    return Fit(Answer.UNKNOWN, "version")


def _terms(licence: Licence, outbound: Licence, bound: _Bound | None) -> Iterable[Fit]:
    """What each term of the licence says to another licence."""
    if outbound.id == licence.id or outbound.id in licence.compatible_with:
        return
    if bound:
        yield bound.fit(outbound)
        # A licence that is named by name is accepted as it is, credit and all.
        if outbound.id in bound.named:
            return
    if "no-commercial-use" in licence.prohibitions:
        if "no-commercial-use" not in outbound.prohibitions:
            yield Fit(Answer.NO, "no-commercial-use")
    elif "commercial-use" in outbound.permissions and "commercial-use" not in licence.permissions:
        yield Fit(Answer.UNKNOWN, "commercial-use")
    if "attribution" in licence.duties and not keeps_credit(outbound):
        yield Fit(Answer.NO, "attribution")


def keeps_credit(licence: Licence) -> bool:
    """Whether a reader of what is under this licence still finds who made it: by a credit, or by notices that stay."""
    return bool({"attribution", "keep-notices"} & set(licence.duties))


@dataclass(frozen=True, slots=True)
class _Bound:
    """Where share-alike leaves what is made free to go."""

    named: frozenset[str]
    later: frozenset[str]
    family: frozenset[str]
    two_steps: frozenset[str]
    unported: str
    stated: bool

    @classmethod
    def of(cls, register: Register, licence: Licence) -> _Bound:
        shared = licence.share_alike
        later = later_versions(register, licence) if shared and shared.later else []
        through = {name for other in later if other.share_alike for name in other.share_alike.also}
        return cls(frozenset(shared.also if shared else ()), frozenset(other.id for other in later),
                   frozenset({licence.id, licence.port_of or licence.id, *(other.id for other in later)}),
                   frozenset(through), licence.port_of, shared is not None)

    def fit(self, outbound: Licence) -> Fit:
        if not self.stated:
            return Fit(Answer.UNKNOWN, "share-alike")
        if outbound.id in self.named or outbound.id in self.later:
            return Fit(Answer.YES, "share-alike")
        # The unported text, or the one of another country, of the same version or a later one.
        if outbound.id == self.unported or outbound.port_of in self.family:
            return Fit(Answer.UNKNOWN, "port")
        # What only a later version names needs two steps, which the first text does not speak of.
        return Fit(Answer.UNKNOWN if outbound.id in self.two_steps else Answer.NO, "share-alike")


def later_versions(register: Register, licence: Licence) -> list[Licence]:
    """Return every licence that supersedes this one, or the one that it translates, over any number of versions; newest first."""
    found: dict[str, Licence] = {}
    waiting = [licence.id, licence.port_of]
    while waiting:
        earlier = waiting.pop()
        new = [other for other in register if earlier in other.supersedes and other.id not in found]
        found.update({other.id: other for other in new})
        waiting += [other.id for other in new]
    found.pop(licence.id, None)
    return sorted(found.values(), key=lambda other: (other.version, other.id), reverse=True)


def accepted(register: Register, licence: Licence) -> list[Licence]:
    """Return the licences that the share-alike of this licence accepts, itself first."""
    shared = licence.share_alike
    later = later_versions(register, licence) if shared and shared.later else []
    also = [register.licences[name] for name in (shared.also if shared else ()) if name in register.licences]
    return list({other.id: other for other in (licence, *later, *also)}.values())


def can_be_given(licence: Licence) -> bool:
    """Whether somebody who publishes can choose this entry: it grants rights, names one version, and is not a remark on old works."""
    return bool({"copy", "distribute"} <= set(licence.permissions) and not licence.generic_for
                and "all-rights-reserved" not in licence.prohibitions and (licence.selectable or licence.family != PUBLIC_DOMAIN))


def offered(register: Register, licences: Iterable[Licence]) -> list[Licence]:
    """Return the licences worth offering for a mix of these, in order of id.

    Those that anybody may choose, the licences of the data, and those that these name. The licence of one country or public body
    is offered only if it is the licence of some of the data: others cannot grant it.
    """
    given = list(licences)
    names = {licence.id for licence in given}
    for licence in given:
        names.update(name for name in licence.compatible_with if name in register.licences and register.licences[name].selectable)
        for version in [licence, *versions(register, licence)]:
            if "share-alike" in version.duties:
                names.update(other.id for other in accepted(register, version))
    return [licence for licence in register if can_be_given(licence)
            and (licence.id in names or (licence.selectable and not licence.jurisdiction))]
