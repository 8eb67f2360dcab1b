"""Reads one YAML file into values whose lines are known, and refuses what a data file has no need of.

A file is written by hand and may come from anywhere: whatever stands in it leads to values or to one `UnreadableError`
with a line, never to another exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

LARGEST_FILE: Final = 1_000_000
DEEPEST: Final = 6
LONGEST_SHOWN: Final = 120
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def shown(value: object) -> str:
    """A value as a message quotes it: escaped, and never longer than a line."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… ({len(text)} characters)"


class UnreadableError(ValueError):
    """Why a file is no document that could be checked."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(message)


def parse(raw: bytes) -> tuple[yaml.Node | None, Any]:
    """The document's nodes and its values.

    Size, depth and YAML aliases are refused before anything is built: building deep nesting ends the process, and an
    alias can make a document that contains itself.
    """
    if len(raw) > LARGEST_FILE:
        raise UnreadableError(1, f"is larger than a licence file may be ({LARGEST_FILE} bytes)")
    loader: Any = None
    try:
        text = raw.decode("utf-8")
        _refuse_aliases_and_depth(text)
        loader = LOADER(text)
        node = loader.get_single_node()
        _refuse_repeated_keys(node)
        return node, _construct(loader, node) if node is not None else None
    except UnicodeDecodeError as error:
        raise UnreadableError(raw[: error.start].count(b"\n") + 1, "is not UTF-8 text") from error
    except yaml.reader.ReaderError as error:
        line = raw[: error.position].count(b"\n") + 1
        raise UnreadableError(line, "holds a control character that YAML does not allow") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(mark.line + 1 if mark else 1, f"is not YAML: {error.problem}") from error
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_aliases_and_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, LOADER):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableError(line, "has a YAML anchor or alias; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise UnreadableError(line, f"is nested deeper than {DEEPEST} levels")


def _refuse_repeated_keys(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if name in first:
                raise UnreadableError(line, f"{shown(name)} stands here a second time (first on line {first[name]})")
            first[name] = line
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item)


def _construct(loader: Any, node: yaml.Node) -> Any:
    try:
        return loader.construct_document(node)
    except (ValueError, OverflowError) as error:
        for leaf in leaves(node):
            try:
                LOADER("").construct_object(leaf)
            except (ValueError, OverflowError):
                line = leaf.start_mark.line + 1
                raise UnreadableError(line, f"{shown(leaf.value)} is no value that YAML knows; put it between quotes") from error
        raise


def lines_of(node: yaml.MappingNode) -> dict[tuple[str, str], int]:
    """The line of every field of a mapping, under `(field, "")`, and of every scalar in it, under `(field, scalar)`."""
    lines: dict[tuple[str, str], int] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        lines[key, ""] = key_node.start_mark.line + 1
        for leaf in leaves(value_node):
            lines.setdefault((key, leaf.value), leaf.start_mark.line + 1)
    return lines


def leaves(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Every scalar, the keys of mappings among them."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from leaves(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from leaves(key)
            yield from leaves(value)
