"""Which sentences of a report are the same, and what of an address everybody may read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

EXAMPLES = 3
# What differs between two sentences that say the same thing about two records.
_DIFFERS = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']*'|https?://\S+|\d+")
_ADDRESS = re.compile(r"(?i)\bhttps?://[^\s“”\"'<>]+")


class Example(NamedTuple):
    """A record about which a sentence was written; `package` is the name of its dataset here."""

    guid: str
    package: str = ""
    title: str = ""


@dataclass(slots=True)
class Sentence:
    """One thing that a report says, `count` times, of which `examples` are the first."""

    text: str
    count: int = 0
    examples: list[Example] = field(default_factory=list)


def grouped(rows: Iterable[tuple[str, int, Iterable[Example]]]) -> list[Sentence]:
    """Put together what differs in numbers, names and addresses alone; the most frequent first."""
    found: dict[str, Sentence] = {}
    for text, count, examples in rows:
        one = found.setdefault(_DIFFERS.sub("…", text), Sentence(text))
        one.count += count
        one.examples += list(examples)[: EXAMPLES - len(one.examples)]
    return sorted(found.values(), key=lambda one: (-one.count, one.text))


def for_everybody(text: str) -> str:
    """Return a sentence without what an address may keep a key in: its account and its query."""
    return _ADDRESS.sub(lambda found: public_address(found[0]), text)


def public_address(url: str) -> str:
    """Return an address without account, query and fragment; with a sign where a query was."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "…"
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{port}{parts.path}{'?…' if parts.query else ''}"
