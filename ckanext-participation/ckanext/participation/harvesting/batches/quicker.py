"""CKAN's validation works out three times which values belong to which rule, sorts the same keys a dozen times, and asks every rule of
every field of every file, also of those that are not there: with a few hundred rules and files, most of its time. While a batch is checked
it does so once and only for what is there, with the same result.

The functions replaced give what CKAN's give, so other threads that call them meanwhile notice nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl import validators as rules
from ckan.logic import validators as ckans

Key = tuple[Any, ...]
Data = dict[Key, Any]
Converter = Callable[..., Any]

_collecting: list[bool] = []
_validate = navl._validate
_unflatten = navl.unflatten
_duplicate_extras_key = ckans.duplicate_extras_key

# Where one of these comes first, a field that is not there stays so, and its other rules are not asked.
_LET_GO: Final = frozenset({rules.ignore_missing, rules.ignore_empty, rules.ignore})
_NAME: Final = itemgetter(0)
# Rules that stand for a group of fields and not for a field, in the order in which they are asked.
BEFORE, EXTRAS, AFTER, JUNK = "__before", "__extras", "__after", "__junk"


class _Errors(dict[Key, list[Any]]):
    """What rules object to; what nobody asked about is not in it."""

    def __missing__(self, key: Key) -> list[Any]:
        self[key] = []
        return self[key]


@dataclass(frozen=True)
class _Part:
    """The rules of one group of fields: its fields' in their order, its own, and the fields that may be let go."""

    fields: list[tuple[str, list[Converter]]]
    own: dict[str, list[Converter]]
    names: frozenset[str]
    let_go: frozenset[str]


@dataclass
class _Rules:
    """A schema by its groups, and the beginnings of all that it names."""

    parts: dict[Key, _Part] = field(default_factory=dict)
    beginnings: set[Key] = field(default_factory=set)

    def learn(self, schema: dict[str, Any], place: Key = ()) -> None:
        """Add a group and those within it."""
        fields: list[tuple[str, list[Converter]]] = []
        own: dict[str, list[Converter]] = {}
        leaves = 0
        for name, inner in schema.items():
            if isinstance(inner, dict):
                self.learn(inner, (*place, name))
                continue
            leaves += 1
            self.beginnings.add((*place, name))
            if not isinstance(inner, list):
                continue
            if name.startswith("__"):
                own[name] = inner
            else:
                fields.append((name, inner))
        if leaves:
            self.beginnings |= {place[:length] for length in range(len(place) + 1)}
        if leaves or not place:
            fields.sort(key=_NAME)
            let_go = frozenset(name for name, asked in fields if asked and asked[0] in _LET_GO)
            self.parts[place] = _Part(fields, own, frozenset({*own, *(name for name, _ in fields)}), let_go)


class _Made(dict[Key, Any]):
    """The data under way. A field that was let go is missing to whoever looks for it by its name."""

    groups: dict[Key, _Part]

    def __missing__(self, key: Key) -> Any:
        part = self.groups.get(key[:-1])
        if part is None or key[-1] not in part.let_go:
            raise KeyError(key)
        return navl.missing


def validate(data: Data, schema: dict[str, Any], context: Any) -> tuple[Data, dict[Key, Any]]:
    """As CKAN's `_validate`: flat data against the rules; what became of it, and what was objected."""
    known = _Rules()
    known.learn(schema)
    groups = _groups(data, known)
    made = _augmented(data, known, groups)
    errors = _Errors()

    def ask(key: Key, asked: Iterable[Converter]) -> None:
        for converter in asked:
            code = getattr(converter, "__code__", None)
            arguments = code.co_argcount if code else 0
            try:
                if arguments == 4:
                    converter(key, made, errors, context)
                elif arguments == 1:
                    made[key] = converter(made.get(key))
                elif arguments == 2:
                    made[key] = converter(made.get(key), context)
                else:
                    # CKAN says what is wrong with it.
                    navl.convert(converter, key, made, errors, context)
            except navl.Invalid as error:
                errors[key].append(error.error)
            except navl.StopOnError:
                return

    for key, asked in _questions(groups, made):
        ask(key, asked)
    if any(errors.values()):
        # CKAN numbers the files with an error by those without one.
        for place, part in groups.items():
            for name in part.names:
                errors.setdefault((*place, name), [])
    return made, errors


