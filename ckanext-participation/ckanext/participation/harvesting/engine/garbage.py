"""Garbage while a portion is written.

What a portion makes is held until its end, and whoever looks for garbage goes through all of it, and through all that CKAN has in
memory, again and again: a seventh of what CKAN's processes spent on a first import. Graphs of RDF are garbage that only such a look
finds; it is enough to go through what is new.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Let garbage lie until the block ends, if it is collected at all."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def collect_new() -> None:
    """Collect what became garbage since the last time."""
    gc.collect(0)
