"""Pages of messages that are drawn once for everybody who is not signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import helpers
from report import wait_until
from statements import statements

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]


def test_what_was_drawn_for_one_reader_is_shown_to_the_next_without_reading_a_message(talk: dict[str, Any], app: Any) -> None:
    address = f"/participation/thread/{talk['id']}/messages"
    first = app.get(address)
    model.Session.remove()
    with statements() as seen:
        again = app.get(address)
    assert (again.status_code, again.body, again.headers["ETag"]) == (200, first.body, first.headers["ETag"])
    assert not [statement for statement in seen if "participation_comment" in statement]


def test_a_kept_page_is_for_nobody_in_particular(talk: dict[str, Any], app: Any) -> None:
    address = f"/participation/thread/{talk['id']}/messages"
    anybody, app.client = app.client, app.test_client()
    app.set_session_user(talk["asker"]["id"])
    assert "/2/edit" in app.get(address).body
    app.client, asker = anybody, app.client
    assert "/2/edit" not in app.get(address).body
    app.client = asker
    assert "/2/edit" in app.get(address).body


def test_a_kept_page_is_in_the_language_that_was_asked_for(talk: dict[str, Any], app: Any) -> None:
    path = f"/participation/thread/{talk['id']}/messages"
    assert app.get(path).body != app.get(f"/fr{path}").body
    assert app.get(path).body != app.get(f"/fr{path}").body


def test_a_kept_page_is_not_shown_once_its_dataset_is_private(talk: dict[str, Any], app: Any) -> None:
    address = f"/participation/thread/{talk['id']}/messages"
    app.get(address)
    helpers.call_action("package_patch", id=talk["dataset"]["id"], private=True)
    app.get(address, status=404)


@pytest.mark.parametrize("change", [
    lambda talk, call: call(talk["asker"], "participation_comment_create", thread_id=talk["id"], body="More.", lang="en"),
    lambda talk, call: call(talk["asker"], "participation_comment_edit", thread_id=talk["id"], seq=1, body="Changed.", base=0),
    lambda talk, call: call(talk["asker"], "participation_comment_delete", thread_id=talk["id"], seq=2),
    lambda talk, call: call(talk["asker"], "participation_support_set", target_type="comment", target_id=f"{talk['id']}#3", value=1),
    lambda talk, call: call(talk["asker"], "participation_thread_answer_set", id=talk["id"], seq=2)],
    ids=["posted", "edited", "taken back", "supported", "answered"])
def test_what_changes_a_conversation_shows_on_its_kept_page_at_once(
        talk: dict[str, Any], app: Any, as_user: Make, change: Callable[..., Any]) -> None:
    address = f"/participation/thread/{talk['id']}/messages"
    before = app.get(address).body
    change(talk, as_user)
    model.Session.remove()
    assert app.get(address).body != before


def test_a_changed_name_shows_on_a_kept_page_after_its_time(talk: dict[str, Any], app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tk.config, "participation.threads.kept_seconds", 1)
    address = f"/participation/thread/{talk['id']}/messages"
    assert "Somebody Else" not in app.get(address).body
    helpers.call_action("user_patch", id=talk["asker"]["id"], fullname="Somebody Else")
    wait_until(lambda: "Somebody Else" in app.get(address).body, "the new name", 10)
