"""The pages of licence changes, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan.tests.helpers import call_action
from licensing.conftest import NC, OGL

from ckanext.participation.common import subjects

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Data = dict[str, Any]
Do = Callable[..., Any]


@pytest.fixture
def read(make_app: Any) -> Do:
    """Read a page as somebody, or as nobody."""

    def get(user: Data | None, path: str, status: int = 200) -> BeautifulSoup:
        reply = make_app().get(path, headers={"Authorization": user["token"]} if user else {}, status=status)
        return BeautifulSoup(reply.body, "html.parser")

    return get


@pytest.fixture
def send(make_app: Any) -> Do:
    """Send the form of an organisation's word."""

    def post(user: Data | None, number: int, **fields: str) -> Any:
        return make_app().post(f"/participation/licence-change/{number}/explain", data=fields, follow_redirects=False,
                               headers={"Authorization": user["token"]} if user else {})

    return post


def test_the_history_says_what_was_allowed_until_when(narrowed: Data, read: Do) -> None:
    page = read(None, f"/participation/dataset/{narrowed['name']}/licence-history")
    text = " ".join(page.select_one(".primary, main").get_text(" ").split())  # type: ignore[union-attr]
    for words in ("History of the licence", "Allows less", "stays under “Open Government Licence", "You may no longer",
                  "commercial ones included", "The organisation has not said why yet."):
        assert words in text, words
    assert page.select_one("section.pt-version .pt-tag svg") is not None
    assert page.find("a", string="Say why") is None


def test_the_history_speaks_french(narrowed: Data, read: Do) -> None:
    page = read(None, f"/fr/participation/dataset/{narrowed['name']}/licence-history")
    assert "Licence du gouvernement ouvert" in page.get_text()
    assert "même commerciale" in page.get_text()


def test_headings_go_down_step_by_step(narrowed: Data, read: Do) -> None:
    page = read(None, f"/participation/dataset/{narrowed['name']}/licence-history")
    levels = [int(heading.name[1]) for heading in page.select("h1, h2, h3, h4, h5")]
    start = levels.index(1)
    assert all(after - before <= 1 for before, after in zip(levels[start:], levels[start + 1:], strict=False))
    assert levels.count(1) == 1


def test_a_dataset_whose_licence_never_changed_says_so(snow: Data, read: Do) -> None:
    assert "The licence has not changed" in read(None, f"/participation/dataset/{snow['name']}/licence-history").get_text()
    assert "see its history" not in read(None, f"/dataset/{snow['name']}").get_text()


def test_the_licence_box_leads_to_the_history(narrowed: Data, read: Do) -> None:
    link = read(None, f"/dataset/{narrowed['name']}").select_one(".pt-licence__history a")
    assert link is not None
    assert link["href"].endswith(f"/participation/dataset/{narrowed['name']}/licence-history")


def test_outsiders_find_no_history_of_a_private_dataset(person: Do, dataset: Do, change: Do, read: Do) -> None:
    staff = person()
    about = dataset(staff=staff, license_id="OGL-Canada-2.0", private=True)
    change(about, staff, license_id="CC-BY-NC-4.0")
    path = f"/participation/dataset/{about['name']}/licence-history"
    read(None, path, status=404)
    read(person(), path, status=404)
    assert "Allows less" in read(staff, path).get_text()


def test_the_organisation_is_called_as_in_the_readers_language(narrowed: Data, read: Do, person: Do) -> None:
    call_action("organization_patch", id=narrowed["owner_org"], title_translated={"en": "Snow office", "fr": "Bureau de la neige"})
    where = f"/participation/organization/{narrowed['owner_org']}/licence-changes"
    for path, title in ((where, "Snow office"), (f"/fr{where}", "Bureau de la neige")):
        crumb = read(person(sysadmin=True), path).find("a", href=re.compile("/organization/.*"), string=title)
        assert crumb is not None, path


