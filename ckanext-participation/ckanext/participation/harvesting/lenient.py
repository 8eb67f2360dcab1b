"""JSON as offices write it: line breaks within texts, commas too many, one record a line. Pure.

What is broken beyond that stays broken: a guess at what is missing could make another record of it.
"""

from __future__ import annotations

import json
import re
from typing import Any

# A whole text, or what may be too much outside of texts.
_TEXT_OR_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[\]}])', re.DOTALL)
_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|["\\/bfnrt])|\\')


def loads(text: str) -> Any:
    """Read JSON, mended where only its writing is wrong.

    :raises ValueError: as `json.loads`, about the text as it came
    """
    try:
        return json.loads(text, strict=False)
    except ValueError as error:
        for read in (_mended, _lines):
            found = read(text)
            if found is not None:
                return found
        raise error from None


def _mended(text: str) -> Any:
    mended = _TEXT_OR_COMMA.sub(lambda found: _ESCAPE.sub(_escape, found[1]) if found[1] else found[2], text)
    try:
        return json.loads(mended, strict=False)
    except ValueError:
        return None


def _escape(found: re.Match[str]) -> str:
    return found[0] if found[1] else "\\\\"


def _lines(text: str) -> list[Any] | None:
    """One record a line; None when a line is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        return [json.loads(line, strict=False) for line in lines]
    except ValueError:
        return None
