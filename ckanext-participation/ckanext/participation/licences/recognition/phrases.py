"""A set of phrases that finds the longest one beginning at a word, in time that grows with the phrase and not with the set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
_END: Final = ""


class Phrases(Generic[T]):
    """Phrases of words, each with a value."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        """Take phrases whose words are separated by blanks; of two equal ones the first stays."""
        self._root: dict[str, Any] = {}
        for phrase, value in entries:
            place = self._root
            for word in phrase.split():
                place = place.setdefault(word, {})
            place.setdefault(_END, value)

    def longest(self, words: Sequence[str], start: int) -> tuple[int, T] | None:
        """Return where the longest phrase that begins at `start` ends, and its value."""
        place = self._root.get(words[start])
        found: tuple[int, T] | None = None
        end = start + 1
        while place is not None:
            if _END in place:
                found = (end, place[_END])
            if end == len(words):
                break
            place = place.get(words[end])
            end += 1
        return found

    def beginnings(self) -> list[str]:
        """Return the words with which a phrase begins."""
        return list(self._root)
