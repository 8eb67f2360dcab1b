"""What was talked about, is removed, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
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
