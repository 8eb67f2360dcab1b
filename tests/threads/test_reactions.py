"""Useful or not: one word per person however often and however many at once, counted exactly, refused where it makes no sense."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model

from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import Event, Support
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import ReadMark

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]


@pytest.fixture
def thread(person: Make, dataset: Make, as_user: Make, app: Any) -> dict[str, Any]:
    """Give a conversation whose first message somebody else wrote."""
    with app.flask_app.test_request_context():
        return as_user(person(), "participation_thread_create", subject_id=dataset()["id"], title="Why?", body="Some words.")


@pytest.fixture
def support(as_user: Make, app: Any) -> Make:
    def say(user: dict[str, Any] | None, thread: dict[str, Any], value: Any = 1, seq: int = 1) -> dict[str, int]:
        with app.flask_app.test_request_context():
            return as_user(user, "participation_support_set", target_type="comment", target_id=f"{thread['id']}#{seq}", value=value)

    return say


def many_people(number: int) -> list[dict[str, str]]:
    """Make accounts without the factory, which hashes a password for each."""
    users = [model.User(name=f"crowd-{secrets.token_hex(6)}", email=f"{secrets.token_hex(8)}@crowd.example") for _ in range(number)]
    model.Session.add_all(users)
    model.Session.commit()
    return [{"name": user.name} for user in users]


def counted(thread: dict[str, Any], seq: int = 1) -> tuple[int, int]:
    model.Session.remove()
    row = model.Session.execute(sa.select(Comment.n_support, Comment.n_against).where(
        Comment.thread_id == thread["id"], Comment.seq == seq)).one()
    return row.n_support, row.n_against


def supporters(thread: dict[str, Any], value: int = 1) -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(Support).where(
        Support.target_id == f"{thread['id']}#1", Support.value == value))


def at_once(app: Any, jobs: list[tuple[dict[str, str], dict[str, Any], int]]) -> list[str]:
    """Set values in parallel; return "ok" or the error's name, one for each job."""

    def one(job: tuple[dict[str, str], dict[str, Any], int]) -> str:
        user, thread, value = job
        with app.flask_app.test_request_context():
            try:
                tk.get_action("participation_support_set")({"user": user["name"], "ignore_auth": False}, {
                    "target_type": "comment", "target_id": f"{thread['id']}#1", "value": value})
                return "ok"
            except LimitExceeded:
                return "LimitExceeded"
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(one, jobs))


def test_a_message_is_found_useful_once_and_the_page_of_its_thread_is_new(person: Make, thread: dict[str, Any], support: Make) -> None:
    reader = person()
    assert support(reader, thread) == {"value": 1, "support": 1, "against": 0}
    assert support(reader, thread) == {"value": 1, "support": 1, "against": 0}
    assert counted(thread) == (1, 0)
    assert model.Session.scalar(sa.select(Thread.version).where(Thread.id == thread["id"])) == thread["version"] + 1


def test_a_word_is_taken_back(person: Make, thread: dict[str, Any], support: Make) -> None:
    reader = person()
    support(reader, thread)
    assert support(reader, thread, 0) == {"value": 0, "support": 0, "against": 0}
    assert support(reader, thread, 0)["support"] == 0
    assert supporters(thread) == 0


def test_each_change_has_one_event_and_a_repetition_none(person: Make, thread: dict[str, Any], support: Make) -> None:
    reader = person()
    for value in (1, 1, 0, 0, 1):
        support(reader, thread, value)
    rows = model.Session.scalars(sa.select(Event).where(Event.type == "support.set").order_by(Event.id)).all()
    assert [row.data for row in rows] == [{"value": 1, "from": 0}, {"value": 0, "from": 1}, {"value": 1, "from": 0}]
    assert {row.target_id for row in rows} == {f"{thread['id']}#1"}
    assert {row.subject_id for row in rows} != {None}


def test_two_hundred_supports_of_one_person_at_once_count_once(person: Make, thread: dict[str, Any], app: Any) -> None:
    reader = person()
    assert set(at_once(app, [(reader, thread, 1)] * 200)) == {"ok"}
    assert (counted(thread), supporters(thread)) == ((1, 0), 1)


def test_two_hundred_people_at_once_are_all_counted(thread: dict[str, Any], app: Any) -> None:
    crowd = many_people(200)
    assert set(at_once(app, [(reader, thread, 1) for reader in crowd])) == {"ok"}
    assert (counted(thread), supporters(thread)) == ((200, 0), 200)
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.type == "support.set")) == 200


