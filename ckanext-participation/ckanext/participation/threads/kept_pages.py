"""Pages of messages that are the same for everybody who is not signed in, kept in the memory of each web process.

A page is served again only while its thread has the version that it was drawn with, and after the reader's right was asked: what a kept
page may be late with is the name of an author or an organisation, and that for `participation.threads.kept_seconds` at most. Sixty-four
pages of fifty messages take some three megabytes.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass

from cachetools import TTLCache

from ckanext.participation import config

PAGES = 64

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Kept:
    """A page of messages as it was drawn, and the version of its thread then."""

    version: int
    html: str


def find(key: str) -> Kept | None:
    """Return the page that is kept under `key`, if it is not too old."""
    with _lock:
        return _pages(config.kept_seconds()).get(key)


def keep(key: str, page: Kept) -> None:
    """Keep a page under `key`; the one that was asked for the longest ago makes room."""
    with _lock:
        _pages(config.kept_seconds())[key] = page


def clear() -> None:
    """Forget every page: the database has been put back or emptied, and numbers and versions begin again."""
    with _lock:
        _pages.cache_clear()


@functools.lru_cache(maxsize=1)
def _pages(seconds: int) -> TTLCache[str, Kept]:
    """Return where pages are kept; another age begins with nothing."""
    return TTLCache(PAGES, seconds)
