"""Reads the part of Solr's query language that CKAN's clients send, and answers it over plain dictionaries.

Understood: ``field:value``, ``"phrases"``, wildcards, ranges with inclusive and exclusive ends, ``*:*``,
groups, ``AND``, ``OR``, ``NOT``, ``+``, ``-``, ``!``, ``&&``, ``||``; words side by side are joined by AND,
as CKAN asks of Solr. Left out: scoring, fuzzy and proximity search, boosts, stemming. What cannot be read
raises ``QueryError``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

Document = Mapping[str, list[str]]
Matcher = Callable[[Document], bool]

TOKEN = re.compile(
    r"""\s*(?:
        (?P<range>[\[{]\s*(?P<low>"[^"]*"|\S+)\s+TO\s+(?P<high>"[^"]*"|[^\s\]}]+)\s*[\]}])
      | "(?P<phrase>(?:\\.|[^"\\])*)"
      | (?P<field>[\w*](?:[\w.*-]|\\.)*):(?!\s)
      | (?P<sign>&&|\|\||[()+!-])
      | (?P<word>(?:\\.|[^\s()"\[\]{}:])+)
    )""",
    re.VERBOSE,
)
TEXT_FIELDS = {"text", "title", "notes", "author", "maintainer", "res_name", "res_description"}
DATE_FIELDS = {"metadata_modified", "metadata_created"}


class QueryError(ValueError):
    """The query cannot be read; the message is for the person who wrote it."""


def fold(text: str) -> str:
    """Lower case without accents, as the index keeps words."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text))


def parse(query: str, default_field: str = "text") -> Matcher:
    """A function that says whether a document answers ``query``."""
    reader = _Reader(query)
    if not reader.tokens:
        return lambda document: True
    try:
        matcher = reader.either(default_field)
    except RecursionError:
        raise QueryError("Cannot parse the query: it is nested too deeply") from None
    if reader.tokens:
        raise QueryError(f"Cannot parse '{query}'")
    return matcher


class _Reader:
    """Recursive descent over the tokens; ``tokens`` holds what is still to be read, the next one last."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens: list[re.Match[str]] = []
        at, text = 0, query.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None or found.end() == at:
                raise QueryError(f"Cannot parse '{query}'")
            self.tokens.append(found)
            at = found.end()
        self.tokens.reverse()

    def _next_is(self, *spellings: str) -> bool:
        if not self.tokens:
            return False
        token = self.tokens[-1]
        return (token["sign"] or token["word"]) in spellings

    def _take(self) -> re.Match[str]:
        if not self.tokens:
            raise QueryError(f"Cannot parse '{self.query}': it ends too early")
        return self.tokens.pop()

    def either(self, field: str) -> Matcher:
        choices = [self.both(field)]
        while self._next_is("OR", "||"):
            self._take()
            choices.append(self.both(field))
        return lambda document: any(choice(document) for choice in choices)

    def both(self, field: str) -> Matcher:
        parts = [self.one(field)]
        while self.tokens and not self._next_is("OR", "||", ")"):
            if self._next_is("AND", "&&"):
                self._take()
            parts.append(self.one(field))
        return lambda document: all(part(document) for part in parts)

    def one(self, field: str) -> Matcher:
        if self._next_is("-", "!", "NOT"):
            self._take()
            refused = self.one(field)
            return lambda document: not refused(document)
        token = self._take()
        if token["sign"] == "+":
            return self.one(field)
        if token["sign"] == "(":
            inner = self.either(field)
            if not self._next_is(")"):
                raise QueryError(f"Cannot parse '{self.query}': a parenthesis is not closed")
            self._take()
            return inner
        if token["field"]:
            return self.one(_unescape(token["field"]))
        if token["range"]:
            return _in_range(field, token)
        if token["phrase"] is not None:
            return _equals(field, _unescape(token["phrase"]), literal=True)
        if token["word"] in {"AND", "OR"} or token["word"] is None:
            raise QueryError(f"Cannot parse '{self.query}'")
        return _equals(field, token["word"], literal=False)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _equals(field: str, value: str, *, literal: bool) -> Matcher:
    if not literal and value == "*":
        return lambda document: field == "*" or any(document.get(field, ()))
    if not literal and re.search(r"(?<!\\)[*?]", value):
        pattern = _unescape(value).replace("[", "[[]")
        if field in TEXT_FIELDS:
            folded = fold(pattern)
            return lambda document: any(
                fnmatchcase(word, folded) for text in document.get(field, ()) for word in words(text)
            )
        return lambda document: any(fnmatchcase(text, pattern) for text in document.get(field, ()))
    plain = value if literal else _unescape(value)
    if field in DATE_FIELDS:
        return lambda document: any(_instant(text) == _instant(plain) for text in document.get(field, ()))
    if field in TEXT_FIELDS or field.startswith("extras_"):
        wanted = words(plain)
        return lambda document: any(_has_phrase(words(text), wanted) for text in document.get(field, ()))
    return lambda document: plain in document.get(field, ())


def _has_phrase(text: list[str], phrase: list[str]) -> bool:
    return any(text[at : at + len(phrase)] == phrase for at in range(len(text) - len(phrase) + 1))


def _in_range(field: str, token: re.Match[str]) -> Matcher:
    low, high = token["low"].strip('"'), token["high"].strip('"')
    with_low, with_high = token["range"].startswith("["), token["range"].endswith("]")
    key: Callable[[str], str | datetime] = _instant if field in DATE_FIELDS else _unescape
    first = None if low == "*" else key(low)
    last = None if high == "*" else key(high)

    def inside(text: str) -> bool:
        value = key(text)
        above = first is None or value > first or (with_low and value == first)  # type: ignore[operator]
        below = last is None or value < last or (with_high and value == last)  # type: ignore[operator]
        return above and below

    return lambda document: any(inside(text) for text in document.get(field, ()))


def _instant(text: str) -> datetime:
    """A date of Solr, which keeps milliseconds and always means UTC; ``NOW`` is now."""
    if text == "NOW":
        return datetime.now(UTC)
    try:
        read = datetime.fromisoformat(_unescape(text))
    except ValueError:
        raise QueryError(f"Invalid Date String:'{text}'") from None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    return read.replace(microsecond=read.microsecond // 1000 * 1000)
