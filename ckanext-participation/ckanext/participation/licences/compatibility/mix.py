"""May these data be mixed, under which licences may the mix be published, what remains to do, and which clause says so.

The question is about one new set of data made from all of them (an adaptation) that is published. Beside it stand two ways that
need less: to use them together without publishing, and to publish them side by side, unchanged (a collection).

The order of the data does not matter, and to add data never allows what was refused: `tests/licences/test_licence_compatibility.py`
tries both over the whole register. What the answer is drawn from is said in `fitting`. This is no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence
from ckanext.participation.licences.register.terms import TERMS
from ckanext.participation.licences.rules import openness

from . import words
from .fitting import Answer, binds, fits_each, offered
from .mixing import Effect, Group, Input, Reason, all_clauses, all_let, best_of, groups_of, refs_of
from .reasons import about_works, conflicts, database_rights, why
from .words import Sentence

Verdict = Literal["allowed", "not-allowed", "unknown"]

VERDICTS: Final[dict[Answer, Verdict]] = {Answer.NO: "not-allowed", Answer.UNKNOWN: "unknown", Answer.YES: "allowed"}
EFFECTS: Final[dict[Answer, Effect]] = {Answer.NO: "refuses", Answer.UNKNOWN: "unknown", Answer.YES: "permits"}
# What a reader needs first: what forbids, then what nobody knows, then the rest.
_ORDER: Final = ("refuses", "unknown", "permits", "asks", "note")


@dataclass(frozen=True, slots=True)
class Duty:
    """What remains to do, or not to do, with the data of these inputs, whatever licence the mix gets."""

    inputs: tuple[str, ...]
    licence: str
    term: str
    kind: str
    clause: str
    en: str
    fr: str


@dataclass(frozen=True, slots=True)
class Way:
    """Whether the data may be used in a way that needs less than a mix, and why."""

    verdict: Verdict
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Mix:
    """The whole answer."""

    verdict: Verdict
    outbound: tuple[str, ...]
    duties: tuple[Duty, ...]
    because: tuple[Reason, ...]
    private_use: Way
    collection: Way
    produced_work: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain dictionaries and lists, for the API."""
        return _plain(asdict(self))


def mix(register: Register, inputs: Iterable[Input]) -> Mix:
    """Say what may be made of these data together."""
    groups = groups_of(register, inputs)
    licences = [group.licence for group in groups if group.licence]
    let = all_let(groups)
    outbound = [out for out in offered(register, licences) if out.id in let] or [register.licences[name] for name in let]
    outbound = sorted(outbound, key=lambda out: _freedom(register, out, licences))
    produced = _produced_work(register, groups, outbound)
    return Mix(
        verdict=VERDICTS[best_of(groups)],
        outbound=tuple(out.id for out in outbound),
        duties=tuple(duty for group in groups for duty in _duties(group)),
        because=_sorted([*why(register, groups, outbound), *conflicts(groups), *database_rights(groups),
                         *about_works(groups, produced)]),
        private_use=_private_use(groups),
        collection=_collection(groups),
        produced_work=tuple(out.id for out in produced),
    )


def _freedom(register: Register, licence: Licence, given: Sequence[Licence]) -> tuple[Any, ...]:
    """Order licences by what they leave free, then by what is easiest to choose.

    Among those that leave the same freedom: one that anybody may give, a current one, one of the data's own, one that covers more
    rights, and the one that itself passes on most of what the data's licences ask, with the least beyond that.
    """
    superseded = any(licence.id in other.supersedes for other in register)
    own = {*licence.duties, *licence.prohibitions}
    passed_on = own & {term for other in given for term in (*other.duties, *other.prohibitions)}
    return ("no-derivatives" in own, "no-commercial-use" in own, "share-alike" in own, bool(licence.duties), bool(licence.jurisdiction),
            openness(licence) != "open", not licence.selectable, superseded, licence.id not in {other.id for other in given},
            -len(licence.rights), -len(passed_on), len(own), licence.id)


def _produced_work(register: Register, groups: Sequence[Group], outbound: Sequence[Licence]) -> list[Licence]:
    """The licences open to a picture or a text only, because a licence of the data binds nothing but databases."""
    if not any(group.licence and binds(group.licence) and not binds(group.licence, as_database=False) for group in groups):
        return []
    licences = [group.licence for group in groups if group.licence]
    candidates = [out for out in offered(register, licences) if out not in outbound]
    tables = [fits_each(register, group.licence, candidates, as_database=False) for group in groups]
    fitting = [out for out in candidates if all(table[out.id].answer is Answer.YES for table in tables)]
    return sorted(fitting, key=lambda out: _freedom(register, out, licences))


def _duties(group: Group) -> Iterable[Duty]:
    licence = group.licence
    for term in (*licence.duties, *licence.prohibitions) if licence else ():
        told = TERMS[term]
        yield Duty(group.refs, licence.id, term, told.kind, licence.clauses.get(term, ""), told.en, told.fr)  # type: ignore[union-attr]


def _private_use(groups: Sequence[Group]) -> Way:
    """Whether the data may be used together without publishing anything."""
    return _way(groups, "copy", (words.PRIVATE_ALLOWED, words.PRIVATE_REFUSED, words.PRIVATE_UNKNOWN),
                {"no-derivatives": words.PRIVATE_NO_DERIVATIVES, "no-commercial-use": words.PRIVATE_NON_COMMERCIAL})


def _collection(groups: Sequence[Group]) -> Way:
    """Whether the data may be published side by side, each as it is."""
    return _way(groups, "distribute", (words.COLLECTION_ALLOWED, words.COLLECTION_REFUSED, words.COLLECTION_UNKNOWN),
                {"share-alike": words.COLLECTION_SHARE_ALIKE, "no-commercial-use": words.COLLECTION_NON_COMMERCIAL})


def _way(groups: Sequence[Group], permission: str, main: tuple[Sentence, Sentence, Sentence], remarks: dict[str, Sentence]) -> Way:
    asked = [_permitted(group.licence, permission) for group in groups]
    answer = min(asked, default=Answer.UNKNOWN)
    deciding = [group for group, one in zip(groups, asked, strict=True) if one is answer]
    licences = [group.licence for group in deciding if group.licence]
    sentence = {Answer.YES: main[0], Answer.NO: main[1], Answer.UNKNOWN: main[2]}[answer]
    effect = EFFECTS[answer]
    term = "all-rights-reserved" if answer is Answer.NO else permission
    because = [Reason(effect, term, refs_of(deciding), tuple(licence.id for licence in licences),
                      all_clauses(licences, [term] * len(licences)), **sentence.with_names())]
    if answer is not Answer.NO:
        because += [group.reason("note", name, remark) for group in groups if group.licence
                    for name, remark in remarks.items() if name in (*group.licence.duties, *group.licence.prohibitions)]
    return Way(VERDICTS[answer], tuple(because))


def _permitted(licence: Licence | None, permission: str) -> Answer:
    if licence is None:
        return Answer.UNKNOWN
    if "all-rights-reserved" in licence.prohibitions:
        return Answer.NO
    return Answer.YES if permission in licence.permissions else Answer.UNKNOWN


def _sorted(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda row: (_ORDER.index(row.effect), len(row.licences) < 2, row.term, row.licences, row.inputs)))


def _plain(value: Any) -> Any:
    """Lists instead of tuples."""
    if isinstance(value, dict):
        return {key: _plain(row) for key, row in value.items()}
    return [_plain(row) for row in value] if isinstance(value, (list, tuple)) else value
