"""Conversations that tests of several modules begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def question(person: Make, dataset: Make, as_user: Make) -> dict[str, Any]:
    """A question about a dataset, with who asked and who answers for it."""
    asker, staff = person(), person()
    about = dataset(staff=staff)
    thread = as_user(asker, "participation_thread_create", subject_id=about["id"], title="Why?", body="One.", lang="en")
    return {"asker": asker, "staff": staff, "dataset": about, "id": thread["id"]}


@pytest.fixture
def talk(question: dict[str, Any], as_user: Make) -> dict[str, Any]:
    """A question with answers by citizens and in the organisation's name."""
    for number in range(6):
        as_user(question["staff" if number % 2 else "asker"], "participation_comment_create", thread_id=question["id"], body="Words.",
                lang="en", as_organization=bool(number % 2))
    return question
