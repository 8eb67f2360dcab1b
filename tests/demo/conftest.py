from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "config" / "demo"
sys.path.insert(0, str(DEMO))

from replay import Replay  # noqa: E402


@pytest.fixture
def replay() -> Iterator[Replay]:
    with Replay() as running:
        yield running


@pytest.fixture
def demo() -> Path:
    return DEMO
