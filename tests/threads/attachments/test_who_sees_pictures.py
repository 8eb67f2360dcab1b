"""Pictures in messages: who sees them, when they go with their message or dataset, and that they cannot run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from threads.attachments.conftest import request

from ckanext.participation.common import images
from ckanext.participation.common.model import Subject, now
from ckanext.participation.threads import attachments
from ckanext.participation.threads.model import Comment, Thread

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context", "storage")

Make = Callable[..., Any]


def test_a_loose_picture_is_seen_by_its_owner_alone(person: Make, upload: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    for address in (picture["url"], picture["thumb_url"]):
        assert (status(address, user), status(address), status(address, person())) == (200, 404, 404)


def test_a_posted_picture_is_seen_by_everyone_and_cannot_run(person: Make, dataset: Make, upload: Make, ask: Make, app: Any) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    answer = app.get(picture["url"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f"inline; filename=picture-{picture['id'][:8]}.webp"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert {"public", "no-cache"} <= set(answer.headers["Cache-Control"].split(", "))
    again = app.get(picture["url"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert app.get(picture["thumb_url"]).headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("end", [".png", ".php", ".webp.html", "", ".webp/", ".thumb.webp", "/../x.webp"])
def test_a_picture_has_one_address(person: Make, dataset: Make, upload: Make, ask: Make, status: Make, end: str) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    assert status(f"/participation/picture/{picture['id']}{end}") == 404


@pytest.mark.parametrize("name", ["..%2f..%2fckan", "%00", "a" * 300, "0" * 32, "-1", "%F0%9F%92%A9"])
def test_an_address_of_nothing_answers_404(status: Make, name: str) -> None:
    assert status(f"/participation/picture/{name}.webp") == 404
    assert status(f"/participation/picture/thumb/{name}.webp") == 404


def test_a_private_datasets_picture_is_seen_by_those_who_see_the_dataset(person: Make, dataset: Make, upload: Make, ask: Make, app: Any, status: Make) -> None:
    staff = person()
    picture = upload(staff)
    ask(staff, dataset(staff=staff, private=True), attachments=[picture["id"]])
    assert (status(picture["url"]), status(picture["url"], person())) == (404, 404)
    answer = request(app.get, picture["url"], staff)
    assert answer.status_code == 200
    assert "private" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]


def test_a_picture_goes_private_with_its_dataset(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    staff = person()
    about, picture = dataset(staff=staff), upload(staff)
    ask(staff, about, attachments=[picture["id"]])
    assert status(picture["url"]) == 200
    tk.get_action("package_patch")({"ignore_auth": True}, {"id": about["id"], "private": True})
    assert (status(picture["url"]), status(picture["thumb_url"]), status(picture["url"], staff)) == (404, 404, 200)


@pytest.mark.parametrize("state", ["hidden", "removed"])
def test_a_hidden_messages_picture_is_served_to_nobody(person: Make, dataset: Make, upload: Make, ask: Make, as_user: Make, status: Make, state: str) -> None:
    user, admin = person(), person(sysadmin=True)
    thread, picture = ask(user, dataset()), upload(user)
    comment = as_user(user, "participation_comment_create", thread_id=thread["id"], body="Words.", attachments=[picture["id"]])
    as_user(admin, "participation_visibility_set", kind="comment", id=f"{thread['id']}#{comment['seq']}", state=state, reason="Rude")
    assert [status(picture["url"], who) for who in (None, user, person(), admin)] == [404] * 4
    assert as_user(None, "participation_comment_list", thread_id=thread["id"])["results"][1]["attachments"] == []


def test_a_hidden_threads_picture_is_served_to_nobody(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    thread = ask(user, dataset(), attachments=[picture["id"]])
    model.Session.execute(sa.update(Thread).where(Thread.id == thread["id"]).values(visibility="hidden"))
    model.Session.commit()
    assert [status(picture["url"], who) for who in (None, user)] == [404, 404]


def test_a_held_messages_picture_is_seen_by_its_author_and_the_moderators(person: Make, dataset: Make, upload: Make, ask: Make, as_user: Make, status: Make) -> None:
    user, admin = person(), person(sysadmin=True)
    thread, picture = ask(person(), dataset()), upload(user)
    links = " ".join(f"[x](http://example.org/{number})" for number in range(5))
    comment = as_user(user, "participation_comment_create", thread_id=thread["id"], body=links, attachments=[picture["id"]])
    assert comment["state"] == "held"
    assert [status(picture["url"], who) for who in (user, admin, person(), None)] == [200, 200, 404, 404]


def test_a_picture_that_its_message_shows_no_more_is_served_to_nobody(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    thread = ask(user, dataset(), attachments=[picture["id"]])
    model.Session.execute(sa.update(Comment).where(Comment.thread_id == thread["id"]).values(attachments=None))
    model.Session.commit()
    assert [status(picture["url"], who) for who in (None, user)] == [404, 404]


def test_a_lost_datasets_picture_waits_with_it(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    model.Session.execute(sa.update(Subject).values(lost_at=now()))
    model.Session.commit()
    assert status(picture["url"]) == 404


def test_a_picture_whose_file_is_missing_answers_404(person: Make, dataset: Make, upload: Make, ask: Make, status: Make) -> None:
    user = person()
    picture = upload(user)
    ask(user, dataset(), attachments=[picture["id"]])
    images.remove(picture["id"])
    assert status(picture["url"]) == 404


def test_what_people_wrote_under_a_picture_cannot_run(person: Make, upload: Make, app: Any) -> None:
    evil = "\"><script>alert(1)</script><img src=x onerror='alert(1)'>"
    picture = upload(person(), alt=evil)
    with app.flask_app.test_request_context():
        shown = tk.render("participation/threads/snippets/pictures.html", {"attachments": [picture], "lang": "en"})
        written = tk.render("participation/threads/snippets/pictures_field.html", {"pictures": attachments.FormPictures([picture], [evil], [])})
    for html in (shown, written):
        assert "<script>" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;" in html
    assert f'width="{picture["thumb_width"]}"' in shown
    assert 'loading="lazy"' in shown
