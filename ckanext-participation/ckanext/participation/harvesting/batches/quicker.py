"""CKAN's validation works out three times which values belong to which rule, sorts the same keys a dozen times, and asks every rule of
every field of every file, also of those that are not there: with a few hundred rules and files, most of its time. While a batch is checked
it does so once and only for what is there, with the same result.

The functions replaced give what CKAN's give, so other threads that call them meanwhile notice nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from operator import itemgetter
from typing import Any, Final

import ckan.plugins.toolkit as tk
from ckan.lib.navl import dictization_functions as navl
from ckan.lib.navl import validators as rules
from ckan.logic import converters
from ckan.logic import validators as ckans

Key = tuple[Any, ...]
Data = dict[Key, Any]
Converter = Callable[..., Any]

# This sentence is CKAN's, and so is its French.
_CKANS = tk._
_collecting: list[bool] = []
_validate = navl._validate
_unflatten = navl.unflatten
_duplicate_extras_key = ckans.duplicate_extras_key

# Where one of these comes first, a field that is not there stays so, and its other rules are not asked.
_LET_GO: Final = frozenset({rules.ignore_missing, rules.ignore_empty, rules.ignore})
# A text that is asked nothing else stays as it is.
_LEAVE_TEXT: Final = frozenset({rules.ignore_missing, rules.ignore_empty, rules.not_missing, rules.not_empty, rules.unicode_safe})
_NAME: Final = itemgetter(0)
_ABSENT: Final = object()
# Rules that stand for a group of fields and not for a field, in the order in which they are asked.
BEFORE, EXTRAS, AFTER, JUNK = "__before", "__extras", "__after", "__junk"


class _Errors(dict[Key, list[Any]]):
    """What rules object to; what nobody asked about is not in it."""

    def __missing__(self, key: Key) -> list[Any]:
        self[key] = []
        return self[key]


@dataclass(frozen=True)
class _Part:
    """The rules of one group of fields: its fields' in their order, its own, the fields that may be let go, those whose text may stay."""

    fields: list[tuple[str, list[Converter]]]
    own: dict[str, list[Converter]]
    names: frozenset[str]
    let_go: frozenset[str]
    texts: frozenset[str]
    # The fields that are marked as missing when they are.
    marked: list[str]

    @classmethod
    def of(cls, schema: dict[str, Any]) -> _Part:
        """Read a group's rules; those of groups within it are not among them."""
        fields: list[tuple[str, list[Converter]]] = []
        own: dict[str, list[Converter]] = {}
        for name, inner in schema.items():
            if isinstance(inner, list):
                if name.startswith("__"):
                    own[name] = inner
                else:
                    fields.append((name, inner))
        fields.sort(key=_NAME)
        let_go = frozenset(name for name, asked in fields if asked and asked[0] in _LET_GO)
        texts = frozenset(name for name, asked in fields if _LEAVE_TEXT.issuperset(asked))
        return cls(fields, own, frozenset({*own, *(name for name, _ in fields)}), let_go, texts,
                   [name for name, _ in fields if name not in let_go])


@dataclass
class _Rules:
    """A schema by its groups, each read when it is met."""

    schema: dict[str, Any]
    parts: dict[Key, _Part | None] = field(default_factory=dict)

    def part(self, path: Key) -> _Part | None:
        """The rules of the group at this path; None where the schema has none, or one that consists of groups only."""
        if path not in self.parts:
            inner = self._at(path)
            known = isinstance(inner, dict) and (not path or any(not isinstance(value, dict) for value in inner.values()))
            self.parts[path] = _Part.of(inner) if known else None
        return self.parts[path]

    def begins(self, path: Key) -> bool:
        """Say whether a field that the schema names is here or further on."""
        inner = self._at(path)
        return inner is not _ABSENT and _names_a_field(inner)

    def _at(self, path: Key) -> Any:
        inner: Any = self.schema
        for name in path:
            inner = inner.get(name, _ABSENT) if isinstance(inner, dict) else _ABSENT
        return inner


def _names_a_field(schema: Any) -> bool:
    return not isinstance(schema, dict) or any(_names_a_field(inner) for inner in schema.values())


