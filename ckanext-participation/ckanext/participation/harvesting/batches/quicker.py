"""CKAN's validation works out three times which values belong to which rule, sorts the same keys four times, and looks through all rules
for each value that has none: with a few hundred rules and files, half of its time. While a batch is checked it does so once, with the
same result.

The functions replaced are pure and give what CKAN's give, so other threads that call them meanwhile notice nothing.
"""

from __future__ import annotations

import builtins
import copy
import gc
import threading
from collections.abc import Callable, Iterable
from typing import Any

from ckan.lib.navl import dictization_functions as navl

Key = tuple[Any, ...]
_kept = threading.local()
_collecting: list[bool] = []
_make = navl.make_full_schema
_augment = navl.augment_data
_order = navl.flattened_order_key


class _Ordered(dict[Key, Any]):
    """The rules of a dataset's values, in CKAN's order."""


def order(key: Key) -> tuple[int, Key]:
    """Shorter keys first, then by their parts: CKAN's order."""
    return len(key), key


def in_order(values: Iterable[Any], *, key: Callable[[Any], Any] | None = None) -> list[Any]:
    """As `sorted`; what is in CKAN's order is not sorted again."""
    if type(values) is _Ordered and key is order:
        return list(values)
    return builtins.sorted(values, key=key)


def augment_data(data: dict[Key, Any], schema: dict[str, Any]) -> dict[Key, Any]:
    """The data with what is missing marked, and with what has no rule put aside, as CKAN's own function gives it."""
    flat = navl.flatten_schema(schema)
    combinations = _combinations(data, flat)
    rules = _rules(combinations, schema)
    # CKAN asks for the rules of the same data next.
    _kept.last = data, schema, rules
    beginnings = {key[:length] for key in flat for length in range(len(key) + 1)}
    made = copy.copy(data)
    junk: dict[Key, Any] = {}
    extras: dict[Key, Any] = {}
    for key, value in data.items():
        if key in rules:
            continue
        if key[::2] in beginnings and value != []:
            raise navl.DataError(f"Only lists of dicts can be placed against subschema {key}, not {type(value)}")
        if key[:-1] in combinations:
            extras.setdefault((*key[:-1], "__extras"), {})[key[-1]] = value
        else:
            junk[key] = value
        del made[key]
    if junk:
        made["__junk",] = junk
    made |= extras
    for key in rules:
        if key not in made and not key[-1].startswith("__"):
            made[key] = navl.missing
    return made


def make_full_schema(data: dict[Key, Any], schema: dict[str, Any]) -> dict[Key, Any]:
    """The rule of each value, in the order in which CKAN asks them.

    CKAN asks once for the values and once for the rules of the same data, one after the other; the second time is answered from the first.
    """
    former = getattr(_kept, "last", None)
    _kept.last = None
    if former is not None and former[0] is data and former[1] is schema:
        return former[2]
    return _rules(_combinations(data, navl.flatten_schema(schema)), schema)


def _combinations(data: dict[Key, Any], flat: dict[Key, Any]) -> set[Key]:
    """The places of groups of fields that the data has and the schema knows."""
    known = {key[:-1] for key in flat}
    found: set[Key] = {()}
    # A group's parent is shorter than the group.
    for key in builtins.sorted(data, key=len):
        if key[:-1:2] in known and key[:-3] in found:
            found.add(key[:-1])
    return found


def _rules(combinations: set[Key], schema: dict[str, Any]) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for combination in combinations:
        part = schema
        for key in combination[::2]:
            part = part[key]
        for key, value in part.items():
            if isinstance(value, list):
                found[(*combination, key)] = value
    return _Ordered((key, found[key]) for key in builtins.sorted(found, key=order))


def begin() -> None:
    """Let CKAN's validation use them."""
    navl.make_full_schema = make_full_schema
    navl.augment_data = augment_data
    navl.sorted = in_order  # type: ignore[attr-defined]
    navl.flattened_order_key = order  # type: ignore[assignment]
    # A batch holds what it makes until its end: looking through it for garbage, again and again, finds none.
    _collecting.append(gc.isenabled())
    gc.disable()


def end() -> None:
    """Let it use its own again."""
    navl.make_full_schema = _make
    navl.augment_data = _augment
    # Its name in the module hides Python's own.
    del navl.sorted  # type: ignore[attr-defined]
    navl.flattened_order_key = _order
    _kept.last = None
    if _collecting.pop():
        gc.enable()