def test_words_given_and_taken_back_across_each_other_leave_the_count_right(thread: dict[str, Any], app: Any) -> None:
    crowd = many_people(20)
    jobs = [(reader, thread, value) for value in (1, 0, 1, 0, 1, 1, 0) for reader in crowd]
    assert set(at_once(app, jobs)) == {"ok"}
    assert counted(thread) == (supporters(thread), 0)
    at_once(app, [(reader, thread, 1) for reader in crowd])
    assert (counted(thread), supporters(thread)) == ((20, 0), 20)


@pytest.mark.ckan_config("participation.limits.reactions_per_minute", 10)
def test_who_presses_too_often_is_told_when_to_come_back_and_the_count_stays_right(person: Make, thread: dict[str, Any], app: Any) -> None:
    reader = person()
    results = at_once(app, [(reader, thread, value) for value in (1, 0) * 30])
    assert set(results) == {"ok", "LimitExceeded"}
    assert counted(thread) == (supporters(thread), 0)


@pytest.mark.ckan_config("participation.threads.votes", True)
def test_where_votes_are_on_a_vote_turns_both_counts(person: Make, thread: dict[str, Any], support: Make) -> None:
    reader, other = person(), person()
    support(other, thread, -1)
    support(reader, thread, 1)
    assert support(reader, thread, -1) == {"value": -1, "support": 0, "against": 2}
    assert support(other, thread, 1) == {"value": 1, "support": 1, "against": 1}


@pytest.mark.ckan_config("participation.threads.votes", True)
def test_votes_that_turn_at_once_add_up(thread: dict[str, Any], app: Any) -> None:
    crowd = many_people(10)
    at_once(app, [(reader, thread, value) for value in (1, -1, 0, -1, 1, -1) for reader in crowd])
    assert counted(thread) == (supporters(thread, 1), supporters(thread, -1))


@pytest.mark.parametrize("value", [-1, "-1", 2, "", None, True, 1.0, [1], {"a": 1}, "one"])
def test_a_wrong_value_is_named(person: Make, thread: dict[str, Any], support: Make, value: Any) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        support(person(), thread, value)
    assert "value" in refusal.value.error_dict


@pytest.mark.parametrize("spelling", ["{}#01", "0{}#1", "{}#1 ", " {}#1", "+{}#1", "{}#\u0661", "{}#1#", "{}", "#1", "{}#0", "{}#1\n", "{}#99999999999"])
def test_a_message_has_one_spelling_so_that_nobody_counts_twice(
        person: Make, thread: dict[str, Any], as_user: Make, app: Any, spelling: str) -> None:
    reader = person()
    with app.flask_app.test_request_context(), pytest.raises(tk.ValidationError) as refusal:
        as_user(reader, "participation_support_set", target_type="comment", target_id=spelling.format(thread["id"]), value=1)
    assert "target_id" in refusal.value.error_dict


def test_nobody_supports_the_own_message(person: Make, dataset: Make, as_user: Make, support: Make, app: Any) -> None:
    writer = person()
    with app.flask_app.test_request_context():
        own = as_user(writer, "participation_thread_create", subject_id=dataset()["id"], title="Why?", body="Words.")
    with pytest.raises(tk.ValidationError, match="own message"):
        support(writer, own)


@pytest.mark.parametrize("state", ["hidden", "removed"])
def test_a_message_out_of_sight_is_not_supported(person: Make, thread: dict[str, Any], support: Make, state: str) -> None:
    reader = person()
    support(reader, thread)
    model.Session.execute(sa.update(Comment).values(state=state))
    model.Session.commit()
    for user, value in ((person(), 1), (reader, 0)):
        with pytest.raises(tk.ValidationError) as refusal:
            support(user, thread, value)
        assert "target_id" in refusal.value.error_dict
    assert counted(thread) == (1, 0)


def test_a_held_message_answers_others_like_one_that_is_not_there(person: Make, thread: dict[str, Any], support: Make) -> None:
    model.Session.execute(sa.update(Comment).values(state="held"))
    model.Session.commit()
    errors = []
    for seq in (1, 2):
        with pytest.raises(tk.ObjectNotFound) as refusal:
            support(person(), thread, seq=seq)
        errors.append(str(refusal.value))
    assert errors[0] == errors[1]


def test_a_private_datasets_message_answers_like_one_that_is_not_there(
        person: Make, dataset: Make, as_user: Make, support: Make, app: Any) -> None:
    staff, stranger = person(), person()
    with app.flask_app.test_request_context():
        secret = as_user(staff, "participation_thread_create", subject_id=dataset(staff=staff, private=True)["id"], title="Secret", body="x")
    errors = []
    for number in (secret["id"], secret["id"] + 1000):
        with pytest.raises(tk.NotAuthorized) as refusal:
            support(stranger, {"id": number})
        errors.append(str(refusal.value))
    assert errors[0] == errors[1]


