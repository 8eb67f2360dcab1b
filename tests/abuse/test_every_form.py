"""Every form there is, found by walking the addresses: what a hostile page or programme sends to it.

Nothing has to be entered here when a form is added: it is tried as well, or the test says what its address needs.
"""

from __future__ import annotations

import re
import unicodedata
import urllib.parse
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from flask_login import encode_cookie

from ckanext.participation.common.model import Event, Follow, Person, Subject, Support
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import CommentVersion, OrganizationPolicy, Rating, ThreadChange

UNLIMITED = {f"participation.limits.{what}_per_{time}": 100_000 for what in ("posts", "reactions") for time in ("minute", "hour")}
pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index"),
              *(pytest.mark.ckan_config(name, value) for name, value in UNLIMITED.items())]

FORM = "application/x-www-form-urlencoded"
# What a form may hold beside its texts, so that it would succeed if it were taken.
GOOD = {"title": "Why?", "body": "Words.", "kind": "question", "lang": "en", "state": "closed", "value": "1", "reason": "x", "threads": "off",
        "review": "before", "seq": "2", "user": "", "base": "0"}


def forms(app: Any, answered: dict[str, Any]) -> list[str]:
    """Return the addresses of all our forms."""
    rules = [rule for rule in app.flask_app.url_map.iter_rules()
             if "POST" in rule.methods and rule.endpoint.startswith("participation") and "API" not in rule.endpoint]
    assert len(rules) > 20
    assert {name for rule in rules for name in rule.arguments} <= set(answered["parts"]), "say above what the new form's address needs"
    with app.flask_app.test_request_context():
        return sorted({tk.url_for(rule.endpoint, **{name: answered["parts"][name] for name in rule.arguments}) for rule in rules})


def sign_in(app: Any, user: dict[str, Any], page: str) -> str:
    """Start another session and return its form token."""
    app.client = app.test_client()
    app.set_session_user(user["id"])
    found = re.search(r'name="_csrf_token" value="([^"]+)"', app.get(page).body)
    assert found
    return found[1]


def everything() -> list[int]:
    """Return how many rows there are of all that a form could make or change."""
    model.Session.remove()
    tables = (Event, Comment, Thread, Support, Follow, Rating, CommentVersion, ThreadChange, OrganizationPolicy, Subject, Person, model.User)
    return [model.Session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]


def remember(app: Any, user: dict[str, Any]) -> None:
    """Give the browser the cookie that signs in again. CKAN's helper of this kind makes one that is never sent."""
    with app.flask_app.test_request_context():
        app.client.set_cookie(tk.config["REMEMBER_COOKIE_NAME"], encode_cookie(user["id"]),
                              domain=urllib.parse.urlsplit(tk.config["ckan.site_url"]).hostname)


TOKENS = ("none", "stale", "of another session", "of another person")
FOREIGN = ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})


@pytest.mark.parametrize("primed", [False, True], ids=["fresh", "primed"])
def test_no_form_takes_what_this_session_did_not_make(answered: dict[str, Any], app: Any, primed: bool) -> None:
    page = f"/participation/thread/{answered['parts']['thread_id']}"
    others = {"of another session": sign_in(app, answered["staff"], page), "of another person": sign_in(app, answered["asker"], page), "stale": "stale"}
    own = sign_in(app, answered["staff"], page)
    addresses, before, wrong = forms(app, answered), everything(), []
    for address in addresses:
        if primed:
            # What opens CKAN 2.12.0's hole for the view: one request without a session.
            app.test_client().post(address, data={})
            before = everything()
        tries: list[tuple[dict[str, str], dict[str, str], int]] = [
            ({"_csrf_token": others[token]} if token in others else {}, {}, 400) for token in TOKENS]
        tries += [({"_csrf_token": own}, headers, 403) for headers in (FOREIGN[::2] if primed else FOREIGN[1::2])]
        for sent, headers, status in tries:
            answer = app.post(address, data={**GOOD, **sent}, headers=headers, follow_redirects=False)
            if answer.status_code != status:
                wrong.append(f"{address} {sent} {headers}: {answer.status_code}")
        # Who has nothing but the cookie that signs them in again.
        session = app.client
        app.client = app.test_client()
        remember(app, answered["staff"])
        answer = app.post(address, data=GOOD, headers=FOREIGN[0], follow_redirects=False)
        if answer.status_code not in ({403} if primed else {400, 403}):
            wrong.append(f"{address} remembered: {answer.status_code} {answer.headers.get('Location')}")
        app.client = session
        if everything() != before:
            wrong.append(f"{address} changed {before} {everything()}")
            before = everything()
    assert '\n'.join(wrong) == ''


