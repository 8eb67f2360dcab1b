"""Reads one licence file and checks it against the schema; every problem knows its line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import yaml

from ckanext.participation.licences.folding import LONGEST_URL, looks_like_url

from .document import UnreadableError, leaves, lines_of, parse, shown
from .licence import Binds, Licence, OpenDefinition, Right, ShareAlike
from .terms import TERMS, ids

PLACEHOLDERS: Final = frozenset({"publisher", "title", "year", "updated", "url", "licence", "licence_url"})
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
LANGUAGES: Final = frozenset({"en", "fr"})
REQUIRED: Final = ("id", "family", "names", "sources")
TEXT: Final = frozenset({"id", "family", "version", "short_name", "jurisdiction", "spdx", "port_of"})
ADDRESS: Final = frozenset({"url", "url_fr", "eu_uri"})
BILINGUAL: Final = frozenset({"names", "deed", "attribution", "notes"})
LISTS: Final = frozenset({"aliases", "urls", "generic_for", "supersedes", "compatible_with", "rights"})
TERM_LISTS: Final = {"permissions": "permission", "duties": "duty", "prohibitions": "prohibition"}
OTHERS: Final = frozenset({"open_definition", "selectable", "sources", "clauses", "share_alike"})
DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
KNOWN: Final = TEXT | ADDRESS | BILINGUAL | LISTS | OTHERS | frozenset(TERM_LISTS)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a licence file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A licence with the line on which each of its values stands."""

    licence: Licence
    file: str
    lines: dict[tuple[str, str], int]

    def line(self, key: str, value: str = "") -> int:
        return self.lines.get((key, value)) or self.lines.get((key, ""), 0)

    def problem(self, key: str, value: str, message: str) -> Problem:
        return Problem(self.file, self.line(key, value), message)

    def spellings(self, kind: str) -> Iterator[tuple[str, int]]:
        """Every text or address by which this licence may be named, with its line."""
        licence = self.licence
        if kind == "text":
            yield licence.id, self.line("id")
            for key, values in (
                ("spdx", [licence.spdx]),
                ("short_name", [licence.short_name]),
                ("names", list(licence.names.values())),
                ("aliases", [alias for alias in licence.aliases if not looks_like_url(alias)]),
            ):
                yield from ((value, self.line(key, value)) for value in values if value)
            return
        for key, values in (
            ("url", [licence.url]),
            ("url_fr", [licence.url_fr]),
            ("deed", list(licence.deed.values())),
            ("eu_uri", [licence.eu_uri]),
            ("urls", list(licence.urls)),
            ("aliases", [alias for alias in licence.aliases if looks_like_url(alias)]),
        ):
            yield from ((value, self.line(key, value)) for value in values if value)
        if licence.spdx:
            yield f"https://spdx.org/licenses/{licence.spdx}", self.line("spdx")


def read_file(path: Path) -> tuple[Entry | None, list[Problem]]:
    """The licence a file states, or the reasons why it states none. Never raises for what stands in the file."""
    name = path.name
    raw = path.read_bytes()
    try:
        node, data = parse(raw)
    except UnreadableError as error:
        return None, [Problem(name, error.line, error.message)]
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        return None, [Problem(name, 1, "must hold one licence: a mapping of fields")]
    lines = lines_of(node)
    problems = [*_texts(name, node), *_check(name, path.stem, data, lines)]
    if problems:
        return None, problems
    lists = {key: tuple(data.get(key) or ()) for key in (*LISTS, *TERM_LISTS, "sources")}
    fields: dict[str, Any] = {**data, **lists, "file": name}
    if share := data.get("share_alike"):
        fields["share_alike"] = ShareAlike(share["binds"], share["later"], tuple(share.get("also") or ()))
    return Entry(Licence(**fields), name, lines), []


def _texts(file: str, node: yaml.MappingNode) -> Iterator[Problem]:
    """Characters that nobody can see: controls, line breaks, marks that turn the direction of writing."""
    for leaf in leaves(node):
        if leaf.value.isprintable():
            continue
        if found := next((c for c in leaf.value if unicodedata.category(c) in UNSEEN), None):
            yield Problem(file, leaf.start_mark.line + 1, f"{shown(leaf.value)} holds the control character U+{ord(found):04X}")


def _check(
    file: str, stem: str, data: dict[Any, Any], lines: dict[tuple[str, str], int]
) -> Iterator[Problem]:
    found = [(key, "", f"field {key!r} is required") for key in REQUIRED if not data.get(key)]
    for key, value in data.items():
        found += [(key, wrong, message) for wrong, message in _field(key, value)]
    found += _whole(stem, data)
    for key, wrong, message in found:
        yield Problem(file, lines.get((str(key), wrong)) or lines.get((str(key), ""), 0), message)