def test_staff_finds_what_waits_and_says_why(narrowed: Data, read: Do, send: Do) -> None:
    number, staff = narrowed["change"]["id"], narrowed["staff"]
    waiting = read(staff, f"/participation/organization/{narrowed['owner_org']}/licence-changes")
    assert waiting.select_one(f'a[href$="/licence-change/{number}/explain"]') is not None
    panel = read(staff, f"/organization/{narrowed['organization']['name']}").select_one("#licence-changes-title")
    assert panel is not None
    assert read(staff, f"/participation/licence-change/{number}/explain").select_one("textarea#field-reason") is not None
    reply = send(staff, number, reason="Because <b>of</b> rights.", lang="en")
    assert reply.status_code == 302
    page = read(None, f"/participation/dataset/{narrowed['name']}/licence-history")
    assert "Because <b>of</b> rights." in page.get_text()
    assert page.select_one(".pt-notice p[lang=en]") is not None
    assert read(staff, f"/organization/{narrowed['organization']['name']}").select_one("#licence-changes-title") is None
    assert "Nothing waits" in read(staff, f"/participation/organization/{narrowed['owner_org']}/licence-changes").get_text()


def test_an_error_gives_the_form_back_with_what_was_typed(narrowed: Data, dataset: Do, change: Do, send: Do) -> None:
    change(dataset(owner_org=narrowed["owner_org"], license_id=OGL), None, license_id=NC)
    reply = send(narrowed["staff"], narrowed["change"]["id"], reason="x" * 3000, lang="fr", alike="true")
    page = BeautifulSoup(reply.body, "html.parser")
    assert reply.status_code == 409
    assert page.select_one("textarea#field-reason").get_text().strip() == "x" * 3000  # type: ignore[union-attr]
    assert page.select_one(".pt-errors a[href='#field-reason']") is not None
    assert page.select_one("option[value=fr]").has_attr("selected")  # type: ignore[union-attr]
    assert page.select_one("input#field-alike").has_attr("checked")  # type: ignore[union-attr]


def test_others_get_no_form_and_no_list(narrowed: Data, person: Do, read: Do, send: Do) -> None:
    number = narrowed["change"]["id"]
    read(None, f"/participation/licence-change/{number}/explain", status=401)
    read(person(), f"/participation/licence-change/{number}/explain", status=403)
    read(person(), f"/participation/organization/{narrowed['owner_org']}/licence-changes", status=404)
    reply = send(None, number, reason="Typed for long.", lang="en")
    assert reply.status_code == 403
    assert "Typed for long." in reply.body
    assert "Open Government Licence" not in reply.body
    assert "licence-changes-title" not in read(person(), f"/organization/{narrowed['organization']['name']}").decode()


def test_a_form_that_was_open_for_too_long_gives_the_words_back(narrowed: Data, person: Do, make_app: Any) -> None:
    """A request that brings a session and no token; also from somebody who may not explain, and about nothing."""
    for user, number in ((narrowed["staff"], narrowed["change"]["id"]), (person(), narrowed["change"]["id"]), (narrowed["staff"], 999)):
        app = make_app()
        app.set_session_user(user["id"])
        app.get("/participation/conversations")
        reply = app.post(f"/participation/licence-change/{number}/explain", data={"reason": "Typed for long.", "lang": "en"})
        assert reply.status_code == 400
        assert "Typed for long." in reply.body
        assert ("Open Government Licence" in reply.body) == (user is narrowed["staff"] and number != 999)


@pytest.mark.parametrize("path", ["/participation/dataset/nowhere/licence-history", "/participation/organization/nowhere/licence-changes",
                                  "/participation/licence-change/999999999999999999999999/explain"])  # fmt: skip
def test_what_is_not_there_is_not_found(person: Do, read: Do, path: str) -> None:
    read(person(sysadmin=True), path, status=404)


def test_what_is_gone_is_listed_with_the_number_of_its_changes(narrowed: Data, person: Do, read: Do, make_app: Any) -> None:
    with make_app().flask_app.test_request_context():
        tk.get_action("dataset_purge")({"user": tk.config["ckan.site_id"], "ignore_auth": True}, {"id": narrowed["id"]})
        subjects.sweep()
    row = read(person(sysadmin=True), "/participation/queue").select_one("#orphans article")
    assert row is not None
    assert "1 change of the licence" in row.get_text()
    assert "0 conversations" not in row.get_text()


def test_a_strange_page_mark_is_refused(narrowed: Data, read: Do) -> None:
    read(None, f"/participation/dataset/{narrowed['name']}/licence-history?after=x", status=400)
