"""Every action there is, found by walking them: odd values in every field that its documentation names, by anybody.

Nothing has to be entered here when an action is added.
"""

from __future__ import annotations

import inspect
import re
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import logic, model

from ckanext.participation.common.model import Event, Support
from ckanext.participation.threads.model import Comment

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
FORM = "application/x-www-form-urlencoded"
ODD = [None, "", "x\x00", "\ud800", "\u202e", -1, 0, 1.5, 2**31, 2**63, 2**70, True, float("nan"), float("inf"), "²", "9" * 5000, [], {}, ["a", {"b": []}],
       [None], [[]], {"a": {"b": 1}}, "0001-01-01T00:00:00+23:59~1", "2026-01-01T00:00:00+00:00~²", "99999999999#99999999999", "1#1#1", "' OR 1=1 --",
       "{!func}x", "../../etc/passwd", b"bytes"]
# They ask other machines, or look at the whole catalogue: what they take is tried with them (tests/harvesting, tests/common).
APART = {"participation_harvest_run"}


def fields_of(action: str) -> set[str]:
    return set(re.findall(r":param (?:\w+ )?(\w+):", inspect.getdoc(logic._actions[action]) or ""))


@pytest.mark.parametrize("who", ["nobody", "staff", "sysadmin"])
def test_no_action_fails_badly_whatever_it_is_given(who: str, answered: dict[str, Any], person: Make, app: Any) -> None:
    user = {"nobody": "", "sysadmin": person(sysadmin=True)["name"]}.get(who) if who in ("nobody", "sysadmin") else answered[who]["name"]
    tk.get_action("status_show")
    actions = sorted(name for name in logic._actions if name.startswith("participation_") and name not in APART)
    assert len(actions) > 35
    wrong = []
    with app.flask_app.test_request_context():
        for action in actions:
            fields = fields_of(action)
            tries = [{}, *({field: value} for field in fields for value in ODD), *(dict.fromkeys(fields, value) for value in ODD)]
            for data in tries:
                try:
                    tk.get_action(action)({"user": user, "ignore_auth": False}, data)
                except (tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound) as error:
                    if isinstance(error, tk.ValidationError) and not all(error.error_dict.values()):
                        wrong.append(f"{action} {str(data)[:60]}: no words")
                except Exception as error:  # noqa: BLE001 (whatever it is, it is what this test looks for)
                    wrong.append(f"{action} {str(data)[:60]}: {type(error).__name__} {str(error)[:80]}")
                model.Session.rollback()
    assert wrong == []


@pytest.mark.parametrize("password", ["9" * 4097, "é" * 9000, "x\x00", "\ud83d"])
@pytest.mark.parametrize("spelling", ["name", "address"])
def test_a_password_that_none_can_be_is_no_error_of_the_site(password: str, spelling: str, answered: dict[str, Any], app: Any) -> None:
    app.client = app.test_client()
    found = re.search(r'name="_csrf_token" value="([^"]+)"', app.get("/user/login").body)
    assert found
    with app.flask_app.test_request_context():
        login = {"name": answered["asker"]["name"], "address": model.User.get(answered["asker"]["id"]).email.upper()}[spelling]
    body = urllib.parse.urlencode({"login": login, "password": password, "_csrf_token": found[1]}, errors="surrogatepass")
    assert app.post("/user/login", data=body, content_type=FORM).status_code in {200, 409}


def test_an_address_that_somebody_makes_up_makes_them_nobody_else(
        answered: dict[str, Any], app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """B14: 200 requests of one person at once, each from "another" address, given and taken back across each other."""
    monkeypatch.setitem(tk.config, "participation.limits.reactions_per_minute", 5)
    target = {"target_type": "comment", "target_id": f"{answered['parts']['thread_id']}#2"}

    def press(number: int) -> int:
        headers = {"Authorization": answered["asker"]["token"], **dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded"), f"203.0.113.{number}")}
        return app.flask_app.test_client().post("/api/3/action/participation_support_set", json={**target, "value": (number + 1) % 2},
                                                headers=headers).status_code
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(press, range(200)))
    model.Session.remove()
    made = model.Session.scalar(sa.select(sa.func.count()).where(Event.type == "support.set"))
    assert set(statuses) == {200, 429}, set(statuses)
    # What changes nothing is not counted: it has no event.
    assert made == 5
    rows = model.Session.scalar(sa.select(sa.func.count()).select_from(Support).where(Support.value == 1))
    assert model.Session.scalar(sa.select(Comment.n_support).where(Comment.thread_id == answered["parts"]["thread_id"], Comment.seq == 2)) == rows <= 1
