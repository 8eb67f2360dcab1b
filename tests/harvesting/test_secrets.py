"""The settings of a source, with the key that they may hold, are for those who may change it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.tests.helpers import call_action

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

KEY = "s3cretqqzz"


@pytest.fixture
def source(make_source: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return make_source("csa", config=json.dumps({"api_key": KEY, "language": "fr"}))


def said(action: str, user: str, **words: Any) -> Any:
    return tk.get_action(action)({"user": user, "auth_user_obj": model.User.get(user) if user else None}, words)


@pytest.mark.parametrize("action", ["package_show", "harvest_source_show"])
def test_the_public_sees_no_settings_of_a_source(source: dict[str, Any], action: str) -> None:
    shown = said(action, "", id=source["id"])
    assert shown["url"] == source["url"]
    assert "config" not in shown
    assert KEY not in json.dumps(shown)


def test_nor_does_somebody_who_is_signed_in(source: dict[str, Any], person: Callable[..., Any]) -> None:
    assert KEY not in json.dumps(said("harvest_source_show", person()["name"], id=source["id"]))


def test_nor_in_lists_and_searches(source: dict[str, Any]) -> None:
    found = said("package_search", "", fq="dataset_type:harvest", include_private=True)
    assert found["count"] == 1
    assert KEY not in json.dumps(found)
    assert KEY not in json.dumps(said("harvest_source_list", ""))
    for words in (KEY, f"api_key:{KEY}", f"extras_api_key:{KEY}", "config:*secret*"):
        assert said("package_search", "", q=words, fq="dataset_type:harvest")["count"] == 0


def test_nor_does_the_search_server_have_them(source: dict[str, Any]) -> None:
    rows = search.common.make_connection().search("*:*", fq="dataset_type:harvest", fl="*")
    assert rows.hits == 1
    assert KEY not in str(rows.docs)


def test_who_may_change_the_source_sees_them_also_after_it_was_read_from_the_search(
        source: dict[str, Any], person: Callable[..., Any]) -> None:
    editor = person()
    call_action("organization_member_create", id=source["owner_org"], username=editor["name"], role="admin")
    for _ in range(2):
        shown = said("harvest_source_show", editor["name"], id=source["id"])
        assert json.loads(shown["config"]) == {"api_key": KEY, "language": "fr"}
        assert shown["api_key"] == KEY


def test_a_source_that_is_edited_keeps_its_settings(source: dict[str, Any]) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("harvest_source_reindex", {"user": user}, id=source["id"])
    shown = call_action("harvest_source_show", {"user": user}, id=source["id"])
    call_action("harvest_source_update", {"user": user}, **{
        name: shown[name] for name in ("id", "name", "title", "url", "source_type", "owner_org", "frequency", "config")} | {"notes": "New."})
    again = call_action("harvest_source_show", {"user": user}, id=source["id"])
    assert json.loads(again["config"]) == {"api_key": KEY, "language": "fr"}


def test_settings_never_stand_for_what_a_source_says_of_itself(make_source: Callable[..., dict[str, Any]]) -> None:
    source = make_source("csa", config=json.dumps({"language": "fr"}))
    model.Session.execute(sa.text("UPDATE harvest_source SET config = :config"), {"config": '{"title": "Other", "api_key": "k"}'})
    model.Session.commit()
    assert said("package_show", "", id=source["id"])["title"] == source["title"]
