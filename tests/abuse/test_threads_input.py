"""Odd values, foreign fields, foreign pages, too much, twenty at once: each write of conversations answers by name or not at all."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.model import Event
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import CommentVersion, ThreadChange

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index"), pytest.mark.ckan_config("participation.limits.posts_per_minute", 100_000),
              pytest.mark.ckan_config("participation.limits.posts_per_hour", 100_000),
              pytest.mark.ckan_config("participation.limits.reactions_per_minute", 100_000),
              pytest.mark.ckan_config("participation.limits.reactions_per_hour", 100_000)]

Make = Callable[..., Any]
ODD = [None, "x\x00", "\ud800", -1, 0, 2**31, 2**70, True, float("nan"), "²", "9" * 5000, ["a", {"b": []}], {"a": {"b": 1}},
       "0001-01-01T00:00:00+23:59~1", "2026-01-01T00:00:00+00:00~²", "99999999999#99999999999"]
READS = {"thread_show": ["id"], "thread_list": ["subject_id"], "thread_latest": [], "thread_overview": ["organization"],
         "comment_list": ["thread_id"], "comment_show": ["thread_id", "seq"], "comment_history": ["thread_id", "seq"],
         "thread_export": ["subject_id"], "rating_show": ["subject_id"], "follow_show": ["target"], "follow_list": [],
         "support_list": ["targets"], "attachment_show": [], "organization_policy_show": ["organization"], "queue_list": []}
WRITES = {"thread_create": ["subject_id", "words"], "comment_create": ["thread_id", "words"], "comment_edit": ["thread_id", "seq", "words"],
          "comment_translate": ["thread_id", "answer", "words"], "thread_problem_set": ["problem"], "thread_answer_set": ["id", "answer"],
          "thread_assign": ["id"], "thread_state_set": ["id", "closed"], "organization_policy_set": ["organization", "policy"],
          "rating_set": ["subject_id", "stars"], "follow_set": ["target", "yes"], "support_set": ["message", "useful"],
          "thread_mark_read": ["thread_id"], "attachment_delete": [], "visibility_set": ["moderated"], "comment_delete": ["thread_id", "seq"]}


@pytest.fixture
def talk(question: dict[str, Any], as_user: Make, app: Any) -> dict[str, Any]:
    """A question with an answer in the organisation's name, a problem, and what each action needs of them."""
    asker, about, thread = question["asker"], question["dataset"], question["thread"]
    with app.flask_app.test_request_context():
        problem = as_user(asker, "participation_thread_create", subject_id=about["id"], title="Bad", body="One.", kind="problem")["id"]
    model.Session.commit()
    return {**question, "needs": {
        "id": {"id": thread}, "thread_id": {"thread_id": thread}, "seq": {"seq": 1}, "subject_id": {"subject_id": about["id"]},
        "answer": {"seq": 2}, "organization": {"id": about["owner_org"]}, "words": {"title": "Why?", "body": "Words."},
        "problem": {"id": problem, "state": "confirmed"}, "closed": {"state": "closed"}, "policy": {"threads": "on", "review": "after"},
        "target": {"target_type": "thread", "target_id": str(thread)}, "targets": {"target_type": "comment", "target_ids": [f"{thread}#1"]},
        "stars": {"value": 3}, "yes": {"value": True}, "useful": {"value": 1}, "message": {"target_type": "comment", "target_id": f"{thread}#1"},
        "moderated": {"kind": "comment", "id": f"{thread}#2", "state": "hidden", "reason": "x"}}}