class _Made(dict[Key, Any]):
    """The data under way. A field that was let go is missing to whoever looks for it by its name."""

    groups: dict[Key, _Part]
    # How many extras there were.
    extras: int = 0

    @cached_property
    def missing_value(self) -> str:
        """What CKAN says of a field that must not be empty."""
        return _CKANS("Missing value")

    def __missing__(self, key: Key) -> Any:
        part = self.groups.get(key[:-1])
        if part is None or key[-1] not in part.let_go:
            raise KeyError(key)
        return navl.missing


def validate(data: Data, schema: dict[str, Any], context: Any) -> tuple[Data, dict[Key, Any]]:
    """As CKAN's `_validate`: flat data against the rules; what became of it, and what was objected."""
    known = _Rules(schema)
    groups = _groups(data, known)
    made = _augmented(data, known, groups)
    errors = _Errors()

    def ask(key: Key, asked: Iterable[Converter]) -> None:
        for rule in asked:
            converter = _QUICKER.get(rule, rule)
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
            value = made.get(key, _ABSENT)
            if value is _ABSENT and name in part.let_go:
                continue
            if type(value) is str and value and name in part.texts:
                continue
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
        if place and place[:-2] in found and known.part(place[::2]) is not None:
            found.add(place)
    return {place: part for place in in_order(found) if (part := known.part(place[::2])) is not None}


def _augmented(data: Data, known: _Rules, groups: dict[Key, _Part]) -> _Made:
    """The data with what is missing marked, and with what has no rule put aside."""
    made = _Made()
    made.groups = groups
    made.extras = 1 + max((place[1] for place in groups if place[0:1] == ("extras",)), default=-1)
    junk: Data = {}
    extras: Data = {}
    for key, value in data.items():
        name = key[-1]
        part = groups.get(key[:-1])
        if part is not None and name in part.names:
            made[key] = value
            continue
        if value != [] and known.begins(key[::2]):
            raise navl.DataError(f"Only lists of dicts can be placed against subschema {key}, not {type(value)}")
        if part is not None:
            extras.setdefault((*key[:-1], EXTRAS), {})[name] = value
        else:
            junk[key] = value
    if junk:
        made[JUNK,] = junk
    made |= extras
    for place, part in groups.items():
        for name in part.marked:
            made.setdefault((*place, name), navl.missing)
    return made


def unflatten(data: Data) -> dict[str, Any]:
    """As CKAN's function of this name: what has keys of several parts, as lists of groups of fields."""
    if type(data) is _Errors and not any(data.values()):
        return {}
    whole: dict[str, Any] = {}
    skipping: dict[int, list[Any]] = {}
    groups: dict[Key, dict[str, Any]] = {}
    for key, value in data.items():
        groups.setdefault(key[:-1], {})[key[-1]] = value
    for place in in_order(groups):
        here, group = _reached(whole, place, skipping), groups[place]
        for name in sorted(group):
            here[name] = group[name]
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


def _from_extras(key: Key, data: _Made, _errors: Any, _context: Any) -> None:
    """As CKAN's `convert_from_extras`, which looks through all that the dataset says, for each field anew."""
    for number in count():
        named = data.get(("extras", number, "key"), _ABSENT)
        if named is _ABSENT and number >= data.extras:
            return
        if named == key[-1]:
            data[key] = data["extras", number, "value"]
            for place in [place for place in data if place[0] == "extras" and place[1] == number]:
                del data[place]
            return


def _not_empty(key: Key, data: _Made, errors: Any, _context: Any) -> None:
    """As CKAN's `not_empty`, which translates its objection anew each time."""
    value = data.get(key)
    if value is navl.missing or (not value and value not in (False, 0, 0.0)):
        errors[key].append(data.missing_value)
        raise navl.StopOnError


def duplicate_extras_key(key: Key, data: Data, errors: Any, context: Any) -> None:
    """As CKAN's rule of this name, which builds the whole dataset anew to see its extras."""
    names = [value for place, value in data.items() if place[0] == "extras" and place[-1] == "key" and len(place) == 3
             and not data.get(("extras", place[1], "deleted"))]
    if len(set(names)) < len(names) or ("extras",) in data:
        _duplicate_extras_key(key, data, errors, context)


_QUICKER: Final[dict[Any, Converter]] = {rules.not_empty: _not_empty, converters.convert_from_extras: _from_extras}


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
