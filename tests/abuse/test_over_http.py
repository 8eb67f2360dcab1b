"""Bad input over HTTP: a named error, the person's text kept, never a 500."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
VECTORS = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "javascript:alert(1)", "{{7*7}}",
           "'-alert(1)-'", "</title><script>alert(1)</script>", "<iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>"]


@pytest.fixture
def api(app: Any, person: Make) -> Callable[..., Any]:
    user = person()
    app.client = app.test_client()

    def call(action: str, data: Any, **headers: str) -> Any:
        body = data if isinstance(data, str | bytes) else json.dumps(data)
        return app.post(f"/api/3/action/{action}", data=body, headers={"Authorization": user["token"], "Content-Type": "application/json", **headers})

    return call


def test_a_text_over_the_cap_is_refused_with_its_size(api: Make, dataset: Make) -> None:
    answer = api("participation_thread_create", {"subject_id": dataset()["id"], "title": "t", "body": "x" * 10_001})
    assert answer.status_code == 409
    assert "1" in answer.json["error"]["body"][0]
    assert "Nothing was cut" in answer.json["error"]["body"][0]


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '"text"', "[" * 5000, '{"title": 1e999}', '{"a": ' * 300 + "1" + "}" * 300])
def test_a_body_that_is_not_a_dictionary_is_refused(api: Make, body: str) -> None:
    assert api("participation_thread_create", body).status_code in {400, 409}


def test_a_private_thread_by_number_answers_like_one_that_is_not_there(api: Make, app: Any, person: Make, dataset: Make, as_user: Make) -> None:
    staff = person()
    with app.flask_app.test_request_context():
        thread = as_user(staff, "participation_thread_create", subject_id=dataset(staff=staff, private=True)["id"], title="Secret", body="Words.")
    hidden, absent = (api("participation_thread_show", {"id": number}) for number in (thread["id"], thread["id"] + 1000))
    assert (hidden.status_code, hidden.json["error"]) == (absent.status_code, absent.json["error"])
    assert app.get(f"/participation/thread/{thread['id']}").status_code == 404
    assert "Secret" not in hidden.body


@pytest.mark.parametrize("vector", VECTORS)
def test_titles_and_texts_cannot_run(api: Make, app: Any, dataset: Make, vector: str) -> None:
    about = dataset()
    made = api("participation_thread_create", {"subject_id": about["id"], "title": vector, "body": f"{vector}\n\n[x]({vector})"})
    assert made.status_code == 200
    for page in (made.json["result"]["url"], f"/dataset/{about['name']}", f"/participation/dataset/{about['name']}/threads", "/"):
        html = app.get(page).body
        assert "<script>alert" not in html
        assert not re.search(r"<(img|svg|iframe)[^>]*(onerror|onload|javascript:)", html)
        assert not re.search(r'href="\s*javascript:', html, re.IGNORECASE)


@pytest.mark.parametrize("path", ["/participation/thread/99999999999999999999", "/participation/thread/0", "/participation/planet/x/threads",
                                  "/participation/dataset/nope/threads/new", "/participation/dataset/%00/threads", "/participation/thread/1?after=%00"])
def test_addresses_that_lead_nowhere_are_not_found(app: Any, path: str) -> None:
    app.client = app.test_client()
    assert app.get(path).status_code in {400, 404}


@pytest.mark.ckan_config("participation.limits.posts_per_minute", 1)
def test_too_many_posts_get_429_with_retry_after(api: Make, dataset: Make) -> None:
    data = {"subject_id": dataset()["id"], "title": "t", "body": "b"}
    assert api("participation_thread_create", data).status_code == 200
    refused = api("participation_thread_create", data)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.json["success"] is False


def test_pages_carry_a_policy_without_inline_scripts(app: Any) -> None:
    policy = app.get("/").headers["Content-Security-Policy"]
    assert "object-src 'none'" in policy
    assert "unsafe-inline" not in re.sub(r"style-src[^;]*", "", policy)


@pytest.mark.parametrize(("page", "status"), [("/", 503), ("/fr/", 503), ("/organization/", 503)])
def test_no_page_fails_badly_when_the_search_is_away(app: Any, monkeypatch: pytest.MonkeyPatch, page: str, status: int) -> None:
    from layout import free_port

    monkeypatch.setitem(tk.config, "solr_url", f"http://127.0.0.1:{free_port()}/solr/ckan")
    app.client = app.test_client()
    assert app.get(page).status_code == status


def test_a_conversation_is_read_and_continued_while_the_search_is_away(
        api: Make, app: Any, dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from layout import free_port

    made = api("participation_thread_create", {"subject_id": dataset()["id"], "title": "t", "body": "b"}).json["result"]
    monkeypatch.setitem(tk.config, "solr_url", f"http://127.0.0.1:{free_port()}/solr/ckan")
    assert app.get(made["url"]).status_code == 200
    assert api("participation_comment_create", {"thread_id": made["id"], "body": "more"}).status_code == 200
