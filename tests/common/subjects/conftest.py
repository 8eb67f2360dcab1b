"""What was talked about, is removed, and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from losing import FILES

Make = Callable[..., Any]


@pytest.fixture
def talked_about(person: Make, dataset: Make, as_user: Make) -> Callable[..., dict[str, Any]]:
    def make(**fields: Any) -> dict[str, Any]:
        about = dataset(**fields)
        thread = as_user(person(), "participation_thread_create", subject_id=about["id"], title="Why?", body="Words.")
        return {"dataset": about, "thread": thread}

    return make


@pytest.fixture
def about_a_file(person: Make, dataset: Make, as_user: Make) -> Callable[..., dict[str, Any]]:
    def make(**fields: Any) -> dict[str, Any]:
        about = dataset(**{"resources": FILES, **fields})
        thread = as_user(person(), "participation_thread_create", subject_type="resource", subject_id=about["resources"][0]["id"],
                         title="Why?", body="Words.")
        return {"dataset": about, "thread": thread}

    return make


@pytest.fixture
def plans() -> Iterator[list[str]]:
    """How PostgreSQL would run each statement that joins objects with subjects, asked where the statement runs."""
    seen: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "participation_subject" in statement and "FROM package" in statement and not statement.startswith("EXPLAIN"):
            seen.append("\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()))

    sa.event.listen(model.meta.engine, "before_cursor_execute", explain)
    yield seen
    sa.event.remove(model.meta.engine, "before_cursor_execute", explain)
