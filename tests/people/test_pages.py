"""The pages, as a browser without scripts uses them: from the form that somebody came from, and back to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests.helpers import changed_config
from people.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


class Browser:
    """Follows links and sends forms with what is in them; `page` is what it shows."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.page = BeautifulSoup("", "html.parser")
        self.status, self.path, self.headers = 0, "/", {}

    def go(self, path: str) -> Browser:
        return self._show(path, self.app.client.get(path, headers=SAME_ORIGIN, follow_redirects=False))

    def send(self, selector: str = "form:has(button.pt-button)", **values: str) -> Browser:
        form = self.page.select_one(f".pt-narrow {selector}, .pt-thread {selector}")
        fields = {tag["name"]: tag.get("value", tag.text) for tag in form.select("[name]")
                  if tag.name in {"input", "textarea"} and (tag.get("type") not in {"checkbox", "radio"} or tag.has_attr("checked"))}
        path = form.get("action") or self.path
        return self._show(path, self.app.client.post(path, data={**fields, **values}, headers=SAME_ORIGIN,
                                                       follow_redirects=False))

    def sign_in(self, login: str, password: str = PASSWORD, place: str = "") -> Browser:
        return self.go(f"/user/login{place}").send(login=login, password=password)

    def _show(self, path: str, reply: Any) -> Browser:
        while reply.status_code in {302, 303}:
            parts = urlsplit(reply.headers["Location"])
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            reply = self.app.client.get(path, headers=SAME_ORIGIN, follow_redirects=False)
        self.page, self.path = BeautifulSoup(reply.data, "html.parser"), path
        self.status, self.headers = reply.status_code, reply.headers
        return self

    @property
    def title(self) -> str:
        return " ".join(self.page.h1.get_text(" ", strip=True).split())

    @property
    def problems(self) -> str:
        found = self.page.select_one(".pt-errors")
        return found.get_text(" ", strip=True) if found else ""

    @property
    def account(self) -> str:
        found = self.page.select_one(".pt-account summary")
        return found.get_text(" ", strip=True) if found else ""


@pytest.fixture
def browser(app: Any) -> Browser:
    return Browser(app)


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.mark.parametrize("prefix", ["", "/fr"])
def test_from_the_form_to_an_account_and_back_to_the_form(browser: Browser, dataset: Make, mails: Make, prefix: str) -> None:
    form = f"/participation/dataset/{dataset()['name']}/threads/new"
    browser.go(f"{prefix}/user/login?came_from={form}")
    browser.go(browser.page.select_one(".pt-narrow a[href*='/user/register']")["href"])
    browser.send(email="claude@home.example", public_name="Claude Tremblay", password=PASSWORD)
    assert browser.path.startswith(f"{prefix}/participation/person/mail")
    assert "claude@home.example" in browser.page.get_text()
    link = next(found for found in re.findall(r"https?://\S+/confirm/\S+", mails()[0]["body"]) if ("/fr/" in found) == bool(prefix))
    browser.go(path_of(link))
    assert "claude-tremblay" in browser.page.get_text()
    assert browser.account == ""
    browser.send(password=PASSWORD)
    assert browser.account == "Claude Tremblay"
    assert browser.path == (prefix or "/en") + form
    assert browser.page.select_one("#field-body") is not None


def test_opening_a_link_confirms_nothing_and_a_second_press_explains(browser: Browser, sign_up: Make, mails: Make) -> None:
    sign_up()
    link = path_of(mails()[0]["link"])
    for _ in range(3):
        assert browser.go(link).status == 200
    assert model.User.get("claude-tremblay").state == "pending"
    browser.send(password="not the one")
    assert browser.status == 409
    assert "not the password" in browser.problems
    browser.send(password=PASSWORD)
    browser.app.client = browser.app.test_client()
    browser.go(link)
    assert (browser.status, browser.title) == (410, "This link has been used")
    assert browser.page.select_one(".pt-narrow a[href*='/user/login']") is not None


def test_a_page_with_a_key_in_its_address_is_stored_nowhere(browser: Browser, sign_up: Make, mails: Make) -> None:
    sign_up()
    browser.go(path_of(mails()[0]["link"]))
    assert "no-store" in browser.headers["Cache-Control"]
    assert browser.headers["Referrer-Policy"] == "same-origin"


