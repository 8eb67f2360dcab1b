"""Which licence of the register a publisher named: from any mix of identifier, title, address, RDF node and free text.

`recognise` reads every value on its own (`readings`), then compares what they say. A value speaks plainly when all of it is a name or
an address that the register or a published list knows, or when a sentence puts the data under a named licence. Anything else is a hint:
it never gives a licence, but a hint at another licence takes the certainty away. Nothing here raises, whatever a harvest brings, and
the work grows with the length of the input at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ckanext.participation.licences.folding import LONGEST_TEXT, clean, looks_like_url, text_key
from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence

from .addresses import FAMILY
from .names import Names, names_of
from .readings import Found, Said, read
from .statement import Statement, statement

Confidence = Literal["certain", "probable", "ambiguous", "unknown"]

NOT_SPECIFIED: Final = "notspecified"
_MOST_CANDIDATES: Final = 12
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """Which licence was meant. `id` is set only when it is `certain` or `probable`.

    `why` is one English sentence for reports; `candidates` are the licences it could be when it is not clear; `names` are licences that
    were named and that the register does not have.
    """

    id: str | None
    confidence: Confidence
    why: str
    candidates: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def recognise(
    register: Register,
    *,
    licence_id: object = None,
    title: object = None,
    url: object = None,
    node: object = None,
    text: object = None,
    extra: Mapping[str, str] = _NOTHING,
) -> Match:
    """Find the one licence that all of this names together; a contradiction is said.

    Every value may be one thing or a list of things, in English, French, German, Italian or Spanish.

    :param licence_id: identifier, as catalogues keep it (`cc-by`)
    :param title: name of the licence, or a sentence that names it
    :param url: address of the licence
    :param node: RDF node or nodes: an address, or a mapping of a node's fields (JSON-LD), however deep
    :param text: free text: rights, constraints on access and use, extras
    :param extra: more names of licences: `text_key` of a text or first of the `url_keys` of an address, to a register id
    """
    given = statement(licence_id, title, url, node, text)
    if not given:
        return Match(None, "unknown", _empty(given))
    names = names_of(register)
    found = read(register, names, given, extra)
    return _decide(register, names, given, found)


def _empty(given: Statement) -> str:
    return "The licence’s node leads only back to itself." if given.loop else "No licence was given."


def _decide(register: Register, names: Names, given: Statement, found: Found) -> Match:
    clear = [one for one in found.said if one.strength != "hint"]
    loose = _unported(register, clear)
    ids = _most_precise(register, names, {one.id for one in clear if one.id} - loose, {one.base for one in clear if one.names})
    foreign = tuple(sorted({one.names for one in clear if one.names and not (one.opaque and ids)}))
    if found.several and len(ids) < 2:
        return Match(None, "ambiguous", "Several licences are said to apply.", tuple(sorted(ids)), foreign)
    if len(ids) == 1 and not foreign:
        return _single(register, names, ids.pop(), given, clear, found)
    if ids:
        return Match(None, "ambiguous", _contradiction(clear), tuple(sorted(ids)), foreign)
    if len(foreign) == 1:
        return Match(None, "unknown", f"It names {foreign[0]}, which the register does not have.", (), foreign)
    if foreign:
        return Match(None, "ambiguous", _contradiction(clear), (), foreign)
    return _without_name(names, given, found)


def _unported(register: Register, clear: list[Said]) -> set[str]:
    """Licences that only a name gives, where something else gives a port of them: the name leaves the country out."""
    ports = {register.licences[one.id].port_of for one in clear if one.id}
    return {one.id for one in clear if one.id in ports} - {one.id for one in clear if one.id and one.is_address}


def _single(register: Register, names: Names, licence_id: str, given: Statement, clear: list[Said], found: Found) -> Match:
    licence = register.licences[licence_id]
    if version := _named_version(names, licence, given):
        return Match(version, "probable", f"It says {licence_id}, which leaves the version open, and a text names one.")
    supporting = [one for one in clear if one.id == licence_id]
    reason = _doubt(register, licence, found, only_text=all(one.field == "text" for one in supporting))
    if reason := reason or _other_version(names, licence, given, supporting):
        return Match(None, "ambiguous", reason, (licence_id,))
    fields = " and ".join(dict.fromkeys(one.field for one in supporting))
    if any(one.strength == "whole" for one in supporting):
        return Match(licence_id, "certain", f"Its {fields} is known for this licence.")
    return Match(licence_id, "probable", f"Its {fields} names this licence and nothing that changes it.")


def _doubt(register: Register, licence: Licence, found: Found, *, only_text: bool) -> str:
    """Why the one licence that is named may not be the one that is meant; empty when nothing speaks against it.

    Free text that merely mentions another licence says nothing against an identifier, a title or an address.
    """
    for one in found.said:
        heard = one.strength == "hint" and not one.opaque and not one.behind and (only_text or one.field != "text")
        if heard and not _agrees(register, one, licence):
            return f"The {one.field} also speaks of {one.names or one.id}."
    if found.later and (licence.family == "software" or licence.id.endswith("-only")):
        return "It says “or later”, which is more than this licence says."
    if found.only and licence.id.endswith("-or-later"):
        return "It says “only”, which is less than this licence says."
    if found.not_commercial and "commercial-use" in licence.permissions:
        return "It speaks of non-commercial use, which this licence does not limit."
    return ""


def _other_version(names: Names, licence: Licence, given: Statement, supporting: list[Said]) -> str:
    """Why an address may stand for another version than the one that the register knows at it; empty when nothing says so.

    An address may be that of the newest version, whatever it is: a name with the same words and another number contradicts it.
    """
    if not all(one.is_address for one in supporting):
        return ""
    for text in (*given.ids, *given.titles):
        words = text_key(text).split()
        numbers = [word for word in words if word.isdecimal()]
        shared = [word for word in words if licence.id in names.by_word.get(word, ()) and not word.isdecimal() and word != "licence"]
        if shared and numbers and not any(licence.id in names.by_word.get(number, ()) for number in numbers):
            return f"“{clean(text)[:60]}” has another version."
    return ""


def _named_version(names: Names, licence: Licence, given: Statement) -> str:
    """The one version of an entry without version that an identifier or a title points to."""
    if not licence.generic_for:
        return ""
    keys = [key for text in (*given.ids, *given.titles) if any(map(str.isdecimal, key := text_key(text)))]
    named = {found for key in keys for found in names.candidates(key) & set(licence.generic_for)}
    return named.pop() if len(named) == 1 else ""


def _agrees(register: Register, hint: Said, licence: Licence) -> bool:
    """Whether a hint is at this licence, at the same one without version, or at no licence at all."""
    if hint.id is None:
        return not hint.names
    if hint.id == licence.port_of and not hint.is_address:
        return True
    return hint.id == licence.id or licence.id in _precise(register, hint.id) or hint.id in licence.generic_for


def _precise(register: Register, licence_id: str) -> tuple[str, ...]:
    licence = register.licences.get(licence_id)
    return licence.generic_for if licence else ()


def _most_precise(register: Register, names: Names, ids: set[str], bases: set[str]) -> set[str]:
    """Drop the entries without version, and the mere kinds ("other, open"), when something more exact is named too."""
    less = {generic for found in ids for generic in names.generics.get(found, ())}
    less |= {base for base in bases if base} | {generic for base in bases for generic in names.generics.get(base, ())}
    kept = ids - less
    real = [register.licences[found] for found in kept if register.licences[found].family != "unspecific"]
    if not real:
        kinds = kept - {NOT_SPECIFIED}
        return kinds or kept
    return {found for found in kept if found != NOT_SPECIFIED and not all(_is_kind_of(found, one) for one in real)} or kept


def _is_kind_of(kind: str, licence: Licence) -> bool:
    """Whether a licence is one of the kind that a catch-all entry of the register names."""
    open_ = licence.open_definition == "conformant"
    return {
        "other-open": open_,
        "other-at": open_ and "attribution" in licence.duties,
        "other-pd": open_ and "attribution" not in licence.duties,
        "other-nc": "no-commercial-use" in licence.prohibitions,
        "other-closed": licence.open_definition == "not-conformant",
    }.get(kind, False)


def _contradiction(clear: Iterable[Said]) -> str:
    said = dict.fromkeys(f"{one.field} says {one.id or one.names}" for one in clear)
    return f"The parts name different licences: {'; '.join(said)}."


def _without_name(names: Names, given: Statement, found: Found) -> Match:
    """What to say when nothing gives a licence: what it could be, or why it is not known."""
    hints = {one.id for one in found.said if one.id}
    foreign = tuple(sorted({one.names for one in found.said if one.names}))
    if hints or foreign:
        return Match(None, "ambiguous", "It holds a licence’s name among other words.", tuple(sorted(hints)), foreign)
    texts = [text_key(value) for value in (*given.ids, *given.titles) if not looks_like_url(value)]
    candidates = sorted({one for text in texts for one in names.candidates(text)})
    versions = {one.base.removeprefix(FAMILY) for one in found.said if one.base.startswith(FAMILY)}
    if versions:
        candidates = sorted(found for found, version in names.unported.items() if version in versions or versions == {""})
    if candidates:
        few = tuple(candidates) if len(candidates) <= _MOST_CANDIDATES else ()
        return Match(None, "ambiguous", f"{len(candidates)} licences have a name like this.", few)
    return Match(None, "unknown", _why_unknown(given, found))


def _why_unknown(given: Statement, found: Found) -> str:
    if given.too_long or any(len(value) > LONGEST_TEXT and not looks_like_url(value) for value in (*given.urls, *given.nodes)):
        return "The address is too long to be one."
    if found.lists:
        return "It points to a list of licences and names none of them."
    if given.urls or given.nodes:
        return "The register does not know this address."
    if given.loop:
        return "The licence’s node leads only back to itself."
    return "The register does not know this licence."
