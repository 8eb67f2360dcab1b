"""Who is told: by writing, by pressing the button, and never against somebody's wish."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model

from ckanext.participation.common import follow
from ckanext.participation.common.model import Event, Follow, Person

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]


@pytest.fixture
def thread(person: Make, dataset: Make, as_user: Make, app: Any) -> dict[str, Any]:
    with app.flask_app.test_request_context():
        made = as_user(person(), "participation_thread_create", subject_id=dataset()["id"], title="Why?", body="Some words.")
    model.Session.execute(sa.delete(Follow))
    model.Session.commit()
    return made


@pytest.fixture
def following(as_user: Make, app: Any) -> Make:
    def say(user: dict[str, Any] | None, thread: dict[str, Any], value: Any = True) -> dict[str, bool]:
        with app.flask_app.test_request_context():
            return as_user(user, "participation_follow_set", target_type="thread", target_id=thread["id"], value=value)

    return say


def followers(thread: dict[str, Any]) -> list[str]:
    return follow.followers("thread", str(thread["id"]))


def person_of(user: dict[str, Any]) -> int:
    return Person.for_user(user["id"])


def test_who_follows_is_told_and_who_stops_is_not(person: Make, thread: dict[str, Any], following: Make) -> None:
    reader = person()
    assert following(reader, thread) == {"following": True}
    assert followers(thread) == [reader["id"]]
    assert following(reader, thread, False) == {"following": False}
    assert followers(thread) == []
    assert follow.muted("thread", str(thread["id"])) == [reader["id"]]


def test_writing_follows(person: Make, thread: dict[str, Any]) -> None:
    writer = person()
    follow.by_writing(person_of(writer), "thread", str(thread["id"]))
    follow.by_writing(person_of(writer), "thread", str(thread["id"]))
    model.Session.commit()
    assert followers(thread) == [writer["id"]]


def test_writing_does_not_undo_the_wish_not_to_be_told(person: Make, thread: dict[str, Any], following: Make) -> None:
    writer = person()
    following(writer, thread, False)
    follow.by_writing(person_of(writer), "thread", str(thread["id"]))
    model.Session.commit()
    assert followers(thread) == []


def test_following_again_after_stopping_is_told_again(person: Make, thread: dict[str, Any], following: Make) -> None:
    reader = person()
    for value in (False, True):
        following(reader, thread, value)
    assert followers(thread) == [reader["id"]]


def test_each_change_has_one_event_and_a_repetition_none(person: Make, thread: dict[str, Any], following: Make) -> None:
    reader = person()
    for value in (True, True, False, "false", "true"):
        following(reader, thread, value)
    rows = model.Session.scalars(sa.select(Event).where(Event.type == "follow.set").order_by(Event.id)).all()
    assert [row.data["value"] for row in rows] == [True, False, True]


def test_many_clicks_at_once_leave_one_row(person: Make, thread: dict[str, Any], app: Any) -> None:
    reader = person()

    def click(value: bool) -> None:
        with app.flask_app.test_request_context():
            try:
                tk.get_action("participation_follow_set")({"user": reader["name"], "ignore_auth": False}, {
                    "target_type": "thread", "target_id": thread["id"], "value": value})
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(click, [True, False] * 15))
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Follow)) == 1


def test_a_closed_account_is_not_told(person: Make, thread: dict[str, Any], following: Make) -> None:
    reader = person()
    following(reader, thread)
    model.Session.execute(sa.update(model.User).where(model.User.id == reader["id"]).values(state="deleted"))
    model.Session.commit()
    assert followers(thread) == []


def test_a_thread_has_one_spelling(person: Make, thread: dict[str, Any], as_user: Make, app: Any) -> None:
    reader = person()
    for wrong in (f"0{thread['id']}", f"{thread['id']} ", "x", "", None, -1, True, [thread["id"]], 2**70):
        with app.flask_app.test_request_context(), pytest.raises(tk.ValidationError) as refusal:
            as_user(reader, "participation_follow_set", target_type="thread", target_id=wrong, value=True)
        assert "target_id" in refusal.value.error_dict


@pytest.mark.parametrize(("field", "value"), [("value", None), ("value", "yes"), ("value", 1), ("value", [True]),
                                              ("target_type", "planet"), ("target_type", ["thread"]), ("target_type", None)])
def test_a_wrong_field_is_named(person: Make, thread: dict[str, Any], as_user: Make, app: Any, field: str, value: Any) -> None:
    data = {"target_type": "thread", "target_id": thread["id"], "value": True} | {field: value}
    with app.flask_app.test_request_context(), pytest.raises(tk.ValidationError) as refusal:
        as_user(person(), "participation_follow_set", **data)
    assert field in refusal.value.error_dict


def test_nobody_follows_what_they_may_not_see(person: Make, dataset: Make, as_user: Make, app: Any, following: Make) -> None:
    staff = person()
    with app.flask_app.test_request_context():
        secret = as_user(staff, "participation_thread_create", subject_id=dataset(staff=staff, private=True)["id"], title="Secret", body="x")
    for user in (None, person()):
        with pytest.raises(tk.NotAuthorized):
            following(user, secret)


def test_the_own_list_is_in_pages_the_latest_first(person: Make, dataset: Make, as_user: Make, app: Any, following: Make) -> None:
    reader, writer = person(), person()
    with app.flask_app.test_request_context():
        about = dataset()
        made = [as_user(writer, "participation_thread_create", subject_id=about["id"], title=f"T{number}", body="x") for number in range(5)]
    for row in made:
        following(reader, row)
    following(reader, made[1], False)
    titles, after = [], None
    while True:
        with app.flask_app.test_request_context():
            page = as_user(reader, "participation_follow_list", limit=2, after=after)
        titles += [row["title"] for row in page["results"]]
        after = page["next"]
        if after is None:
            break
    assert titles == ["T4", "T3", "T2", "T0"]
    with app.flask_app.test_request_context():
        assert as_user(person(), "participation_follow_list")["results"] == []


def test_the_own_list_does_not_name_what_became_private(person: Make, thread: dict[str, Any], as_user: Make, app: Any, following: Make) -> None:
    reader = person()
    following(reader, thread)
    model.Session.execute(sa.update(model.Package).values(private=True))
    model.Session.commit()
    with app.flask_app.test_request_context():
        row = as_user(reader, "participation_follow_list")["results"][0]
    assert (row["target_id"], row["title"], row["url"]) == (str(thread["id"]), None, None)


@pytest.mark.parametrize("after", ["x", "2026-01-01~thread~1", "~~", "2026-01-01T00:00:00+00:00", ["x"], "9" * 500])
def test_a_wrong_mark_is_named(person: Make, as_user: Make, app: Any, after: Any) -> None:
    with app.flask_app.test_request_context(), pytest.raises(tk.ValidationError) as refusal:
        as_user(person(), "participation_follow_list", after=after)
    assert "after" in refusal.value.error_dict


def test_the_state_is_shown_to_its_person(person: Make, thread: dict[str, Any], as_user: Make, app: Any, following: Make) -> None:
    reader = person()
    seen = []
    for value in (None, True, False):
        if value is not None:
            following(reader, thread, value)
        with app.flask_app.test_request_context():
            seen.append(as_user(reader, "participation_follow_show", target_type="thread", target_id=thread["id"])["following"])
    assert seen == [None, True, False]


def test_the_page_that_mails_lead_to_stops_following(person: Make, thread: dict[str, Any], following: Make, app: Any) -> None:
    reader, path = person(), f"/participation/thread/{thread['id']}/follow"
    following(reader, thread)
    app.client = app.test_client()
    app.set_session_user(reader["id"])
    form = BeautifulSoup(app.get(path).body, "html.parser").find("form", id="follow")
    assert "Stop following" in form.button.text
    data = {row["name"]: row["value"] for row in form.find_all("input")}
    answer = app.post(path, data=data, follow_redirects=False)
    assert (answer.status_code, followers(thread)) == (302, [])
    fragment = app.post(path, data={**data, "value": "true"}, headers={"HX-Request": "true"})
    assert "Stop following" in fragment.body
    assert "<html" not in fragment.body
    assert followers(thread) == [reader["id"]]
