"""What is the same: hashes of records that do not depend on order, on blank nodes' labels or on the process. Knows no CKAN."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from ckanext.participation.harvesting.statements import Statement, is_rdf

MAX_ROUNDS = 8
# What a CKAN says of a dataset or file that is not about it: when it was last touched, and how often it was looked at.
PASSING = frozenset({"metadata_modified", "revision_id", "revision_timestamp", "tracking_summary", "num_followers"})


class Fingerprint(NamedTuple):
    """By what a record is known again: the source's own date, and a hash of its content."""

    modified: str
    content: str


def fingerprint(content: Any) -> Fingerprint:
    """The fingerprint of a record as it is stored with its harvest object."""
    if isinstance(content, Mapping):
        if isinstance(content.get("hash"), str) and is_rdf(content):
            return Fingerprint("", content["hash"])
        return Fingerprint(moment(content.get("metadata_modified")), of_json(_lasting(content)))
    return Fingerprint("", of_json(content))


def _lasting(content: Mapping[str, Any]) -> dict[str, Any]:
    lasting = {key: value for key, value in content.items() if key not in PASSING}
    files = lasting.get("resources")
    if isinstance(files, list):
        lasting["resources"] = [
            {key: value for key, value in file.items() if key not in PASSING} if isinstance(file, Mapping) else file for file in files
        ]
    return lasting


def moment(value: object) -> str:
    """A date as it is compared: in milliseconds, which is all that a catalogue's index keeps of it; "" when it is none."""
    if not isinstance(value, str) or not value:
        return ""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return value[:100]
    return f"{read.replace(tzinfo=None):%Y-%m-%dT%H:%M:%S}.{read.microsecond // 1000:03d}"


def of_json(value: Any) -> str:
    """A hash of JSON, whatever the order of its keys."""
    try:
        raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Numbers beyond 64 bits and half characters, which JSON may hold and orjson refuses.
        raw = json.dumps(value, sort_keys=True, ensure_ascii=True).encode()
    return hashlib.sha256(raw).hexdigest()[:32]


def of_triples(statements: Iterable[Statement], *context: str) -> str:
    """A hash of statements. Blank nodes count by what is said of them, never by their labels, which are new in every parse.

    :param context: what else decides how the record is read
    """
    said = list(statements)
    of_blank: dict[str, list[tuple[str, str]]] = {}
    for subject, predicate, target in said:
        # As `is_blank` says, without a call for each of a page's hundred thousand terms.
        if subject[0] == "_":
            of_blank.setdefault(subject, []).append((predicate, target))
        if target[0] == "_":
            of_blank.setdefault(target, [])
    if not of_blank:
        return _digest([*context, "", *sorted(map(" ".join, said))])
    colours = _colours(of_blank)
    lines = [f"{colours.get(subject, subject)} {predicate} {colours.get(target, target)}" for subject, predicate, target in said]
    return _digest([*context, "", *sorted(lines)])


def _colours(of_blank: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    """What stands for each blank node: a hash of what is said of it."""
    # Each round brings what is said one step further away; rounds instead of recursion, because blank nodes may form circles. What names
    # no other blank node is the same in every round, and so is all once nothing changed any more.
    colours = dict.fromkeys(of_blank, "_:")
    changing = of_blank
    for number in range(min(len(of_blank), MAX_ROUNDS)):
        fresh = {
            node: f"_:{_digest(sorted([f'{predicate} {colours.get(target, target)}' for predicate, target in about]))}"
            for node, about in changing.items()
        }
        if number and all(colours[node] == colour for node, colour in fresh.items()):
            break
        colours.update(fresh)
        if not number:
            changing = {node: about for node, about in of_blank.items() if any(target in of_blank for _, target in about)}
    return colours


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:32]
