"""Asking and answering as people do it: by the forms, with and without scripts, in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from running import Site

pytestmark = pytest.mark.browser

POST = ".pt-post button[type=submit]:not([name])"


def threads_of(site: Site, dataset: dict[str, Any], title: str) -> list[dict[str, Any]]:
    """Return the conversations of that title about the dataset."""
    rows = site.call("participation_thread_list", subject_id=dataset["name"], limit=100).result["results"]
    return [row for row in rows if row["title"] == title]


def write(page: Page, title: str, body: str) -> None:
    """Fill the form of a new conversation."""
    page.fill("#field-title", title)
    page.fill("#field-body", body)


@pytest.mark.parametrize(("scripts", "lang", "width"), [(True, "fr", 320), (False, "en", 1280)])
def test_a_citizen_asks_and_the_dataset_page_shows_it(
    visitor: Any, site: Site, dataset: dict[str, Any], scripts: bool, lang: str, width: int
) -> None:
    """From the dataset's page through signing in and back to the form, as somebody who came to read."""
    citizen, title = site.accounts["citizen"], f"Pourquoi si peu de neige? {lang}"
    person = visitor(width, scripts=scripts)
    page = person.open(f"/dataset/{dataset['name']}", lang)
    page.locator("#conversation a[href*='kind=question']").first.click()
    page.locator(".primary a[href*='/user/login']").first.click()
    page.fill("#field-login", citizen["name"])
    page.fill("#field-password", citizen["password"])
    page.locator("form:has(#field-password) button[type=submit]").click()
    expect(page.locator("#field-title")).to_be_visible()
    write(page, title, "Dans le fichier de **janvier**.\n\n1. un\n2. deux")
    page.locator(POST).click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator(".pt-notice--success, [role=status]").first).to_be_visible()
    person.go(page, f"/dataset/{dataset['name']}", lang)
    card = page.locator("#conversation article", has_text=title)
    expect(card).to_be_visible()
    expect(card.locator("strong")).to_have_text("janvier")
    assert len(threads_of(site, dataset, title)) == 1


@pytest.mark.parametrize(("lang", "scripts"), [("en", True), ("fr", False)])
def test_the_preview_shows_the_text_as_it_will_look_and_posts_nothing(
    visitor: Any, site: Site, dataset: dict[str, Any], someone: Any, lang: str, scripts: bool
) -> None:
    account, person = someone(), visitor(scripts=scripts)
    page = person.open("/user/login", lang)
    person.sign_in(page, account["name"], account["password"], lang)
    person.go(page, f"/participation/dataset/{dataset['name']}/threads/new", lang)
    write(page, f"Aperçu {lang}", "une **chose** <script>alert(1)</script>")
    page.locator(".pt-post button[name=preview]").click()
    expect(page.locator("#preview strong")).to_have_text("chose")
    expect(page.locator("#preview")).to_contain_text("<script>alert(1)</script>")
    expect(page.locator("#field-title")).to_have_value(f"Aperçu {lang}")
    expect(page.locator("#field-body")).to_have_value("une **chose** <script>alert(1)</script>")
    assert person.dialogs == []
    assert threads_of(site, dataset, f"Aperçu {lang}") == []
    page.locator(POST).click()
    expect(page.locator("h1")).to_have_text(f"Aperçu {lang}")
    assert len(threads_of(site, dataset, f"Aperçu {lang}")) == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_the_agency_answers_in_its_name(visitor: Any, site: Site, dataset: dict[str, Any], someone: Any, scripts: bool) -> None:
    asked = site.call("participation_thread_create", someone()["api_token"], subject_id=dataset["name"], title="Quelle unité?",
                      body="En mètres ou en pieds?", lang="fr").result
    agency, person = site.accounts["agency"], visitor(scripts=scripts)
    page = person.open("/user/login")
    person.sign_in(page, agency["name"], agency["password"])
    person.go(page, f"/participation/thread/{asked['id']}")
    page.fill("#field-body", "En mètres.")
    page.check("#field-as_organization")
    page.locator(POST).click()
    answer = page.locator(".pt-message--agency")
    expect(answer).to_contain_text("En mètres.")
    expect(answer).to_contain_text(dataset["organization"]["title"].split(" | ")[0])
    expect(answer.locator(".pt-tag--agency")).to_be_visible()
    reader = visitor().open(f"/dataset/{dataset['name']}", "fr")
    expect(reader.locator("#conversation .pt-message--agency", has_text="En mètres.").first).to_be_visible()


def test_a_citizen_is_not_offered_to_answer_for_the_agency(visitor: Any, thread: dict[str, Any], someone: Any) -> None:
    account, person = someone(), visitor()
    page = person.open("/user/login")
    person.sign_in(page, account["name"], account["password"])
    person.go(page, f"/participation/thread/{thread['id']}")
    expect(page.locator("#field-body")).to_be_visible()
    assert page.locator("#field-as_organization").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_click_posts_once(visitor: Any, site: Site, dataset: dict[str, Any], someone: Any, scripts: bool) -> None:
    account, person, title = someone(), visitor(scripts=scripts), f"Deux fois? {scripts}"
    page = person.open("/user/login")
    person.sign_in(page, account["name"], account["password"])
    person.go(page, f"/participation/dataset/{dataset['name']}/threads/new")
    write(page, title, "Une seule fois.")
    page.locator(POST).dblclick()
    expect(page.locator("h1")).to_have_text(title)
    assert len(threads_of(site, dataset, title)) == 1


def test_the_same_form_sent_twice_posts_once(visitor: Any, site: Site, dataset: dict[str, Any], someone: Any) -> None:
    """As after a broken connection: the browser sends again what it has sent."""
    account, person, title = someone(), visitor(), "Renvoyé"
    page = person.open("/user/login")
    person.sign_in(page, account["name"], account["password"])
    person.go(page, f"/participation/dataset/{dataset['name']}/threads/new")
    write(page, title, "Le même formulaire.")
    sent = page.evaluate("Object.fromEntries(new FormData(document.querySelector('.pt-post')))")
    address = page.evaluate("document.querySelector('.pt-post').action")
    replies = [person.context.request.post(address, form=sent, headers={"Referer": page.url}) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert len({reply.url for reply in replies}) == 1
    assert len(threads_of(site, dataset, title)) == 1


def test_a_missing_title_is_named_and_everything_typed_is_still_there(visitor: Any, dataset: dict[str, Any], someone: Any) -> None:
    account, person = someone(), visitor(scripts=False)
    page = person.open("/user/login", "fr")
    person.sign_in(page, account["name"], account["password"], "fr")
    person.go(page, f"/participation/dataset/{dataset['name']}/threads/new", "fr")
    write(page, " ", "Un long texte que personne ne veut retaper.")
    page.check("input[name=kind][value=problem]")
    page.locator(POST).click()
    expect(page.locator(".pt-errors a[href='#field-title']")).to_be_visible()
    expect(page.locator("#field-body")).to_have_value("Un long texte que personne ne veut retaper.")
    expect(page.locator("input[name=kind][value=problem]")).to_be_checked()


def test_the_error_summary_has_the_focus(visitor: Any, dataset: dict[str, Any], someone: Any) -> None:
    account, person = someone(), visitor()
    page = person.open("/user/login")
    person.sign_in(page, account["name"], account["password"])
    person.go(page, f"/participation/dataset/{dataset['name']}/threads/new")
    write(page, " ", "Texte")
    page.locator(POST).click()
    expect(page.locator(".pt-errors")).to_be_focused()