def test_a_cut_link_says_what_to_do(browser: Browser) -> None:
    assert browser.go("/participation/person/confirm/abc").title == "This link is not complete"
    assert browser.go("/participation/person/reset/abc").status == 410
    assert browser.go("/participation/person/address/a.b").status == 410


def test_errors_keep_what_was_typed_but_no_password(browser: Browser) -> None:
    browser.go("/user/register").send(email="claude@", public_name="Staff", password="short")
    assert browser.status == 409
    assert len(browser.page.select(".pt-errors li a")) == 3
    assert browser.page.select_one("#field-email")["value"] == "claude@"
    assert browser.page.select_one("#field-public_name")["value"] == "Staff"
    assert "short" not in str(browser.page.select_one("#field-password"))


def test_fields_tell_browsers_what_they_ask_for(browser: Browser, person: Make) -> None:
    def asked(path: str) -> dict[str, str]:
        return {tag["name"]: tag.get("autocomplete", "") for tag in browser.go(path).page.select(".pt-narrow input.form-control")}

    assert asked("/user/register") == {"email": "email", "public_name": "nickname", "password": "new-password"}
    assert asked("/user/reset") == {"login": "username"}
    assert asked("/user/login") == {"login": "username", "password": "current-password"}
    browser.sign_in(person(password=PASSWORD)["name"])
    assert asked("/participation/person/password") == {"password": "current-password", "new_password": "new-password"}
    assert asked("/participation/person/email") == {"email": "email", "password": "current-password"}


def test_one_signs_in_by_address_or_name_in_any_case(browser: Browser, person: Make, sign_up: Make) -> None:
    sign_up("ariane@home.example", "Somebody else who waits")
    person(name="ariane", fullname="Ariane", email="Ariane@home.example", password=PASSWORD)
    for login in ("ariane", "Ariane", " ariane ", "ariane@home.example", "ARIANE@HOME.EXAMPLE"):
        browser.app.client = browser.app.test_client()
        assert browser.sign_in(login).account == "Ariane", login


def test_one_comes_back_in_the_language_of_the_page(browser: Browser, person: Make) -> None:
    person(name="ariane", password=PASSWORD)
    browser.go("/fr/user/login?came_from=/dataset/%3Fq%3Dneige%26sort%3Dname").send(login="ariane", password=PASSWORD)
    assert browser.path == "/fr/dataset/?q=neige&sort=name"


@pytest.mark.parametrize("login", ["ariane", "ariane@home.example", "nobody", "nobody@home.example", "waits@home.example"])
def test_a_refused_sign_in_does_not_tell_what_was_wrong(browser: Browser, person: Make, sign_up: Make, login: str) -> None:
    person(name="ariane", email="ariane@home.example", password=PASSWORD)
    sign_up("waits@home.example")
    browser.sign_in(login, PASSWORD if login.startswith("waits") else "wrong password")
    assert browser.problems == "There is a problem Login failed. Bad username or password."
    assert browser.account == ""


def test_odd_sign_ins_are_refused_without_an_error_of_the_server(browser: Browser) -> None:
    for fields in ({}, {"login": "a\x00b", "password": "x"}, {"login": "a" * 10_000, "password": "x"}, {"login": "a"},
                   {"login": "ariane", "password": "x", "remember": "often"}):
        assert browser.app.client.post("/user/login", data=fields).status_code in {200, 409}


def test_guessing_passwords_ends_with_a_time_to_come_back(browser: Browser, person: Make) -> None:
    person(name="ariane", email="ariane@home.example", password=PASSWORD)
    with changed_config("participation.people.attempts", 3):
        for login in ("ariane", "ariane@home.example", "ARIANE"):
            browser.sign_in(login, "wrong password")
        browser.sign_in("ariane")
        assert browser.status == 429
        assert int(browser.headers["Retry-After"]) > 800
        assert "Too many wrong passwords" in browser.problems
        assert browser.account == ""