def needs(talk: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {key: value for name in names for key, value in talk["needs"][name].items()}


def fields_of(action: str) -> set[str]:
    return set(re.findall(r":param (?:\w+ )?(\w+):", inspect.getdoc(tk.get_action(action)) or ""))


@pytest.mark.parametrize("actions", [READS, WRITES], ids=["reads", "writes"])
def test_an_odd_value_among_good_ones_is_a_named_error(actions: dict[str, list[str]], talk: dict[str, Any], app: Any) -> None:
    wrong = []
    with app.flask_app.test_request_context():
        for name, wanted in actions.items():
            action = f"participation_{name}"
            good = needs(talk, wanted)
            for field in sorted(fields_of(action) | {"problem_row"}):
                for number, value in enumerate(ODD):
                    who = ("asker", "staff")[(number + len(field)) % 2]
                    try:
                        tk.get_action(action)({"user": talk[who]["name"], "ignore_auth": False}, {**good, field: value})
                    except tk.ValidationError as error:
                        if not all(error.error_dict.values()):
                            wrong.append(f"{name}.{field} = {repr(value)[:30]}: no words")
                    except (tk.NotAuthorized, tk.ObjectNotFound):
                        pass
                    except Exception as error:  # noqa: BLE001 (whatever it is, it is what this test looks for)
                        wrong.append(f"{name}.{field} = {repr(value)[:30]}: {type(error).__name__} {str(error)[:80]}")
                    model.Session.rollback()
    assert wrong == []


FOREIGN = {"author_id": 999, "actor_id": 999, "person_id": 999, "created": "2001-01-01", "at": "2001-01-01", "edited": "2001-01-01",
           "visibility": "hidden", "n_support": 99, "n_against": 99, "n_visible": 99, "next_seq": 99, "version": 99, "path": "zzzzz", "depth": 7,
           "on_behalf_of": "me", "answer_seq": 9, "assignee_id": 9, "problem_state": "fixed", "body_html": "<script>", "text_version": 99,
           "state_reason": "mine", "n_versions": 99, "translation": {"body": "x"}, "translation_pending": True, "n_untranslated": 99,
           "official": True, "subject": {"id": "x"}, "may": {"lock": True}, "ignore_auth": True, "user": None, "__extras": {"state": "hidden"}}


def test_fields_that_are_not_the_writers_change_nothing(talk: dict[str, Any], app: Any) -> None:
    with app.flask_app.test_request_context():
        made = []
        for extra in ({}, FOREIGN | {"id": 4242, "state": "hidden", "seq": 77}):
            who: Any = {"user": talk["asker"]["name"], "ignore_auth": False}
            thread = tk.get_action("participation_thread_create")(who.copy(), {**extra, "subject_id": talk["dataset"]["id"], "title": "T", "body": "B"})
            number = thread["id"]
            tk.get_action("participation_comment_create")(who.copy(), {**extra, "thread_id": number, "body": "C"})
            tk.get_action("participation_comment_edit")(who.copy(), {**extra, "thread_id": number, "seq": 2, "body": "D"})
            tk.get_action("participation_thread_state_set")(who.copy(), {**extra, "id": number, "state": "closed", "reason": "R"})
            model.Session.remove()
            rows = [model.Session.get(Thread, number), *model.Session.scalars(sa.select(Comment).where(Comment.thread_id == number).order_by("seq")),
                    *model.Session.scalars(sa.select(CommentVersion).where(CommentVersion.thread_id == number)),
                    *model.Session.scalars(sa.select(ThreadChange).where(ThreadChange.thread_id == number))]
            made.append([{column.name: getattr(row, column.name) for column in row.__table__.columns if column.name not in
                          {"id", "thread_id", "created", "last_at", "at", "until", "edited", "state_at"}} for row in rows])
        assert made[0] == made[1]
        assert (model.Session.scalar(sa.select(sa.func.max(Thread.id))) or 0) < 4242
        assert {row.year for row in model.Session.scalars(sa.select(Comment.created))} != {2001}


def test_too_much_is_refused_by_name_and_kept(talk: dict[str, Any], app: Any) -> None:
    app.client = app.test_client()
    app.set_session_user(talk["staff"]["id"])
    thread, long = talk["thread"], "é" * 5001
    page = f"/participation/thread/{thread}"
    token = re.findall(r'name="_csrf_token" value="([^"]+)"', app.get(page).body)[0]
    for address, fields in ((page, {"body": long}), (f"{page}/2/edit", {"body": long, "base": "0"}), (f"{page}/2/translate", {"body": long}),
                            (f"{page}/state", {"state": "locked", "reason": long}),
                            (f"/participation/dataset/{talk['dataset']['name']}/threads/new", {"title": "é" * 151, "body": "b", "kind": "question"}),
                            (f"/participation/dataset/{talk['dataset']['name']}/threads/new",
                             {"title": "t", "body": "b", "kind": "problem", "problem_wrong": long})):
        answer = app.post(address, data={**fields, "_csrf_token": token})
        assert answer.status_code == 409, address
        assert max(fields.values(), key=len) in answer.body, address
    # A hundred thousand fields, and JSON as deep as it gets.
    assert app.post(page, data={f"f{number}": "x" for number in range(100_000)} | {"_csrf_token": token}).status_code in {400, 409, 413}
    for deep in ("[" * 100_000 + "]" * 100_000, '{"thread_id": ' * 50_000 + "1" + "}" * 50_000,
                 '{"problem": ' * 500 + "{}" + "}" * 500, '{"attachments": ' + "[" * 500 + "]" * 500 + "}"):
        answer = app.test_client().post("/api/3/action/participation_thread_create", data=deep, headers={
            "Authorization": talk["staff"]["token"], "Content-Type": "application/json"})
        assert answer.status_code in {400, 409}
    model.Session.remove()
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Comment)) == 3