def test_who_is_not_signed_in_supports_nothing(thread: dict[str, Any], support: Make) -> None:
    with pytest.raises(tk.NotAuthorized):
        support(None, thread)


@pytest.mark.ckan_config("participation.threads.read_only", True)
def test_nothing_is_counted_while_the_site_only_reads(person: Make, thread: dict[str, Any], support: Make) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        support(person(), thread)
    assert "read_only" in refusal.value.error_dict


def test_everyone_is_told_the_own_word_only(person: Make, thread: dict[str, Any], support: Make, as_user: Make, app: Any) -> None:
    reader, other = person(), person()
    support(reader, thread)
    ids = [f"{thread['id']}#1", f"{thread['id']}#2"]
    with app.flask_app.test_request_context():
        assert as_user(reader, "participation_support_list", target_type="comment", target_ids=ids) == {"values": {ids[0]: 1}}
        assert as_user(other, "participation_support_list", target_type="comment", target_ids=ids) == {"values": {}}


@pytest.mark.parametrize("ids", [None, "1#1", ["x"], [1], ["1#1"] * 101, {"a": 1}])
def test_a_list_of_wrong_ids_is_named(person: Make, as_user: Make, app: Any, ids: Any) -> None:
    with app.flask_app.test_request_context(), pytest.raises(tk.ValidationError):
        as_user(person(), "participation_support_list", target_type="comment", target_ids=ids)


# How far somebody has read


def test_a_reading_mark_goes_forward_only_and_not_past_the_end(person: Make, thread: dict[str, Any], as_user: Make, app: Any) -> None:
    reader, writer = person(), person()
    with app.flask_app.test_request_context():
        for _ in range(3):
            as_user(writer, "participation_comment_create", thread_id=thread["id"], body="more")
        marks = [as_user(reader, "participation_thread_mark_read", thread_id=thread["id"], seq=seq)["seq"] for seq in (2, 1, 99)]
        assert as_user(writer, "participation_thread_mark_read", thread_id=thread["id"])["seq"] == 4
    assert marks == [2, 2, 4]


def test_reading_marks_are_told_by_thread_and_leave_no_event(person: Make, thread: dict[str, Any], as_user: Make, app: Any) -> None:
    from ckanext.participation.threads import read_marks

    with app.flask_app.test_request_context():
        as_user(person(), "participation_thread_mark_read", thread_id=thread["id"])
    mark = model.Session.scalars(sa.select(ReadMark)).one()
    assert read_marks.last_read(mark.person_id, [thread["id"], 999]) == {thread["id"]: 1}
    assert read_marks.last_read(mark.person_id + 1, [thread["id"]]) == {}
    assert read_marks.last_read(None, [thread["id"]]) == {}
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.actor_id == mark.person_id)) == 0


def test_who_is_not_signed_in_has_no_reading_mark(thread: dict[str, Any], as_user: Make, app: Any) -> None:
    with app.flask_app.test_request_context(), pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_mark_read", thread_id=thread["id"])


# Pages


@pytest.fixture
def page(app: Any) -> Make:
    """Give the reply of the site to somebody's browser: `page(user, path, post={…})`."""

    def reply(user: dict[str, Any] | None, path: str, post: dict[str, Any] | None = None, **headers: str) -> Any:
        app.client = app.test_client()
        if user:
            app.set_session_user(user["id"])
        if post is None:
            return app.get(path, headers=headers, follow_redirects=False)
        found = BeautifulSoup(app.get("/about").body, "html.parser").find("meta", attrs={"name": "_csrf_token"})
        return app.post(path, data={**post, "_csrf_token": found["content"]}, headers=headers, follow_redirects=False)

    return reply


def test_without_scripts_the_button_leads_to_a_page_with_the_form(person: Make, thread: dict[str, Any], page: Make) -> None:
    reader, path = person(), f"/participation/thread/{thread['id']}/1/support"
    shown = BeautifulSoup(page(reader, f"{path}?value=1").body, "html.parser")
    form = next(row for row in shown.find_all("form", method="post") if row.find("button", attrs={"name": "value"}))
    assert form["action"].endswith(path)
    assert form.find("input", type="hidden")
    answer = page(reader, path, {"value": "1"})
    assert (answer.status_code, answer.headers["Location"].endswith(f"/participation/thread/{thread['id']}#1")) == (302, True)
    assert counted(thread) == (1, 0)