# As bytes: no browser sends them, everything else may.
STRANGE = {"half a pair": b"a\xed\xa0\x80b", "no UTF-8": b"a\xff\xfe\x80b", "NUL": b"a\x00b", "controls": b"a\x07\x1b[31m\x7fb", "overlong": b"a\xc0\xafb",
           "bidi": "a\u202egnp\u2066b".encode(), "apart": "e\u200b\u0301\ufeff".encode(), "nothing seen": "\u200b\u2060\u00ad".encode(),
           "far planes": "\U0010ffff\U000e0041".encode(), "lines": b"a\r\nb\xe2\x80\xa8c\x85", "many marks": ("a" + "\u0300" * 400).encode()}
FIELDS = ("title", "body", "kind", "lang", "parent_seq", "idempotency_key", "problem_field", "problem_row", "problem_wrong", "problem_expected",
          "problem_resource_id", "reason", "link_url", "link_resource_id", "state", "value", "seq", "user", "threads", "review", "base", "email",
          "name", "public_name", "alt-1", "attachments", "q")


def stored() -> list[str]:
    """Return every text that people wrote and that is stored."""
    model.Session.remove()
    rows = model.Session.execute(sa.text(
        "SELECT title FROM participation_thread UNION ALL SELECT state_reason FROM participation_thread UNION ALL "
        "SELECT jsonb_path_query(problem, '$.*') #>> '{}' FROM participation_thread UNION ALL SELECT body FROM participation_comment UNION ALL "
        "SELECT reason FROM participation_thread_change UNION ALL SELECT public_name FROM participation_person")).scalars()
    return [row for row in rows if row]


# All at once, and the texts alone among good ones.
@pytest.mark.parametrize("changed", [FIELDS, ("title", "body", "reason", "problem_wrong", "public_name")], ids=["all", "texts"])
def test_strange_bytes_in_any_field_of_any_form_are_refused_or_stored_in_one_form(
        changed: tuple[str, ...], answered: dict[str, Any], app: Any) -> None:
    token = urllib.parse.quote(sign_in(app, answered["staff"], f"/participation/thread/{answered['parts']['thread_id']}"))
    wrong = []
    for address in forms(app, answered):
        if "/delete" in address:
            continue
        for what, sent in list(STRANGE.items())[::1 if changed is FIELDS else 3]:
            value = urllib.parse.quote_from_bytes(sent)
            fields = {name: urllib.parse.quote(text) for name, text in {**GOOD, "kind": "problem"}.items()} | dict.fromkeys(changed, value)
            body = "&".join(f"{name}={text}" for name, text in fields.items()) + f"&_csrf_token={token}"
            answer = app.post(address, data=body, content_type=FORM, follow_redirects=False)
            if answer.status_code not in {200, 302, 303, 400, 403, 404, 409, 410, 429}:
                wrong.append(f"{address} {what}: {answer.status_code}")
    texts = stored()
    wrong += [repr(text) for text in texts if not unicodedata.is_normalized("NFC", text)
              or any((unicodedata.category(letter) == "Cc" and letter not in "\n\t") or letter in "\u202e\u2066\u200b\ufeff\ufffe" for letter in text)]
    assert wrong == []
    assert len(texts) > 2