def test_another_address_is_not_kept_out_by_somebody_who_guesses(app: Any, person: Make) -> None:
    person(name="ariane", password=PASSWORD)

    def try_it(password: str, where: str) -> int:
        return app.test_client().post("/user/login", data={"login": "ariane", "password": password},
                                      headers={"X-Forwarded-For": f"9.9.9.9, {where}"}, follow_redirects=False).status_code

    with changed_config("participation.people.attempts", 3):
        assert [try_it("wrong", "203.0.113.5") for _ in range(4)] == [200, 200, 200, 429]
        assert try_it(PASSWORD, "198.51.100.7") == 302


def test_sign_ups_of_one_network_address_are_limited(app: Any) -> None:
    def ask(number: int, where: str) -> int:
        return app.test_client().post("/user/register", headers={"X-Forwarded-For": where}, follow_redirects=False, data={
            "email": f"a{number}@home.example", "public_name": "Claude", "password": PASSWORD}).status_code

    with changed_config("participation.people.signups_per_hour", 2):
        assert [ask(number, "203.0.113.9") for number in range(3)] == [302, 302, 429]
        assert ask(9, "203.0.113.10") == 302


def test_a_forgotten_password_by_pages(browser: Browser, person: Make, mails: Make) -> None:
    person(name="ariane", fullname="Ariane", email="ariane@home.example", password=PASSWORD)
    browser.go("/user/reset?came_from=/about").send(login="ariane@home.example")
    known = browser.page.select_one(".pt-narrow").get_text()
    (mail,) = mails()
    browser.go(path_of(mail["link"])).send(password="short")
    assert "Too short" in browser.problems
    browser.send(password="a brand new one")
    assert browser.path == "/en/user/login?came_from=/about"
    assert browser.send(login="ariane", password="a brand new one").account == "Ariane"
    assert browser.path == "/en/about"
    assert browser.go("/user/reset").send(login="nobody").page.select_one(".pt-narrow").get_text() == known


def test_the_profile_is_changed_by_pages(browser: Browser, person: Make, mails: Make) -> None:
    user = person(name="ariane", fullname="Ariane", email="ariane@home.example", password=PASSWORD)
    browser.sign_in("ariane", place="?came_from=/participation/person")
    assert browser.title == "My account"
    browser.send(public_name="Organisme")
    assert "staff" in browser.problems
    assert browser.page.select_one("#field-public_name")["value"] == "Organisme"
    browser.send(public_name="Ariane R.", mail_language="fr", about="Cycliste")
    assert browser.account == "Ariane R."
    browser.go("/participation/person/email").send(email="new@home.example", password=PASSWORD)
    assert "new@home.example" in browser.page.get_text()
    link = next(mail["link"] for mail in mails() if mail["to"] == "new@home.example")
    browser.go(path_of(link)).send()
    assert "new@home.example" in browser.page.select_one(".pt-narrow").get_text()
    browser.go("/participation/person/password").send(password=PASSWORD, new_password="a brand new one")
    assert browser.title == "My account"
    browser.go("/participation/person/close").send(password="a brand new one")
    assert (browser.title, browser.account) == ("Your account is closed", "")
    assert browser.go("/participation/person").path.startswith("/user/login")
    model.Session.expire_all()
    assert model.Session.get(model.User, user["id"]).state == "deleted"


def test_strangers_are_sent_to_sign_in_and_back(browser: Browser, person: Make) -> None:
    person(name="ariane", fullname="Ariane", password=PASSWORD)
    browser.go("/participation/person/email")
    assert browser.path == "/user/login?came_from=/participation/person/email"
    assert browser.send(login="ariane", password=PASSWORD).title == "Change my e-mail address"