AT_ONCE = {"comment_edit": ({"seq": 1, "body": "Once more."}, "comment.edited"), "thread_answer_set": ({"seq": 2}, "thread.answer"),
           "thread_state_set": ({"state": "closed"}, "thread.state"), "comment_delete": ({"seq": 1}, "comment.deleted")}


@pytest.mark.parametrize("name", AT_ONCE)
def test_the_same_form_twenty_times_at_once_is_one_change(name: str, talk: dict[str, Any], app: Any) -> None:
    data, event = AT_ONCE[name]

    def send(_: int) -> str:
        with app.flask_app.test_request_context():
            try:
                tk.get_action(f"participation_{name}")({"user": talk["asker"]["name"], "ignore_auth": False},
                                                       {"id": talk["thread"], "thread_id": talk["thread"], **data})
            except (tk.ValidationError, tk.NotAuthorized):
                return "refused"
            finally:
                model.Session.remove()
            return "done"

    with ThreadPoolExecutor(8) as pool:
        assert "done" in set(pool.map(send, range(20)))
    assert model.Session.scalar(sa.select(sa.func.count()).where(Event.type == event)) == 1
    thread = model.Session.get(Thread, talk["thread"])
    shown = model.Session.scalar(sa.select(sa.func.count()).where(Comment.thread_id == thread.id, Comment.state == "visible"))
    assert (thread.n_visible, thread.n_changes) == (shown, 1 if name.startswith("thread_") else 0)


@pytest.mark.parametrize("path", [
    "thread/1/99999999999", "thread/1/0/history", "thread/1/99999999999/edit", "thread/1/2147483648/answer", "thread/99999999999999999999/manage",
    "thread/1?at=x", "thread/1?order=sideways", "thread/1?after=%00", "thread/1?before=zz", "thread/1/messages?flat=maybe",
    "thread/1/messages?after=%F0%9F%98%80", "organization/%00/conversations", "organization/x%00/conversations/settings", "dataset/%00/rating",
    "dataset/%00/threads.csv", "organization/%00/threads.json", "conversations?state=wrong", "conversations?after=1~2", "conversations?kind[]=x",
    "picture/%00.webp", "picture/..%2f..%2fetc.webp", "planet/x/threads/new", "dataset/x%00/threads/new"])
def test_an_address_that_means_nothing_is_a_plain_refusal(path: str, talk: dict[str, Any], app: Any) -> None:
    app.client = app.test_client()
    app.set_session_user(talk["staff"]["id"])
    assert app.get(f"/participation/{path}").status_code in {200, 400, 403, 404} - ({200} if "[" not in path else set())
