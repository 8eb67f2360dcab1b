"""Reads one licence file and checks it against the schema; every problem knows its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import yaml

from .folding import looks_like_url
from .licence import Licence, OpenDefinition
from .terms import TERMS, ids

PLACEHOLDERS: Final = frozenset({"publisher", "title", "year", "updated", "url", "licence", "licence_url"})
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
LANGUAGES: Final = frozenset({"en", "fr"})
REQUIRED: Final = ("id", "family", "names", "sources")
TEXT: Final = frozenset({"id", "family", "version", "short_name", "jurisdiction", "spdx"})
ADDRESS: Final = frozenset({"url", "url_fr", "eu_uri"})
BILINGUAL: Final = frozenset({"names", "deed", "attribution", "notes"})
LISTS: Final = frozenset({"aliases", "urls", "generic_for", "supersedes"})
TERM_LISTS: Final = {"permissions": "permission", "duties": "duty", "prohibitions": "prohibition"}
OTHERS: Final = frozenset({"open_definition", "selectable", "sources"})
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
    """The licence a file states, or the reasons why it states none."""
    name = path.name
    try:
        node, data = _parse(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return None, [Problem(name, line, f"is not YAML: {error.problem}")]
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        return None, [Problem(name, 0, f"cannot be read: {error}")]
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        return None, [Problem(name, 1, "must hold one licence: a mapping of fields")]
    lines = _lines(node)
    problems = list(_check(name, path.stem, data, lines))
    if problems:
        return None, problems
    lists = {key: tuple(data.get(key) or ()) for key in (*LISTS, *TERM_LISTS, "sources")}
    fields: dict[str, Any] = {**data, **lists, "file": name}
    return Entry(Licence(**fields), name, lines), []


def _parse(text: str) -> tuple[yaml.Node | None, Any]:
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()


def _lines(node: yaml.MappingNode) -> dict[tuple[str, str], int]:
    lines: dict[tuple[str, str], int] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        lines[key, ""] = key_node.start_mark.line + 1
        for leaf in _leaves(value_node):
            lines.setdefault((key, leaf.value), leaf.start_mark.line + 1)
    return lines


def _leaves(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _leaves(item)
    elif isinstance(node, yaml.MappingNode):
        for _key, value in node.value:
            yield from _leaves(value)


def _check(
    file: str, stem: str, data: dict[Any, Any], lines: dict[tuple[str, str], int]
) -> Iterator[Problem]:
    found = [(key, "", f"field {key!r} is required") for key in REQUIRED if not data.get(key)]
    for key, value in data.items():
        found += [(key, wrong, message) for wrong, message in _field(key, value)]
    found += [(key, "", message) for key, message in _whole(stem, data)]
    for key, wrong, message in found:
        yield Problem(file, lines.get((str(key), wrong)) or lines.get((str(key), ""), 0), message)


def _field(key: Any, value: Any) -> Iterator[tuple[str, str]]:
    """What is wrong with one field: the value to point at (or nothing) and the message."""
    if key not in KNOWN:
        yield "", f"unknown field {key!r}"
    elif key in TEXT and not isinstance(value, str):
        yield "", f"{key} must be text (put it between quotes)"
    elif key in ADDRESS and not looks_like_url(value):
        yield str(value), f"{key} must be a web address"
    elif key in BILINGUAL:
        yield from (("", message) for message in _bilingual(key, value))
    elif key in LISTS or key in TERM_LISTS:
        yield from _list(key, value)


def _list(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        yield "", f"{key} must be a list of texts"
    elif key in TERM_LISTS:
        yield from _terms(key, value)
    elif key == "urls":
        yield from ((item, f"{item!r} is not a web address") for item in value if not looks_like_url(item))


def _whole(stem: str, data: dict[Any, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong between fields, or with the fields that have a shape of their own."""
    if isinstance(data.get("id"), str) and data["id"] != stem:
        yield "id", f"the file of licence {data['id']!r} must be called {data['id']}.yaml"
    if data.get("open_definition", "unknown") not in get_args(OpenDefinition):
        yield "open_definition", f"open_definition must be one of {', '.join(get_args(OpenDefinition))}"
    if not isinstance(data.get("selectable", True), bool):
        yield "selectable", "selectable must be true or false"
    sources = data.get("sources") or []
    if not isinstance(sources, list) or not all(
        isinstance(source, dict) and source.get("fact") and source.get("from") for source in sources
    ):
        yield "sources", "sources must be a list of {fact, from}"


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
        yield from (f"{text!r} is not a web address" for text in value.values() if not looks_like_url(text))
    if key == "attribution":
        for text in value.values():
            for name in PLACEHOLDER.findall(text):
                if name not in PLACEHOLDERS:
                    yield f"attribution has an unknown placeholder {{{name}}}"


def _terms(key: str, value: list[str]) -> Iterator[tuple[str, str]]:
    kind = TERM_LISTS[key]
    for item in value:
        if item not in TERMS:
            yield item, f"unknown term {item!r}; {key} may name: {', '.join(sorted(ids(kind)))}"  # type: ignore[arg-type]
        elif TERMS[item].kind != kind:
            yield item, f"{item!r} is a {TERMS[item].kind}, not one of the {key}"
