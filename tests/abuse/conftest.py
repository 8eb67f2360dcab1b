"""What the walks over every form and every action start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ckan import model
from ckan.config.middleware.flask_app import csrf
from ckan.tests import helpers

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    """Close the hole that some of these tests open: CKAN exempts a view from its check of tokens for as long as the process lives."""
    before = set(csrf._exempt_views)
    yield
    csrf._exempt_views.intersection_update(before)


@pytest.fixture
def question(person: Make, dataset: Make, as_user: Make, app: Any) -> dict[str, Any]:
    """An administrator of an organisation with a dataset, and a question about it that has an answer in the organisation's name."""
    staff, asker = person(), person()
    about = dataset(staff=staff)
    with app.flask_app.test_request_context():
        helpers.call_action("organization_member_create", id=about["owner_org"], username=staff["name"], role="admin")
        thread = as_user(asker, "participation_thread_create", subject_id=about["id"], title="Why?", body="One.", lang="en")["id"]
        as_user(staff, "participation_comment_create", thread_id=thread, body="So.", lang="en", as_organization=True)
    model.Session.commit()
    return {"staff": staff, "asker": asker, "dataset": about, "thread": thread}


@pytest.fixture
def answered(question: dict[str, Any], app: Any) -> dict[str, Any]:
    """An answered question, and what the addresses of forms need."""
    staff, about = question["staff"], question["dataset"]
    app.client = app.test_client()
    return {"staff": staff, "asker": question["asker"], "parts": {
        "thread_id": question["thread"], "seq": 2, "subject_type": "dataset", "subject_id": about["name"], "organization": about["owner_org"],
        "dataset": about["name"], "id": about["name"], "name": staff["name"], "picture_id": "0" * 32, "extension": "webp",
        "kind": "comment", "license_id": "ca-ogl-lgo", "source": "x", "token": "x", "change_id": 1, "user": staff["name"], "key": "x",
        "preview_id": "0" * 24, "held_id": 1}}
