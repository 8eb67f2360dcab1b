"""What a page of messages costs in statements: exact, whatever the thread's size. Time is the benchmark's (`make bench-threads`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from statements import statements

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("order", ["oldest", "newest", "useful"])
def test_a_page_of_messages_takes_five_statements(talk: dict[str, Any], app: Any, order: str) -> None:
    address = f"/participation/thread/{talk['id']}/messages?order={order}"
    app.get(f"{address}&drawn=before")
    model.Session.remove()
    with statements() as seen:
        page = app.get(address)
    assert page.body.count("<article") == 7
    assert any("participation_comment" in statement for statement in seen)
    ours = [statement for statement in seen if not statement.startswith(("SAVEPOINT", "RELEASE"))]
    assert len(ours) <= 5, "\n\n".join(ours)


def test_what_is_unchanged_is_said_without_reading_a_message(talk: dict[str, Any], app: Any) -> None:
    address = f"/participation/thread/{talk['id']}/messages"
    first = app.get(address)
    model.Session.remove()
    with statements() as seen:
        again = app.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.body) == (304, "")
    assert not [statement for statement in seen if "participation_comment" in statement]
    assert len(seen) <= 3, "\n\n".join(seen)


def test_a_kept_page_of_messages_holds_nothing_of_its_reader(talk: dict[str, Any], app: Any) -> None:
    page = app.get(f"/participation/thread/{talk['id']}/messages")
    assert "csrf" not in page.body.lower()
    assert page.cache_control.no_cache
    assert page.cache_control.public
    assert not page.cache_control.private
    assert "Set-Cookie" not in page.headers


def test_a_new_message_makes_a_kept_page_stale(talk: dict[str, Any], app: Any, as_user: Make) -> None:
    address = f"/participation/thread/{talk['id']}/messages"
    tag = app.get(address).headers["ETag"]
    as_user(talk["asker"], "participation_comment_create", thread_id=talk["id"], body="More.", lang="en")
    assert app.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_page_of_messages_of_a_private_dataset_is_not_there(person: Make, dataset: Make, as_user: Make, app: Any) -> None:
    staff = person()
    about = dataset(staff=staff, private=True)
    thread = as_user(staff, "participation_thread_create", subject_id=about["id"], title="Secret", body="One.", lang="en")
    assert app.get(f"/participation/thread/{thread['id']}/messages", status=404).status_code == 404
