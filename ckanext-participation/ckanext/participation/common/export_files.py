"""Records as files, a piece at a time: CSV that a spreadsheet opens without running anything, and JSON. Pure.

CSV: UTF-8 with a byte order mark, because spreadsheets take accents for another alphabet without one; a header line; comma; CRLF
(RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe in front: the JSON holds the exact text.
JSON: one array, a record a line. A file that was cut off on the way is no valid JSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

Records = Iterable[list[dict[str, Any]]]

BOM = "\ufeff"
# OWASP's list, and the full-width forms that some spreadsheets fold to it.
_FORMULA = re.compile(r"^\s*[=+\-@\t\r＝＋－＠]")
# A spreadsheet set to French splits at semicolons, knows no quotes inside a line and ends the row at a line break: there a cell begins
# inside a text. A list's dash or plus followed by a space stays, unless its line could be a call to another program.
_INSIDE = re.compile(r"([;\t\n\r][\"' ]*)(?=[=@＝＋－＠]|[+-](?! )|[+-] [^\n\r]*\|)")


def inert(value: Any) -> str:
    """Return a value as the text of a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    safe = _INSIDE.sub(r"\1'", value)
    return f"'{safe}" if _FORMULA.match(value) else safe


def as_csv(pages: Records, fields: tuple[str, ...]) -> Iterator[bytes]:
    """Yield the file in pieces of a page each."""
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    buffer.write(BOM)
    rows.writerow(fields)
    for page in pages:
        rows.writerows([inert(record[name]) for name in fields] for record in page)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def as_json(pages: Records) -> Iterator[bytes]:
    """Yield the file in pieces of a page each."""
    lead = b"[\n"
    for page in pages:
        if page:
            yield lead + b",\n".join(orjson.dumps(record) for record in page)
            lead = b",\n"
    yield b"[]\n" if lead == b"[\n" else b"\n]\n"


def file_name(name: str, suffix: str, what: str = "conversations") -> str:
    """Return a file name of plain letters, whatever the subject is called: it goes into a header."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower())[:80].strip("-")
    return f"{what}-{plain or 'export'}.{suffix}"
