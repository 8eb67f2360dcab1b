"""What every recording shares: the same bytes each time, and nobody's name or address left behind."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Replaced by the address the server was asked at: next-page links must be absolute, as DCAT readers follow
# them as they are.
ORIGIN = "http://origin.example"


def write(path: Path, text: str) -> None:
    """Write ``text`` compressed; without a time stamp, so that the same text gives the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))


def dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def without_emails(text: str, organisation: str) -> str:
    return EMAIL.sub(f"contact@{organisation}.example", text)


def refuse_people(text: str, people: Iterable[str], where: str) -> None:
    """Stop before anything is written if a name that was taken out is still there."""
    left = sorted(name for name in set(people) if re.search(rf"\b{re.escape(name)}\b", text))
    if left:
        raise SystemExit(f"{where}: names of people are left: {', '.join(left)}")
