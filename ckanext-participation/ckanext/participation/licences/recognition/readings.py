"""What each value of a statement says on its own: which licences it names, and how plainly.

Identifiers and titles are names; free text is read by sentence. `whole`: all of the value is known; `plain`: nothing around the name
changes it, or a sentence puts the data under it; `hint`: the name stands among other words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ckanext.participation.licences.folding import LONGEST_TEXT, Mention, Sentence, looks_like_url, mentions, sentences, text_key
from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence

from . import creative_commons
from .addresses import Address, is_list, of_deed, resolve
from .names import AROUND, BEHIND, CUES, DENIALS, FEWEST_WORDS_IN_PROSE, LATER, NOT_COMMERCIAL, OWN_TERMS, SEVERAL, Names
from .statement import Statement

Strength = Literal["whole", "plain", "hint"]

_FARTHEST_CUE: Final = 6
_COMMERCIAL: Final = frozenset(NOT_COMMERCIAL.beginnings())


@dataclass(frozen=True, slots=True)
class Said:
    """What one value says: an id, or a licence that the register lacks (`names`; `base` is the same without version)."""

    field: str
    strength: Strength
    id: str | None = None
    names: str = ""
    base: str = ""
    opaque: bool = False
    behind: bool = False

    @property
    def is_address(self) -> bool:
        """Whether an address says it, which leaves less open than a name."""
        return self.field in {"address", "node"}


@dataclass(slots=True)
class Found:
    """Everything that the values of one statement say."""

    said: list[Said]
    several: bool = False
    later: bool = False
    only: bool = False
    not_commercial: bool = False
    lists: bool = False


def read(register: Register, names: Names, given: Statement, extra: Mapping[str, str]) -> Found:
    """Read every value of a statement."""
    found = Found([])
    for field, values in (("id", given.ids), ("title", given.titles)):
        for value in values:
            _name(register, names, field, value, extra, found)
    for field, values in (("address", given.urls), ("node", given.nodes)):
        for value in values:
            if looks_like_url(value) or len(value) > LONGEST_TEXT:
                _address(register, names, field, value, extra, found)
            else:
                _name(register, names, field, value, extra, found)
    for value in given.texts:
        _prose(register, names, value, extra, found)
    return found


def _address(
    register: Register, names: Names, field: str, value: str, extra: Mapping[str, str], found: Found, *, denied: bool = False
) -> None:
    stands_for = resolve(register, names.deeds, value, extra)
    if stands_for is not None and stands_for.opaque:
        stands_for = _decoded(register, names, stands_for)
    if stands_for is None:
        found.lists = found.lists or is_list(value)
    elif stands_for.id or stands_for.names:
        strength: Strength = "hint" if denied else "plain" if stands_for.by_rule else "whole"
        found.said.append(_said(field, strength, stands_for))


def _decoded(register: Register, names: Names, entry: Address) -> Address:
    """What the code of a list's entry says when all of it is a name and a version: `apache-1.1`."""
    for part in sentences(entry.code, whole=True):
        spans = _spans(register, names, part, code=True)
        if len(spans) == 1 and (spans[0].start, spans[0].end) == (0, len(part.words)) and len(spans[0].stand_for) == 1:
            return spans[0].stand_for[0]
    return entry


def _is_denied(mention: Mention) -> bool:
    """Whether the sentence before an address says "not" or "except"."""
    return any(not DENIALS.isdisjoint(part.words) for part in sentences(mention.before, whole=True))


def _said(field: str, strength: Strength, stands_for: Address) -> Said:
    return Said(field, strength, stands_for.id, stands_for.names, stands_for.base, stands_for.opaque)


def _whole(register: Register, extra: Mapping[str, str], value: str) -> str | None:
    """The licence that all of a text names."""
    key = text_key(value)
    return next((found for known in (extra, register.by_text) if (found := known.get(key)) and found in register.licences), None)


def _name(register: Register, names: Names, field: str, value: str, extra: Mapping[str, str], found: Found) -> None:
    """Read an identifier or a title."""
    if looks_like_url(value):
        _address(register, names, field, value, extra, found)
        return
    if whole := _whole(register, extra, value):
        found.said.append(Said(field, "whole", whole))
        return
    for mention in mentions(value) if "/" in value or "www." in value else ():
        _address(register, names, field, mention.address, extra, found, denied=_is_denied(mention))
    parts = sentences(value, whole=len(value) <= LONGEST_TEXT)
    spans = [(part, _spans(register, names, part, code=" " not in value)) for part in parts]
    plain = all(_is_plain(part, named) for part, named in spans)
    for part, named in spans:
        _notice(part, named, found)
        for span in named:
            strength: Strength = "plain" if plain or _is_granted(part, span, named) else "hint"
            found.said.extend(_said(field, strength, one) for one in span.stand_for)


