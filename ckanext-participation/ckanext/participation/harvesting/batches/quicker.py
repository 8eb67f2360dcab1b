"""CKAN's validation works out twice which values belong to which rule, and sorts the same keys four times: with a few hundred rules and
files, half of its time. While a batch is checked it does so once, with the same result.

Both functions replaced are pure and give what CKAN's give, so other threads that call them meanwhile notice nothing.
"""

from __future__ import annotations

import gc
import threading
from typing import Any

from ckan.lib.navl import dictization_functions as navl

Key = tuple[Any, ...]
_kept = threading.local()
_collecting: list[bool] = []
_make = navl.make_full_schema
_order = navl.flattened_order_key


def order(key: Key) -> tuple[int, Key]:
    """Shorter keys first, then by their parts: CKAN's order."""
    return len(key), key


def make_full_schema(data: dict[Key, Any], schema: dict[str, Any]) -> dict[Key, Any]:
    """The rule of each value, in the order in which CKAN asks them: sorting what is sorted is quick.

    CKAN asks once for the values and once for the rules of the same data, one after the other; the second time is answered from the first.
    """
    former = getattr(_kept, "last", None)
    _kept.last = None
    if former is not None and former[0] is data and former[1] is schema:
        return former[2]
    made = _make(data, schema)
    ordered = {key: made[key] for key in sorted(made, key=order)}
    _kept.last = data, schema, ordered
    return ordered


def begin() -> None:
    """Let CKAN's validation use them."""
    navl.make_full_schema = make_full_schema
    navl.flattened_order_key = order  # type: ignore[assignment]
    # A batch holds what it makes until its end: looking through it for garbage, again and again, finds none.
    _collecting.append(gc.isenabled())
    gc.disable()


def end() -> None:
    """Let it use its own again."""
    navl.make_full_schema = _make
    navl.flattened_order_key = _order
    _kept.last = None
    if _collecting.pop():
        gc.enable()
