"""The rules of a dataset's fields: a schema read by its groups, one field asked its rules, and CKAN's slow rules told quicker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
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
# Where one of these comes first, a field that is not there stays so, and its other rules are not asked.
_LET_GO: Final = frozenset({rules.ignore_missing, rules.ignore_empty, rules.ignore})
# What is there and is asked nothing else stays as it is; a text also where it is asked to be one.
_LEAVE: Final = frozenset({rules.ignore_missing, rules.ignore_empty, rules.not_missing, rules.not_empty})
_LEAVE_TEXT: Final = _LEAVE | {rules.unicode_safe}
_LEAVE_EMPTY: Final = frozenset({rules.ignore_missing, rules.not_missing, rules.unicode_safe})
_NAME: Final = itemgetter(0)
ABSENT: Final = object()
# Rules that stand for a group of fields and not for a field, in the order in which they are asked.
BEFORE, EXTRAS, AFTER, JUNK = "__before", "__extras", "__after", "__junk"
# In a context: nobody reads what the rules object to.
UNREAD: Final = "participation_objections_unread"


class Errors(dict[Key, list[Any]]):
    """What rules object to; what nobody asked about is not in it."""

    def __missing__(self, key: Key) -> list[Any]:
        self[key] = []
        return self[key]


@dataclass(frozen=True)
class Part:
    """The rules of one group of fields: its fields' in their order, its own, the fields that may be let go, those whose
    text or value stays as it is when there is one."""

    fields: list[tuple[str, list[Converter]]]
    own: dict[str, list[Converter]]
    names: frozenset[str]
    let_go: frozenset[str]
    texts: frozenset[str]
    values: frozenset[str]
    # Those of texts whose text may be empty.
    empty: frozenset[str]
    # The fields that are marked as missing when they are.
    marked: list[str]
    # The groups within it.
    inner: frozenset[str]

    @classmethod
    def of(cls, schema: dict[str, Any]) -> Part:
        """Read a group's rules; those of groups within it are not among them."""
        return _read(tuple((name, None if isinstance(asked, dict) else tuple(asked)) for name, asked in schema.items()))

    @cached_property
    def asked(self) -> dict[str, list[Converter]]:
        """Its fields' rules by field."""
        return dict(self.fields)


# A site's schemas have some dozens of groups; most are the same from dataset to dataset.
@lru_cache(maxsize=512)
def _read(schema: tuple[tuple[str, tuple[Converter, ...] | None], ...]) -> Part:
    """A group's rules by field, None for a group within it."""
    fields = sorted(((name, list(asked)) for name, asked in schema if asked is not None and not name.startswith("__")), key=_NAME)
    own = {name: list(asked) for name, asked in schema if asked is not None and name.startswith("__")}
    let_go = frozenset(name for name, asked in fields if asked and (asked[0] in _LET_GO or getattr(asked[0], "lets_go", False)))
    return Part(
        fields=fields,
        own=own,
        names=frozenset({*own, *(name for name, _ in fields)}),
        let_go=let_go,
        texts=frozenset(name for name, asked in fields if _LEAVE_TEXT.issuperset(asked)),
        values=frozenset(name for name, asked in fields if _LEAVE.issuperset(asked)),
        empty=frozenset(name for name, asked in fields if _LEAVE_EMPTY.issuperset(asked)),
        marked=[name for name, _ in fields if name not in let_go],
        inner=frozenset(name for name, asked in schema if asked is None),
    )


@dataclass
class Rules:
    """A schema by its groups, each read when it is met."""

    schema: dict[str, Any]
    parts: dict[Key, Part | None] = field(default_factory=dict)

    def part(self, path: Key) -> Part | None:
        """The rules of the group at this path; None where the schema has none, or one that consists of groups only."""
        if path not in self.parts:
            inner = self._at(path)
            known = isinstance(inner, dict) and (not path or any(not isinstance(value, dict) for value in inner.values()))
            self.parts[path] = Part.of(inner) if known else None
        return self.parts[path]

    def begins(self, path: Key) -> bool:
        """Say whether a field that the schema names is here or further on."""
        inner = self._at(path)
        return inner is not ABSENT and _names_a_field(inner)

    def _at(self, path: Key) -> Any:
        inner: Any = self.schema
        for name in path:
            inner = inner.get(name, ABSENT) if isinstance(inner, dict) else ABSENT
        return inner


def _names_a_field(schema: Any) -> bool:
    return not isinstance(schema, dict) or any(_names_a_field(inner) for inner in schema.values())


class Made(dict[Key, Any]):
    """The data under way. A field that was let go is missing to whoever looks for it by its name."""

    groups: dict[Key, Part]
    # How many extras there were.
    extras: int = 0
    # Those of its lists that were checked row by row; their values are not among the data.
    lists: dict[str, list[dict[str, Any]]]

    def __init__(self) -> None:
        super().__init__()
        self.groups = {}
        self.lists = {}

    @cached_property
    def missing_value(self) -> str:
        """What CKAN says of a field that must not be empty."""
        return _CKANS("Missing value")

    def __missing__(self, key: Key) -> Any:
        part = self.groups.get(key[:-1])
        if part is None or key[-1] not in part.let_go:
            raise KeyError(key)
        return navl.missing


def ask(key: Key, asked: Iterable[Converter], made: Made, errors: Errors, context: Any) -> None:
    """Ask the rules of one field in their order, as CKAN does."""
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


def after_last_extra(places: Iterable[Key]) -> int:
    """The number that a further extra would have."""
    return 1 + max((place[1] for place in places if place[:1] == ("extras",) and len(place) > 1), default=-1)


def _from_extras(key: Key, data: Made, _errors: Any, _context: Any) -> None:
    """As CKAN's `convert_from_extras`, which looks through all that the dataset says, for each field anew."""
    for number in count():
        named = data.get(("extras", number, "key"), ABSENT)
        if named is ABSENT and number >= data.extras:
            return
        if named == key[-1]:
            data[key] = data["extras", number, "value"]
            for place in [place for place in data if place[0] == "extras" and place[1] == number]:
                del data[place]
            if number == data.extras - 1:
                data.extras = after_last_extra(data)
            return


def _to_extras(key: Key, data: Made, _errors: Any, _context: Any) -> None:
    """As CKAN's `convert_to_extras`, which counts the extras anew for each field."""
    while ("extras", data.extras, "key") in data or ("extras", data.extras, "value") in data:
        data.extras += 1
    data["extras", data.extras, "key"] = key[-1]
    data["extras", data.extras, "value"] = rules.unicode_safe(data[key])
    data.extras += 1


def _not_empty(key: Key, data: Made, errors: Any, _context: Any) -> None:
    """As CKAN's `not_empty`, which translates its objection anew each time."""
    value = data.get(key)
    if value is navl.missing or (not value and value not in (False, 0, 0.0)):
        errors[key].append(data.missing_value)
        raise navl.StopOnError


def _extras_valid_json(extras: Any, context: Any) -> Any:
    """As CKAN's `extras_valid_json`, which writes each text as JSON to see whether it can be."""
    ckans.extras_valid_json({name: value for name, value in extras.items() if type(value) is not str}, context)
    return extras


_QUICKER: Final[dict[Any, Converter]] = {
    rules.not_empty: _not_empty, converters.convert_from_extras: _from_extras, converters.convert_to_extras: _to_extras,
    ckans.extras_valid_json: _extras_valid_json}