@pytest.mark.parametrize("place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(browser: Browser, sign_up: Make, mails: Make, place: str) -> None:
    sign_up(came_from=place)
    link = path_of(mails()[0]["link"])
    assert "came_from" not in link
    reply = browser.app.client.post(f"{link}?came_from={place}", data={"password": PASSWORD}, follow_redirects=False)
    assert urlsplit(reply.headers["Location"]).path == "/en/"
    assert "evil" not in reply.headers["Location"]


def test_where_sign_up_is_closed_nothing_offers_it(browser: Browser) -> None:
    with changed_config("participation.people.signup", False):
        assert browser.go("/user/register").status == 403
        assert browser.page.select("a[href^='/user/register']") == []
        assert browser.go("/user/login").page.select("a[href^='/user/register']") == []


def test_an_administrator_still_makes_accounts_for_others(browser: Browser, person: Make) -> None:
    person(name="boss", password=PASSWORD, sysadmin=True)
    browser.sign_in("boss")
    browser.go("/user/register")
    assert browser.page.select_one("#field-username") is not None
    browser.send(name="made-by-hand", email="made@home.example", fullname="", password1=PASSWORD, password2=PASSWORD)
    assert model.User.get("made-by-hand").state == "active"


def test_a_signed_in_person_is_told_so(browser: Browser, person: Make) -> None:
    person(name="ariane", password=PASSWORD)
    assert browser.sign_in("ariane").go("/user/register").title == "You are signed in"


def test_a_form_of_another_site_changes_nothing(browser: Browser, person: Make) -> None:
    person(name="ariane", fullname="Ariane", password=PASSWORD)
    browser.sign_in("ariane")
    for path in ("", "/email", "/password", "/close"):
        reply = browser.app.client.post(f"/participation/person{path}", data={"public_name": "Evil", "password": PASSWORD},
                                        headers={"Sec-Fetch-Site": "cross-site"})
        assert reply.status_code in {400, 403}
    assert model.User.get("ariane").fullname == "Ariane"


def test_a_form_without_its_token_keeps_what_was_typed(browser: Browser, person: Make) -> None:
    person(name="ariane", fullname="Ariane", password=PASSWORD)
    browser.sign_in("ariane").go("/participation/person")
    browser.send(public_name="Ariane R.", _csrf_token="stale")
    assert browser.status == 400
    assert "open for too long, or you signed in or out" in browser.problems
    assert browser.page.select_one("#field-public_name")["value"] == "Ariane R."
    assert browser.send().account == "Ariane R."


def test_a_form_that_was_open_while_one_signed_in_elsewhere_posts_at_once(browser: Browser, person: Make, dataset: Make) -> None:
    person(name="ariane", fullname="Ariane", password=PASSWORD)
    form = f"/participation/dataset/{dataset()['name']}/threads/new"
    browser.sign_in("ariane").go(form)
    open_form, path = browser.page, browser.path
    browser.app.client.post("/user/_logout", data={"_csrf_token": browser.page.select_one("input[name=_csrf_token]")["value"]},
                            headers=SAME_ORIGIN)
    browser.send(".pt-post", title="Asked in two tabs", body="Words.")
    assert browser.status == 403
    assert "sign in in another tab" in browser.problems
    open_form, path = browser.page, browser.path
    browser.sign_in("ariane")
    browser.page, browser.path = open_form, path
    browser.send(".pt-post")
    assert browser.status == 200
    assert browser.title == "Asked in two tabs"


def test_the_former_token_is_taken_from_pages_of_this_site_only(browser: Browser, person: Make) -> None:
    person(name="ariane", fullname="Ariane", password=PASSWORD)
    former = browser.go("/user/login").page.select_one(".pt-narrow [name=_csrf_token]")["value"]
    browser.send(login="ariane", password=PASSWORD)
    fields = {"public_name": "Another", "mail_language": "fr", "_csrf_token": former}

    def post(headers: dict[str, str]) -> int:
        return browser.app.client.post("/participation/person", data=fields, headers=headers, follow_redirects=False).status_code

    assert post({}) == 400
    assert post({"Sec-Fetch-Site": "cross-site"}) == 400
    assert post(SAME_ORIGIN) == 302
    # The session's own token was only lent, not lost.
    assert browser.go("/participation/person").send(public_name="A third").status == 200


def test_a_link_that_is_not_whole_leads_to_another_one_first(browser: Browser) -> None:
    links = browser.go("/participation/person/confirm/nonsense").page.select(".pt-narrow .pt-form__actions a")
    assert [(link.get_text(strip=True), "btn-primary" in link["class"]) for link in links] == [("Have the link sent again", True), ("Sign in", False)]