def test_with_htmx_the_button_comes_back_pressed_and_without_a_token(person: Make, thread: dict[str, Any], page: Make) -> None:
    answer = page(person(), f"/participation/thread/{thread['id']}/1/support", {"value": "1"}, **{"HX-Request": "true"})
    shown = BeautifulSoup(answer.body, "html.parser")
    assert shown.button["aria-pressed"] == "true"
    assert (shown.button["value"], shown.find(class_="pt-count").text) == ("0", "1")
    assert "token" not in answer.body
    assert not shown.find("input")
    assert len(shown.find_all("button")) == 1


@pytest.mark.ckan_config("participation.threads.votes", True)
def test_where_votes_are_on_there_are_two_buttons(person: Make, thread: dict[str, Any], page: Make) -> None:
    answer = page(person(), f"/participation/thread/{thread['id']}/1/support", {"value": "-1"}, **{"HX-Request": "true"})
    buttons = BeautifulSoup(answer.body, "html.parser").find_all("button")
    assert [(row["value"], row["aria-pressed"]) for row in buttons] == [("1", "false"), ("0", "true")]


def test_with_htmx_a_refusal_is_said_beside_the_button(person: Make, thread: dict[str, Any], page: Make) -> None:
    answer = page(person(), f"/participation/thread/{thread['id']}/1/support", {"value": "7"}, **{"HX-Request": "true"})
    assert answer.status_code == 409
    assert BeautifulSoup(answer.body, "html.parser").find(role="alert").text.startswith("Must be one of")


@pytest.mark.ckan_config("participation.limits.reactions_per_minute", 1)
def test_too_many_get_429_with_retry_after(person: Make, thread: dict[str, Any], page: Make) -> None:
    reader, path = person(), f"/participation/thread/{thread['id']}/1/support"
    page(reader, path, {"value": "1"})
    answer = page(reader, path, {"value": "0"})
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert "in a short time" in answer.body


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(thread: dict[str, Any], page: Make) -> None:
    path = f"/participation/thread/{thread['id']}/1/support"
    for answer in (page(None, path), page(None, path, {"value": "1"})):
        assert answer.status_code == 302
        assert "/user/login" in answer.headers["Location"]
    assert page(None, path, {"value": "1"}, **{"HX-Request": "true"}).headers["HX-Redirect"]
    assert counted(thread) == (0, 0)


@pytest.mark.parametrize("path", ["/participation/thread/999/1/support", "/participation/thread/1/99/support", "/participation/thread/999/follow",
                                  "/participation/dataset/nothing/rating", "/participation/thread/99999999999999999999/follow"])
def test_addresses_that_lead_nowhere_are_not_found(person: Make, thread: dict[str, Any], page: Make, path: str) -> None:
    reader = person()
    assert page(reader, path).status_code == 404
    assert page(reader, path, {"value": "1"}).status_code in {404, 409}


def test_a_private_conversation_has_no_such_pages_for_others(person: Make, dataset: Make, as_user: Make, app: Any, page: Make) -> None:
    staff, stranger = person(), person()
    with app.flask_app.test_request_context():
        secret = as_user(staff, "participation_thread_create", subject_id=dataset(staff=staff, private=True)["id"], title="Secret", body="x")
    for name in ("1/support", "follow"):
        answer = page(stranger, f"/participation/thread/{secret['id']}/{name}")
        assert answer.status_code == 404
        assert "Secret" not in answer.body


def test_marking_as_read_comes_back_to_the_conversation(person: Make, thread: dict[str, Any], page: Make) -> None:
    answer = page(person(), f"/participation/thread/{thread['id']}/read", {"seq": "1"})
    assert answer.headers["Location"].endswith(f"/participation/thread/{thread['id']}")
    assert model.Session.scalars(sa.select(ReadMark)).one().seq == 1


def test_the_button_in_a_kept_page_holds_no_token(app: Any, thread: dict[str, Any]) -> None:
    import flask

    with app.flask_app.test_request_context("/"):
        flask.g.user = ""
        macro = app.flask_app.jinja_env.get_template("participation/threads/snippets/support_button.html")
        html = app.flask_app.jinja_env.from_string(
            "{% from 'participation/threads/snippets/support_button.html' import support_button with context %}"
            "{{ support_button(7, 3, 12) }}|{{ support_button(7, 3, 12, own=true) }}|{{ support_button(7, 3, 12, signed_in=false) }}").render()
    usable, own, anonymous = html.split("|")
    assert macro is not None
    assert "token" not in html
    assert 'hx-post="/participation/thread/7/3/support"' in usable
    assert "<button" not in own
    assert "your message" in own
    assert "/user/login" in anonymous