def _questions(groups: dict[Key, _Part], made: _Made) -> Iterator[tuple[Key, list[Converter]]]:
    """Which rules are asked of what, in CKAN's order; what an answer adds is asked about in its turn."""
    for place, part in groups.items():
        if BEFORE in part.own:
            yield (*place, BEFORE), part.own[BEFORE]
    for place, part in groups.items():
        for name, asked in part.fields:
            key = (*place, name)
            if name not in part.let_go or key in made:
                yield key, asked
    for place, part in groups.items():
        if EXTRAS in part.own:
            yield (*place, EXTRAS), part.own[EXTRAS]
    for place, part in reversed(groups.items()):
        if AFTER in part.own:
            yield (*place, AFTER), part.own[AFTER]
    if JUNK in groups[()].own:
        yield (JUNK,), groups[()].own[JUNK]


def _groups(data: Data, known: _Rules) -> dict[Key, _Part]:
    """The groups of fields that the data has and the schema knows, in CKAN's order."""
    found: set[Key] = {()}
    # A group's parent is shorter than the group.
    for place in sorted({key[:-1] for key in data}, key=len):
        if place and place[::2] in known.parts and place[:-2] in found:
            found.add(place)
    return {place: known.parts[place[::2]] for place in in_order(found)}


def _augmented(data: Data, known: _Rules, groups: dict[Key, _Part]) -> _Made:
    """The data with what is missing marked, and with what has no rule put aside."""
    made = _Made()
    made.groups = groups
    junk: Data = {}
    extras: Data = {}
    for key, value in data.items():
        part = groups.get(key[:-1])
        if part is not None and key[-1] in part.names:
            made[key] = value
            continue
        if key[::2] in known.beginnings and value != []:
            raise navl.DataError(f"Only lists of dicts can be placed against subschema {key}, not {type(value)}")
        if part is not None:
            extras.setdefault((*key[:-1], EXTRAS), {})[key[-1]] = value
        else:
            junk[key] = value
    if junk:
        made[JUNK,] = junk
    made |= extras
    for place, part in groups.items():
        for name, _ in part.fields:
            if name not in part.let_go and (*place, name) not in made:
                made[*place, name] = navl.missing
    return made


def unflatten(data: Data) -> dict[str, Any]:
    """As CKAN's function of this name: what has keys of several parts, as lists of groups of fields."""
    if type(data) is _Errors and not any(data.values()):
        return {}
    whole: dict[str, Any] = {}
    places: dict[Key, Any] = {(): whole}
    skipping: dict[int, list[Any]] = {}
    for key in in_order(data):
        place = key[:-1]
        if place not in places:
            places[place] = _reached(whole, place, skipping)
        places[place][key[-1]] = data[key]
    for found in skipping.values():
        found[:] = [one for one in found if one]
    return whole


def _reached(here: Any, place: Key, skipping: dict[int, list[Any]]) -> Any:
    """The group at this place, made when it is not there."""
    for part in place:
        try:
            here = here[part]
        except IndexError:
            while True:
                made: Any = {}
                here.append(made)
                if part < len(here):
                    break
                # The places that were skipped go at the end.
                skipping[id(here)] = here
            here = made
        except KeyError:
            here[part] = []
            here = here[part]
    return here


def in_order(keys: Iterable[Key]) -> list[Key]:
    """Shorter keys first, then by their parts: CKAN's order."""
    by_length: dict[int, list[Key]] = {}
    for key in keys:
        by_length.setdefault(len(key), []).append(key)
    return [key for length in sorted(by_length) for key in sorted(by_length[length])]


def duplicate_extras_key(key: Key, data: Data, errors: Any, context: Any) -> None:
    """As CKAN's rule of this name, which builds the whole dataset anew to see its extras."""
    names = [value for place, value in data.items() if place[0] == "extras" and place[-1] == "key" and len(place) == 3
             and not data.get(("extras", place[1], "deleted"))]
    if len(set(names)) < len(names) or ("extras",) in data:
        _duplicate_extras_key(key, data, errors, context)


def begin() -> None:
    """Let CKAN's validation use them."""
    navl._validate = validate  # type: ignore[assignment]
    navl.unflatten = unflatten
    # A batch holds what it makes until its end: looking through it for garbage, again and again, finds none.
    _collecting.append(gc.isenabled())
    gc.disable()


def end() -> None:
    """Let it use its own again."""
    navl._validate = _validate
    navl.unflatten = _unflatten
    if _collecting.pop():
        gc.enable()
