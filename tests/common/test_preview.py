"""The preview of a text: what it will look like, for people who are signed in, not for programmes that ask all day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest

from ckanext.participation.common.errors import LimitExceeded

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_redis"),
              pytest.mark.ckan_config("participation.limits.previews_per_minute", 2)]

Make = Callable[..., Any]


@pytest.fixture
def clean_redis() -> None:
    """Nobody has asked for anything yet: names of accounts come again in other tests."""
    from ckan.lib.redis import connect_to_redis

    redis = connect_to_redis()
    for key in redis.scan_iter("participation:*:attempts:preview:*"):
        redis.delete(key)


def look(as_user: Make, who: dict[str, Any], text: str = "**so**") -> str:
    return as_user(who, "participation_text_preview", body=text)["html"]


@pytest.mark.usefixtures("with_request_context")
def test_a_preview_shows_the_text_as_it_will_be(person: Make, as_user: Make) -> None:
    assert "<strong>so</strong>" in look(as_user, person())


@pytest.mark.usefixtures("with_request_context")
def test_too_many_previews_in_a_minute_are_refused_with_the_time_to_wait(person: Make, as_user: Make) -> None:
    who = person()
    for _ in range(2):
        look(as_user, who)
    with pytest.raises(LimitExceeded) as refusal:
        look(as_user, who)
    assert 0 < refusal.value.seconds <= 60


@pytest.mark.usefixtures("with_request_context")
def test_one_person_does_not_use_up_another_ones_previews(person: Make, as_user: Make) -> None:
    eager, other = person(), person()
    for _ in range(2):
        look(as_user, eager)
    assert "<strong>" in look(as_user, other)


@pytest.mark.usefixtures("with_request_context")
def test_a_text_that_is_refused_is_not_counted(person: Make, as_user: Make) -> None:
    who = person()
    for _ in range(3):
        with pytest.raises(tk.ValidationError):
            look(as_user, who, "")
    assert "<strong>" in look(as_user, who)


def test_the_api_and_the_page_answer_429_and_say_when_to_come_back(make_app: Any, person: Make) -> None:
    app, token = make_app(), person()["token"]
    for _ in range(2):
        app.post("/participation/preview", data={"body": "a"}, headers={"Authorization": token}, status=200)
    refused = app.post("/participation/preview", data={"body": "a"}, headers={"Authorization": token}, status=429)
    assert int(refused.headers["Retry-After"]) > 0
    assert "pt-field__error" in refused.body
    refused = app.post("/api/3/action/participation_text_preview", json={"body": "a"}, headers={"Authorization": token}, status=429)
    assert int(refused.headers["Retry-After"]) > 0
