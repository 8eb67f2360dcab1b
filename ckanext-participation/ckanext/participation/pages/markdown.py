"""Markdown that was rendered already: the same text with the same settings gives the same HTML.

What is kept is bounded: some hundred texts of ordinary length, the least recently used go first. Long texts are rendered
each time. Nothing here knows who wrote a text or who may read it: only whoever has the text gets its HTML.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

TEXTS = 256
LONGEST = 20_000

_kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
_lock = Lock()


def rendered(text: Any, settings: tuple[Any, ...], render: Callable[[], Any]) -> Any:
    """Return what `render` makes of `text` under `settings`."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return render()
    return kept((text, *settings), render)


def kept(key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    """Return what `make` gave for `key` before, else what it gives now."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = make()
    with _lock:
        _kept[key] = made
        while len(_kept) > TEXTS:
            _kept.popitem(last=False)
    return made


def forget() -> None:
    """Forget every text."""
    with _lock:
        _kept.clear()
