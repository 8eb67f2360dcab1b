"""Why a mix is allowed, refused or not known: what each licence says by itself, and what several rule out between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence

from . import words
from .fitting import PUBLIC_DOMAIN, Answer, accepted, alone, binds, later_versions, versions
from .mixing import Effect, Group, Reason, all_clauses, best_of, refs_of
from .words import Sentence, cited, listed, named


def why(register: Register, groups: Sequence[Group], outbound: Sequence[Licence]) -> Iterable[Reason]:
    """What each licence says by itself."""
    for group in groups:
        licence = group.licence
        if licence is None:
            yield group.reason("unknown", "", words.NOT_STATED if group.state == "not-specified" else words.NOT_RECOGNISED)
            continue
        by_itself = alone(licence)
        if by_itself.answer is Answer.NO:
            reserved = by_itself.term == "all-rights-reserved"
            yield group.reason("refuses", by_itself.term, words.RESERVED if reserved else words.NO_DERIVATIVES)
            continue
        if not licence.permissions:
            yield group.reason("unknown", "", words.NOT_STATED if licence.id == "notspecified" else words.TERMS_NOT_KNOWN)
        elif by_itself.answer is Answer.UNKNOWN:
            yield group.reason("unknown", "adapt", words.ADAPT_NOT_KNOWN, "distribute")
        else:
            free = licence.family == PUBLIC_DOMAIN and not licence.duties
            yield group.reason("permits", "adapt", words.PUBLIC_DOMAIN if free else words.ADAPT, "distribute")
            if best_of([group]) is not Answer.YES:
                yield group.reason("unknown", "version", words.WHICH_VERSION)
        yield from _limits(register, group, licence, outbound)


def _limits(register: Register, group: Group, licence: Licence, outbound: Sequence[Licence]) -> Iterable[Reason]:
    """What a licence asks of the licence of the mix."""
    if "share-alike" in licence.duties:
        kinds = {row.share_alike.binds for row in [licence, *versions(register, licence)] if row.share_alike}
        sentence = words.SHARE_ALIKE_DATABASE if kinds == {"database"} else words.SHARE_ALIKE
        choices = [accepted(register, version) for version in versions(register, licence) or [licence]]
        common = [row for row in choices[0] if all(row in other for other in choices)] or [licence]
        shown = [row for row in common if not row.port_of or row.id == licence.id]
        if len(shown) < len(common):
            sentence = words.SHARE_ALIKE_PORTS
        yield group.reason("asks", "share-alike", sentence, licences=named(shown, "standard" if len(shown) < len(common) else "or"))
    if "no-commercial-use" in licence.prohibitions:
        yield group.reason("asks", "no-commercial-use", words.NON_COMMERCIAL)
    elif licence.permissions and "commercial-use" not in licence.permissions:
        yield group.reason("note", "commercial-use", words.COMMERCIAL_NOT_KNOWN)
    if "attribution" in licence.duties:
        yield group.reason("asks", "attribution", words.CREDIT)
    by_name = {*licence.compatible_with, *(licence.share_alike.also if licence.share_alike else ())}
    if yes := [out for out in outbound if out.id in by_name]:
        yield group.reason("permits", "compatible", words.NAMES_AS_COMPATIBLE, licences=named(yes, "standard"))
    used = [out for out in later_versions(register, licence) if out in outbound] if "share-alike" in licence.duties else []
    if used:
        yield group.reason("permits", "later", words.LATER, "share-alike", licences=named(used))


def conflicts(groups: Sequence[Group]) -> Iterable[Reason]:
    """Which licences rule a mix out between them, or leave it uncertain, though each one alone would not."""
    rows = [group for group in groups if group.licence and alone(group.licence).answer is not Answer.NO]
    said: set[Answer] = set()
    for first, second in combinations(rows, 2):
        both = best_of([first, second])
        if both < min(best_of([first]), best_of([second])):
            said.add(both)
            yield _conflict(first, second) if both is Answer.NO else _uncertain([first, second])
    every = best_of(rows)
    if len(rows) > 2 and every < min(best_of([row]) for row in rows) and not said & {every, Answer.NO}:
        yield _whole("refuses", words.NONE_FITS_ALL, rows) if every is Answer.NO else _uncertain(rows)


def _uncertain(rows: Sequence[Group]) -> Reason:
    without_version = next((row for row in rows if row.licence and row.licence.generic_for), None)
    if without_version:
        return without_version.reason("unknown", "version", words.WHICH_VERSION)
    return _whole("unknown", words.NOT_CERTAIN_TOGETHER, rows)


def _whole(effect: Effect, sentence: Sentence, rows: Sequence[Group]) -> Reason:
    licences = [group.licence for group in rows if group.licence]
    terms = [_strictest(licence) for licence in licences]
    return Reason(effect, terms[0] if effect == "unknown" else "", refs_of(rows), tuple(licence.id for licence in licences),
                  all_clauses(licences, terms), **sentence.with_names(licences=listed(map(cited, licences, terms))))


def _strictest(licence: Licence) -> str:
    """The term by which a licence narrows most what a mix may be published under."""
    terms = {*licence.duties, *licence.prohibitions}
    return next((term for term in ("share-alike", "no-commercial-use", "attribution") if term in terms), "")


def _conflict(*groups: Group) -> Reason:
    """Why no licence fits two, each with the clause that counts."""
    licences = sorted((group.licence for group in groups if group.licence), key=lambda row: (_strictest(row) == "share-alike", row.id))
    terms = [_strictest(licence) for licence in licences]
    sentence = {"no-commercial-use": words.NON_COMMERCIAL_AND_SHARE_ALIKE, "attribution": words.CREDIT_AND_SHARE_ALIKE,
                "share-alike": words.BOTH_SHARE_ALIKE}.get(terms[0])
    if sentence is None:
        return _whole("refuses", words.NONE_FITS_ALL, groups)
    first, second = map(cited, licences, terms)
    return Reason("refuses", terms[0], refs_of(groups), tuple(licence.id for licence in licences),
                  all_clauses(licences, terms), **sentence.with_names(first=first, second=second))


def database_rights(groups: Sequence[Group]) -> Iterable[Reason]:
    """A note where some licence covers the right in a database and another, known well enough, does not."""
    covering = [group for group in groups if group.licence and "database" in group.licence.rights]
    silent = [group for group in groups if group.licence and group.licence.rights and "database" not in group.licence.rights]
    for group in silent if covering else []:
        licences = [row.licence for row in covering if row.licence]
        texts = words.DATABASE_RIGHT.with_names(first=named([group.licence]), second=named(licences, "standard"))  # type: ignore[list-item]
        yield Reason("note", "database", group.refs, (group.licence.id,), {}, **texts)  # type: ignore[union-attr]


def about_works(groups: Sequence[Group], produced: Sequence[Licence]) -> Iterable[Reason]:
    """A note where a licence that binds databases only leaves a picture or a text free for further licences."""
    shown = named([out for out in produced if out.selectable][:3] or produced[:3])
    for group in groups if produced else []:
        if group.licence and binds(group.licence) and not binds(group.licence, as_database=False):
            yield group.reason("note", "produced-work", words.PRODUCED_WORK, "attribution", licences=shown)
