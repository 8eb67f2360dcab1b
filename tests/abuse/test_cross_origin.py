"""Pages of other sites can't act with the reader's session, not even after a request that opens CKAN 2.12.0's hole."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from flask_login import encode_cookie

from ckanext.participation.threads.model import Comment, Thread

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
FOREIGN = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
           {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}]


def count(table: Any) -> int:
    model.Session.remove()
    return model.Session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
def asker(person: Make, app: Any) -> dict[str, Any]:
    user = person()
    app.set_session_user(user["id"])
    return user


@pytest.fixture
def address(dataset: Make) -> str:
    return f"/participation/dataset/{dataset()['name']}/threads/new"


def token_in(html: str) -> str:
    found = re.search(r'name="_csrf_token" value="([^"]+)"', html)
    assert found
    return found.group(1)


TEXT = {"title": "A title I typed", "body": "A text I typed.", "kind": "question"}


def test_the_form_posts_with_its_token(app: Any, asker: dict[str, Any], address: str) -> None:
    token = token_in(app.get(address).body)
    assert app.post(address, data={**TEXT, "_csrf_token": token}).status_code == 200
    assert count(Thread) == 1


@pytest.mark.parametrize("token", ["", "stale", None])
def test_without_a_good_token_nothing_is_posted_and_the_text_comes_back(
        app: Any, asker: dict[str, Any], address: str, token: str | None) -> None:
    data = {**TEXT, **({"_csrf_token": token} if token is not None else {})}
    answer = app.post(address, data=data)
    assert answer.status_code == 400
    assert count(Thread) == 0
    assert "A title I typed" in answer.body
    assert "A text I typed." in answer.body
    again = app.post(address, data={**TEXT, "_csrf_token": token_in(answer.body)})
    assert again.status_code == 200
    assert count(Thread) == 1


def prime(app: Any, address: str) -> None:
    """Switch CKAN's check off for the view, as one anonymous request does."""
    app.test_client().post(address, data=TEXT)
    app.test_client().get(address)


def test_the_hole_of_ckan_is_closed_for_a_missing_token(app: Any, asker: dict[str, Any], address: str) -> None:
    prime(app, address)
    assert app.post(address, data=TEXT).status_code == 400
    assert count(Thread) == 0


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("primed", [False, True], ids=["fresh", "primed"])
def test_a_foreign_page_is_refused_even_with_a_token(
        app: Any, asker: dict[str, Any], address: str, headers: dict[str, str], primed: bool) -> None:
    token = token_in(app.get(address).body)
    if primed:
        prime(app, address)
    answer = app.post(address, data={**TEXT, "_csrf_token": token}, headers=headers)
    assert answer.status_code == 403
    assert count(Thread) == 0


def test_a_foreign_page_is_refused_with_the_remember_cookie_alone(app: Any, person: Make, address: str) -> None:
    user = person()
    app.client = app.test_client()
    # CKAN's helper of this kind makes a cookie that is never sent.
    with app.flask_app.test_request_context():
        app.client.set_cookie(tk.config["REMEMBER_COOKIE_NAME"], encode_cookie(user["id"]), domain=urlsplit(tk.config["ckan.site_url"]).hostname)
    # CKAN's own check comes first and misses the token; with its hole open (CVE-2026-41255) ours refuses.
    assert app.post(address, data=TEXT, headers={"Origin": "https://evil.example"}).status_code in {400, 403}
    prime(app, address)
    answer = app.post(address, data=TEXT, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "another site" in answer.body
    assert count(Thread) == 0


@pytest.mark.parametrize("path", ["/api/3/action/participation_thread_create", "/api/3/action/user_generate_apikey", "/user/edit"])
def test_every_view_of_ckan_is_guarded_too(app: Any, asker: dict[str, Any], path: str) -> None:
    # 400 where CKAN's own check is still on and comes first, 403 by ours where it is not.
    assert app.post(path, json={}, headers={"Origin": "https://evil.example"}).status_code in {400, 403}
    app.test_client().post(path, json={})
    assert app.post(path, json={}, headers={"Origin": "https://evil.example"}).status_code == 403


def test_this_sites_own_pages_pass(app: Any, asker: dict[str, Any], address: str) -> None:
    token = token_in(app.get(address).body)
    headers = {"Origin": tk.config["ckan.site_url"], "Sec-Fetch-Site": "same-origin"}
    assert app.post(address, data={**TEXT, "_csrf_token": token}, headers=headers).status_code == 200
    assert count(Thread) == 1


def test_an_api_token_needs_no_form_token_from_anywhere(app: Any, person: Make, dataset: Make) -> None:
    user = person()
    app.client = app.test_client()
    answer = app.post("/api/3/action/participation_thread_create", json={**TEXT, "subject_id": dataset()["id"]},
                      headers={"Authorization": user["token"], "Origin": "https://tool.example"})
    assert answer.status_code == 200
    assert count(Thread) == 1


def test_who_is_signed_out_meanwhile_keeps_the_text(app: Any, address: str) -> None:
    app.client = app.test_client()
    answer = app.post(address, data=TEXT)
    assert answer.status_code == 403
    assert "A text I typed." in answer.body
    assert count(Comment) == 0