def _field(key: Any, value: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with one field: the value to point at (or nothing) and the message."""
    if key not in KNOWN:
        yield "", f"unknown field {shown(key)}"
    elif key in TEXT and not isinstance(value, str):
        yield "", f"{key} must be text (put it between quotes)"
    elif key in ADDRESS and not looks_like_url(value):
        yield str(value), f"{key} must be a web address, at most {LONGEST_URL} characters long"
    elif key in BILINGUAL:
        yield from (("", message) for message in _bilingual(key, value))
    elif key == "share_alike":
        yield from (("", message) for message in _share_alike(value))
    elif key in LISTS or key in TERM_LISTS:
        yield from _list(key, value)


def _list(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        yield "", f"{key} must be a list of texts"
    elif key in TERM_LISTS:
        yield from _terms(key, value)
    elif key == "urls":
        message = f"is not a web address, or longer than {LONGEST_URL} characters"
        yield from ((item, f"{shown(item)} {message}") for item in value if not looks_like_url(item))
    elif key == "rights":
        known = get_args(Right)
        yield from ((item, f"unknown right {shown(item)}; rights may name: {', '.join(known)}") for item in value if item not in known)


def _whole(stem: str, data: dict[Any, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong between fields, or with the fields that have a shape of their own: field, value, message."""
    if isinstance(data.get("id"), str) and data["id"] != stem:
        yield "id", "", f"the file of licence {shown(data['id'])} must be called {data['id'][:40]}.yaml"
    if data.get("open_definition", "unknown") not in get_args(OpenDefinition):
        yield "open_definition", "", f"open_definition must be one of {', '.join(get_args(OpenDefinition))}"
    if not isinstance(data.get("selectable", True), bool):
        yield "selectable", "", "selectable must be true or false"
    yield from (("sources", wrong, message) for wrong, message in _sources(data.get("sources") or []))
    named = {term for key in TERM_LISTS for term in _listed(data.get(key))}
    yield from (("clauses", term, message) for term, message in _clauses(data.get("clauses", {}), named))
    if data.get("share_alike") and "share-alike" not in named:
        yield "share_alike", "", "share_alike says how the duty share-alike binds, but the duties do not list it"
    if "share-alike" in named and not data.get("share_alike"):
        yield "duties", "share-alike", "the duty share-alike needs the field share_alike, which says how it binds"


def _listed(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _sources(value: object) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list) or not all(
        isinstance(source, dict)
        and {"fact", "from"} <= set(source)
        and all(isinstance(text, str) and text for text in (*source, *source.values()))
        for source in value
    ):
        yield "", "sources must be a list of {fact, from}"
        return
    for source in value:
        if unknown := set(source) - {"fact", "from", "date"}:
            yield min(unknown), f"sources has an unknown field {shown(min(unknown))}"
        elif not DATE.fullmatch(source.get("date", "2000")):
            yield source["date"], f"{shown(source['date'])} is not a date: YYYY, YYYY-MM or YYYY-MM-DD"


def _clauses(value: object, named: set[str]) -> Iterator[tuple[str, str]]:
    """Clauses stand for terms that the file lists: a reference to anything else helps nobody."""
    if not isinstance(value, dict) or not all(isinstance(text, str) and text for text in (*value, *value.values())):
        yield "", "clauses must hold texts by term"
        return
    for term in value:
        if term not in TERMS:
            yield term, f"clauses has an unknown term {shown(term)}"
        elif term not in named:
            yield term, f"clauses has {shown(term)}, which is not among the permissions, duties and prohibitions"


def _share_alike(value: object) -> Iterator[str]:
    if not isinstance(value, dict) or set(value) - {"binds", "later", "also"}:
        yield "share_alike must hold binds, later and, where there are any, also"
        return
    if value.get("binds") not in get_args(Binds):
        yield f"share_alike: binds must be one of {', '.join(get_args(Binds))}"
    if not isinstance(value.get("later"), bool):
        yield "share_alike: later must be true or false"
    also = value.get("also", [])
    if not isinstance(also, list) or len(_listed(also)) != len(also):
        yield "share_alike: also must be a list of ids"


def _bilingual(key: str, value: object) -> Iterator[str]:
    if (
        not isinstance(value, dict)
        or not value
        or not all(isinstance(text, str) and text for text in value.values())
    ):
        yield f"{key} must hold texts by language: en, fr"
        return
    if unknown := set(value) - LANGUAGES:
        yield f"{key} has an unknown language: {', '.join(sorted(map(str, unknown)))}"
    if key != "deed" and (missing := LANGUAGES - set(value)):
        yield f"{key} lacks {', '.join(sorted(missing))}"
    if key == "deed":
        yield from (f"{shown(text)} is not a web address" for text in value.values() if not looks_like_url(text))
    if key == "attribution":
        for text in value.values():
            for name in PLACEHOLDER.findall(text):
                if name not in PLACEHOLDERS:
                    yield f"attribution has an unknown placeholder {{{name[:40]}}}"


def _terms(key: str, value: list[str]) -> Iterator[tuple[str, str]]:
    kind = TERM_LISTS[key]
    for item in value:
        if item not in TERMS:
            yield item, f"unknown term {shown(item)}; {key} may name: {', '.join(sorted(ids(kind)))}"  # type: ignore[arg-type]
        elif TERMS[item].kind != kind:
            yield item, f"{shown(item)} is a {TERMS[item].kind}, not one of the {key}"
