"""Threads and messages by the API: who may, what is stored, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import Event, Outbox
from ckanext.participation.threads.model import Comment, Thread

pytestmark = [
              pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")]

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(as_user: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    def make(user: dict[str, Any], about: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return as_user(user, "participation_thread_create",
                       **{"subject_id": about["id"], "title": "Why?", "body": "Some *words*.", **fields})

    return make


def test_a_question_is_stored_with_its_event_and_announcement_in_one_go(person: Make, dataset: Make, ask: Make) -> None:
    thread = ask(person(), dataset())
    event = model.Session.scalars(sa.select(Event)).one()
    assert (event.type, event.target_id) == ("thread.created", str(thread["id"]))
    assert model.Session.scalars(sa.select(Outbox)).one().event_id == event.id
    assert (thread["state"], thread["n_visible"], thread["kind"]) == ("open", 1, "question")


def test_everyone_reads_a_public_datasets_thread(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    thread = ask(person(), dataset())
    rows = as_user(None, "participation_comment_list", thread_id=thread["id"])["results"]
    assert [row["body_html"] for row in rows] == ["<p>Some <em>words</em>.</p>\n"]


def test_nobody_posts_without_signing_in(dataset: Make, as_user: Make) -> None:
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_create", subject_id=dataset()["id"], title="x", body="y")


def test_a_private_datasets_thread_is_told_to_nobody_else(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    staff = person()
    thread = ask(staff, dataset(staff=staff, private=True))
    for reader in (None, person()):
        for action, data in (("participation_thread_show", {"id": thread["id"]}), ("participation_comment_list", {"thread_id": thread["id"]}),
                             ("participation_thread_list", {"subject_id": thread["subject"]["id"]})):
            with pytest.raises(tk.NotAuthorized):
                as_user(reader, action, **data)
        assert as_user(reader, "participation_thread_latest")["results"] == []
    assert as_user(staff, "participation_thread_show", id=thread["id"])["title"] == "Why?"


def test_a_number_that_does_not_exist_answers_like_a_private_one(person: Make, as_user: Make) -> None:
    with pytest.raises(tk.NotAuthorized):
        as_user(person(), "participation_thread_show", id=999)


def test_replies_nest_and_keep_their_numbers(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(asker, dataset())
    second = as_user(asker, "participation_comment_create", thread_id=thread["id"], body="two")
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body="three")
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body="four", parent_seq=second["seq"])
    rows = as_user(None, "participation_comment_list", thread_id=thread["id"])["results"]
    assert [(row["seq"], row["depth"]) for row in rows] == [(1, 0), (2, 0), (4, 1), (3, 0)]


def test_pages_follow_each_other_without_gap_or_repetition(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(asker, dataset())
    for number in range(7):
        as_user(asker, "participation_comment_create", thread_id=thread["id"], body=str(number))
    seen, after = [], None
    while True:
        page = as_user(None, "participation_comment_list", thread_id=thread["id"], limit=3, after=after)
        seen += [row["seq"] for row in page["results"]]
        after = page["next"]
        if after is None:
            break
    assert seen == list(range(1, 9))


def test_the_organisation_answers_in_its_name_and_the_question_is_answered(
        person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    staff = person()
    thread = ask(person(), dataset(staff=staff))
    answer = as_user(staff, "participation_comment_create", thread_id=thread["id"], body="Because.", as_organization=True)
    assert answer["on_behalf_of"]["id"] == thread["subject"]["organization_id"]
    assert as_user(None, "participation_thread_show", id=thread["id"])["state"] == "answered"


def test_nobody_else_speaks_for_the_organisation(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    thread = ask(person(), dataset())
    with pytest.raises(tk.NotAuthorized):
        as_user(person(), "participation_comment_create", thread_id=thread["id"], body="x", as_organization=True)
    assert as_user(None, "participation_thread_show", id=thread["id"])["n_visible"] == 1


def test_a_double_click_posts_once(person: Make, dataset: Make, ask: Make) -> None:
    asker, about = person(), dataset()
    first, second = (ask(asker, about, idempotency_key="k") for _ in range(2))
    assert first["id"] == second["id"]
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 1


def test_another_person_may_use_the_same_key(person: Make, dataset: Make, ask: Make) -> None:
    about = dataset()
    assert ask(person(), about, idempotency_key="k")["id"] != ask(person(), about, idempotency_key="k")["id"]


def test_twenty_posts_at_once_with_one_key_make_one_message(
        person: Make, dataset: Make, ask: Make, app: Any, ckan_config: Any) -> None:
    asker = person()
    thread = ask(asker, dataset())
    flask_app = app.flask_app

    def post(_: int) -> int:
        with flask_app.test_request_context():
            try:
                made = tk.get_action("participation_comment_create")(
                    {"user": asker["name"], "ignore_auth": False}, {"thread_id": thread["id"], "body": "once", "idempotency_key": "same"})
                return made["seq"]
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, range(20))) == {2}
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Comment)) == 2


def test_numbers_are_dense_when_many_write_at_once(person: Make, dataset: Make, ask: Make, app: Any) -> None:
    writers = [person() for _ in range(6)]
    thread = ask(writers[0], dataset())

    def post(writer: dict[str, Any]) -> int:
        with app.flask_app.test_request_context():
            try:
                return tk.get_action("participation_comment_create")(
                    {"user": writer["name"], "ignore_auth": False}, {"thread_id": thread["id"], "body": "x"})["seq"]
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(6) as pool:
        seqs = sorted(pool.map(post, writers))
    assert seqs == [2, 3, 4, 5, 6, 7]
    row = model.Session.get(Thread, thread["id"], populate_existing=True)
    assert (row.n_visible, row.last_seq, row.next_seq) == (7, 7, 8)


@pytest.mark.ckan_config("participation.limits.posts_per_minute", 2)
def test_who_posts_too_fast_is_told_when_to_come_back(person: Make, dataset: Make, ask: Make) -> None:
    asker, about = person(), dataset()
    ask(asker, about)
    ask(asker, about)
    with pytest.raises(LimitExceeded) as refusal:
        ask(asker, about)
    assert 0 < refusal.value.seconds <= 61
    model.Session.rollback()
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 2


LINKS = "[a](https://a.example) [b](https://b.example) [c](https://c.example)"


def test_many_links_by_somebody_new_are_held_and_shown_to_their_author_only(
        person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(asker, dataset())
    held = as_user(asker, "participation_comment_create", thread_id=thread["id"], body=LINKS)
    assert held["state"] == "held"
    assert [row["seq"] for row in as_user(None, "participation_comment_list", thread_id=thread["id"])["results"]] == [1]
    assert [row["seq"] for row in as_user(asker, "participation_comment_list", thread_id=thread["id"])["results"]] == [1, 2]
    assert as_user(None, "participation_thread_show", id=thread["id"])["n_visible"] == 1


def test_an_administrator_shows_a_held_message_and_hides_it_with_a_reason(
        person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker, admin = person(), person(sysadmin=True)
    thread = ask(asker, dataset())
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body=LINKS)
    row = as_user(admin, "participation_queue_list")["results"][0]
    as_user(admin, "participation_visibility_set", kind=row["kind"], id=row["id"], state="visible")
    assert as_user(None, "participation_thread_show", id=thread["id"])["n_visible"] == 2
    as_user(admin, "participation_visibility_set", kind="comment", id=row["id"], state="hidden", reason="Advertising.")
    shown = as_user(None, "participation_comment_list", thread_id=thread["id"])["results"][1]
    assert (shown["state"], shown["body_html"], shown["author"], shown["state_reason"]) == ("hidden", None, None, "Advertising.")
    assert as_user(None, "participation_thread_show", id=thread["id"])["n_visible"] == 1


def test_a_held_thread_is_seen_by_its_author_only(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker, about = person(), dataset()
    thread = ask(asker, about, body=LINKS)
    assert thread["visibility"] == "held"
    assert as_user(None, "participation_thread_list", subject_id=about["id"])["results"] == []
    for action, data in (("participation_thread_show", {"id": thread["id"]}), ("participation_comment_list", {"thread_id": thread["id"]})):
        with pytest.raises(tk.NotAuthorized):
            as_user(person(), action, **data)
    assert as_user(asker, "participation_thread_show", id=thread["id"])["visibility"] == "held"


def test_a_closed_thread_takes_no_messages(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(asker, dataset())
    model.Session.execute(sa.update(Thread).values(state="closed"))
    model.Session.commit()
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(asker, "participation_comment_create", thread_id=thread["id"], body="late")
    assert "thread_id" in refusal.value.error_dict


@pytest.mark.parametrize(("fields", "named"), [
    ({"title": ""}, "title"), ({"title": ["a"]}, "title"), ({"title": "x" * 301}, "title"), ({"title": {"a": 1}}, "title"),
    ({"body": ""}, "body"), ({"body": "\u200b \x00"}, "body"), ({"body": "x" * 10001}, "body"), ({"body": 7}, "body"), ({"body": "\ud800"}, "body"),
    ({"kind": "rant"}, "kind"), ({"kind": []}, "kind"), ({"lang": "de"}, "lang"), ({"idempotency_key": "x" * 101}, "idempotency_key"),
    ({"idempotency_key": {"a": 1}}, "idempotency_key"), ({"as_organization": "maybe"}, "as_organization"),
    ({"subject_type": "planet"}, "subject_type"), ({"subject_type": ["dataset"]}, "subject_type"), ({"subject_id": ""}, "subject_id"),
    ({"subject_id": ["a"]}, "subject_id"), ({"subject_id": "a\x00b"}, "subject_id"),
])
def test_bad_input_names_its_field(person: Make, dataset: Make, ask: Make, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        ask(person(), dataset(), **fields)
    assert named in refusal.value.error_dict


def test_all_wrong_fields_are_named_at_once(person: Make, dataset: Make, ask: Make) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        ask(person(), dataset(), title="", body="", kind="rant")
    assert {"title", "body", "kind"} <= set(refusal.value.error_dict)


@pytest.mark.parametrize("data", [{"limit": -1}, {"limit": "a"}, {"limit": 1e9}, {"limit": True}, {"limit": []}, {"thread_id": "x"},
                                  {"thread_id": -1}, {"thread_id": 2**70}, {"thread_id": {"a": 1}}, {"thread_id": None}, {"after": ["x"]}])
def test_bad_paging_is_a_named_error(person: Make, dataset: Make, ask: Make, as_user: Make, data: dict[str, Any]) -> None:
    thread = ask(person(), dataset())
    with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
        as_user(None, "participation_comment_list", **{"thread_id": thread["id"], **data})


@pytest.mark.parametrize("parent", [99, 2**40, "x", [1]])
def test_a_reply_to_nothing_is_refused(person: Make, dataset: Make, ask: Make, as_user: Make, parent: Any) -> None:
    asker = person()
    thread = ask(asker, dataset())
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(asker, "participation_comment_create", thread_id=thread["id"], body="x", parent_seq=parent)
    assert "parent_seq" in refusal.value.error_dict


@pytest.mark.parametrize("field", ["author_id", "state", "created", "id", "visibility", "n_visible", "body_html"])
def test_fields_that_are_not_the_writers_are_ignored(person: Make, dataset: Make, ask: Make, field: str) -> None:
    thread = ask(person(), dataset(), **{field: "1999"})
    assert (thread["state"], thread["visibility"], thread["n_visible"]) == ("open", "visible", 1)
    assert not thread["created"].startswith("1999")


def test_resources_and_organisations_are_talked_about_too(person: Make, dataset: Make, ask: Make) -> None:
    about = dataset(resources=[{"url": "https://a.example/f.csv", "name_translated": {"en": "F", "fr": "F"}}])
    asker = person()
    assert ask(asker, about["resources"][0], subject_type="resource")["subject"]["type"] == "resource"
    assert ask(asker, {"id": about["owner_org"]}, subject_type="organization")["subject"]["type"] == "organization"
