"""A home that nothing runs in, and commands of the stack as a person types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import running
from layout import Home

REPLACEABLE = ("DATABASE_URL", "REDIS_URL", "SOLR_URL", "SOLR_PARTICIPATION_URL", "SMTP_SERVER", "STORAGE_PATH")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Open a home with no service replaced."""
    for name in REPLACEABLE:
        monkeypatch.delenv(name, raising=False)
    return Home.open(tmp_path / "home", 5001)


@pytest.fixture
def stack(tmp_path: Path) -> Callable[..., Any]:
    """Run `config/stack` with a home of its own: `stack("up", PATH="/nowhere")`; gives the finished process."""

    def run(*words: str, **environment: str) -> Any:
        given = {"PARTICIPATION_HOME": str(tmp_path / "home"), "PORT": str(running.free_port()), **environment}
        return running.run_stack(*words, seconds=60, **given)

    return run
