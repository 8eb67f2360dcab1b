"""Reads a folder of recordings. ``ORIGIN`` stands in them wherever the origin wrote its own address."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

ORIGIN = "http://origin.example"
RECORDED = Path(__file__).resolve().parent.parent / "recordings"


def read_text(path: Path) -> str:
    """The text of ``path``, or of ``path`` + ``.gz``: recordings may be kept either way."""
    if path.exists():
        return path.read_text("utf-8")
    return gzip.decompress(path.with_name(path.name + ".gz").read_bytes()).decode("utf-8")


def read_json(path: Path) -> Any:
    return json.loads(read_text(path))


def addressed(text: str, base: str) -> bytes:
    """The recorded text as a client sees it who asked at ``base``."""
    return text.replace(ORIGIN, base).encode("utf-8")
