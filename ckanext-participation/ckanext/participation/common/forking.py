"""The first thing that a forked process does."""

from __future__ import annotations

from typing import Any

from ckan import model


def leave_connections() -> None:
    """Leave the database's connections that were open at the fork to the process that opened them; this one opens its own."""
    engine: Any = model.meta.engine
    if engine is not None:
        engine.dispose(close=False)
    model.Session.remove()