def _prose(register: Register, names: Names, value: str, extra: Mapping[str, str], found: Found) -> None:
    """Read free text: only whole names, addresses, and sentences that put the data under a licence speak."""
    if len(value) <= LONGEST_TEXT and (whole := _whole(register, extra, value)):
        found.said.append(Said("text", "plain", whole))
        return
    addresses = mentions(value)
    behind: list[Address] = []
    for mention in addresses:
        if (stands_for := resolve(register, names.deeds, mention.address, extra)) and (stands_for.id or stands_for.names):
            if BEHIND.search(mention.behind):
                behind.append(stands_for)
            else:
                found.said.append(_said("text", "hint" if _is_denied(mention) else "plain", stands_for))
    own_terms = len(addresses) > len(behind)
    parts = sentences(value)
    for part in parts:
        named = _spans(register, names, part, code=" " not in value)
        own_terms = own_terms or bool(named) or not OWN_TERMS.isdisjoint(part.words)
        found.not_commercial = found.not_commercial or any(
            NOT_COMMERCIAL.longest(part.words, at) for at in range(len(part.words)) if part.words[at] in _COMMERCIAL
        )
        alone = len(parts) == 1 and _is_plain(part, named)
        for span in named:
            if alone or _is_granted(part, span, named):
                found.said.extend(_said("text", "plain", one) for one in span.stand_for)
            elif span.end - span.start >= FEWEST_WORDS_IN_PROSE:
                found.said.extend(_said("text", "hint", one) for one in span.stand_for)
    # A catalogue's general terms, behind the publisher's own, are the licence only where nothing else is said.
    strength: Strength = "hint" if own_terms else "plain"
    found.said.extend(Said("text", strength, one.id, one.names, behind=True) for one in behind)


@dataclass(frozen=True, slots=True)
class _Span:
    """Words `start` to `end` of a sentence name these licences: one, or several that contradict."""

    start: int
    end: int
    stand_for: tuple[Address, ...]


def _spans(register: Register, names: Names, part: Sentence, *, code: bool) -> list[_Span]:
    """The licences named in a sentence, from left to right, the longest name first."""
    spans: list[_Span] = []
    words = part.words
    at = 0
    while at < len(words):
        phrase = names.phrases.longest(words, at)
        deed = None
        if creative_commons.may_begin(words[at]):
            within = at > 0 and not part.apart[at] and words[at - 1] not in AROUND
            deed = creative_commons.read(words, at, capital=part.capital, code=code, within=within)
        if deed is not None and (phrase is None or deed[0] >= phrase[0]):
            spans.append(_Span(at, deed[0], tuple(of_deed(names.deeds, one) for one in deed[1])))
            at = deed[0]
        elif phrase is not None:
            end, stands_for = _versioned(register, names, words, phrase)
            spans.append(_Span(at, end, (stands_for,)))
            at = end
        else:
            at += 1
    return spans


def _versioned(register: Register, names: Names, words: list[str], phrase: tuple[int, str]) -> tuple[int, Address]:
    """A version that follows a name: it makes an entry without version precise; one that the register lacks is another licence."""
    end, found = phrase
    licence = register.licences[found]
    start = end
    while start < len(words) and words[start] in {"licence", "licenza", "lizenz", "licencia", "version", "versione"}:
        start += 1
    stop = start
    while stop < len(words) and stop < start + 3 and words[stop].isdecimal() and len(words[stop]) < 3:
        stop += 1
    number = ".".join(words[start:stop])
    if not number or words[end - 1].isdecimal():
        return end, Address(found)
    if licence.version:
        same = _same_version(number, licence.version)
        return stop, Address(found) if same else Address(names=_other_version(licence, number), base=_generic(names, found))
    if not licence.generic_for:
        return stop, Address(found)
    precise = [other for other in licence.generic_for if _same_version(number, register.licences[other].version)]
    if len(precise) == 1:
        return stop, Address(precise[0])
    return stop, Address(names=_other_version(licence, number), base=found)


def _other_version(licence: Licence, number: str) -> str:
    name = licence.short("en").partition(" (")[0].removesuffix(licence.version).strip()
    return f"{name}, version {number}"


def _same_version(number: str, version: str) -> bool:
    return bool(version) and number.removesuffix(".0") == version.removesuffix(".0")


def _generic(names: Names, licence_id: str) -> str:
    return min(names.generics.get(licence_id, {""}))


def _is_plain(part: Sentence, spans: list[_Span]) -> bool:
    """Whether nothing but empty words stands around the names in a sentence."""
    covered = {place for span in spans for place in range(span.start, span.end)}
    return bool(spans) and all(word in AROUND for place, word in enumerate(part.words) if place not in covered)


def _is_granted(part: Sentence, span: _Span, spans: list[_Span]) -> bool:
    """Whether a sentence puts the data under this licence: "… is made available under the …", with no "not" or "except"."""
    if span.end - span.start < FEWEST_WORDS_IN_PROSE and not any(word[0].isdecimal() for word in part.words[span.start : span.end]):
        return False
    if span.end < len(part.words) and not part.apart[span.end] and part.words[span.end] not in AROUND:
        return False
    cue = span.start - 1
    while cue >= max(0, span.start - _FARTHEST_CUE) and part.words[cue] in AROUND and part.words[cue] not in CUES:
        cue -= 1
    if cue < 0 or part.words[cue] not in CUES:
        return False
    covered = {place for one in spans for place in range(one.start, one.end)}
    return not any(word in DENIALS for place, word in enumerate(part.words) if place not in covered)


def _notice(part: Sentence, spans: list[_Span], found: Found) -> None:
    """Note the words of an identifier or title that change what a name means."""
    covered = {place for span in spans for place in range(span.start, span.end)}
    words = part.words
    found.only = found.only or "only" in words
    for at in range(len(words)):
        if at not in covered:
            found.later = found.later or LATER.longest(words, at) is not None
            found.several = found.several or SEVERAL.longest(words, at) is not None
        found.not_commercial = found.not_commercial or NOT_COMMERCIAL.longest(words, at) is not None
