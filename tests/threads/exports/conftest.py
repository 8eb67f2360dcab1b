"""Conversations to export, and their export as somebody reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.fixture
def ask(as_user: Make) -> Make:
    """Start a thread: `ask(person, dataset)`; further fields as the action takes them."""

    def make(user: dict[str, Any], about: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return as_user(user, "participation_thread_create",
                       **{"subject_id": about["id"], "title": "Why?", "body": "Some *words*.", "kind": "question", **fields})

    return make


@pytest.fixture
def export(as_user: Make) -> Make:
    """Give all records of an export, page by page."""

    def every(user: dict[str, Any] | None, about: str, **data: Any) -> list[dict[str, Any]]:
        records, after = [], None
        while True:
            page = as_user(user, "participation_thread_export", subject_id=about, after=after, **data)
            records += page["results"]
            after = page["next"]
            if after is None:
                return records

    return every


def file_of(app: Any, address: str, user: dict[str, Any] | None = None, **options: Any) -> Any:
    headers = options.pop("headers", {}) | ({"Authorization": user["token"]} if user else {})
    # The server reads a streamed file to its end before it leaves the request; so does this. A context of its own forgets who read before.
    with app.flask_app.app_context():
        return app.get(address, headers=headers, buffered=True, **options)
