"""What somebody wrote is never lost: not to a form that was open too long, not to a session that ended meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from running import Site

pytestmark = pytest.mark.browser

POST = ".pt-post button[type=submit]:not([name])"
TEXT = "Trois paragraphes.\n\nÉcrits avec soin, « guillemets » compris.\n\nEt <b>des balises</b> & des esperluettes."


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def person(request: pytest.FixtureRequest, visitor: Any) -> Any:
    """Give a visitor with and without scripts."""
    return visitor(scripts=request.param)


def titles(site: Site, dataset: dict[str, Any]) -> list[str]:
    """Return the titles of the conversations about the dataset."""
    rows = site.call("participation_thread_list", subject_id=dataset["name"], limit=100).result["results"]
    return [row["title"] for row in rows]


def spoil_token(page: Page) -> None:
    """Give the form a token that the site does not take, as one that has become too old."""
    page.locator(".pt-post input[name=_csrf_token]").evaluate("input => { input.value = 'IjAwIg.aaaaaa.stale'; }")


def open_form(person: Any, dataset: dict[str, Any], account: dict[str, str], title: str) -> Page:
    """Sign in and fill the form of a new conversation."""
    page = person.open("/user/login")
    person.sign_in(page, account["name"], account["password"])
    person.go(page, f"/participation/dataset/{dataset['name']}/threads/new")
    page.check("input[name=kind][value=suggestion]")
    page.fill("#field-title", title)
    page.fill("#field-body", TEXT)
    return page


def shows_everything_again(page: Page, title: str) -> None:
    """Expect an explanation on top and the form as it was."""
    expect(page.locator(".pt-errors")).to_be_visible()
    expect(page.locator("#field-title")).to_have_value(title)
    expect(page.locator("#field-body")).to_have_value(TEXT)
    expect(page.locator("input[name=kind][value=suggestion]")).to_be_checked()


def test_a_stale_token_keeps_the_text_and_the_next_press_posts_it(
    person: Any, site: Site, dataset: dict[str, Any], someone: Any, request: pytest.FixtureRequest
) -> None:
    title = f"Ouvert depuis hier {request.node.callspec.id}"
    page = open_form(person, dataset, someone(), title)
    spoil_token(page)
    page.locator(POST).click()
    shows_everything_again(page, title)
    assert title not in titles(site, dataset)
    page.locator(POST).click()
    expect(page.locator("h1")).to_have_text(title)
    assert titles(site, dataset).count(title) == 1


def test_a_form_without_a_token_posts_nothing_and_keeps_the_text(
    person: Any, site: Site, dataset: dict[str, Any], someone: Any, request: pytest.FixtureRequest
) -> None:
    title = f"Sans jeton {request.node.callspec.id}"
    page = open_form(person, dataset, someone(), title)
    page.locator(".pt-post input[name=_csrf_token]").evaluate("input => input.remove()")
    page.locator(POST).click()
    shows_everything_again(page, title)
    assert title not in titles(site, dataset)


def test_an_answer_with_a_stale_token_is_kept_too(person: Any, site: Site, thread: dict[str, Any], someone: Any) -> None:
    account = someone()
    page = person.open("/user/login")
    person.sign_in(page, account["name"], account["password"])
    person.go(page, f"/participation/thread/{thread['id']}")
    page.fill("#field-body", TEXT)
    spoil_token(page)
    page.locator(POST).click()
    expect(page.locator(".pt-errors")).to_be_visible()
    expect(page.locator("#field-body")).to_have_value(TEXT)
    page.locator(POST).click()
    expect(page.locator(".pt-message").last).to_contain_text("guillemets")


def test_a_session_that_ended_keeps_the_text_until_one_has_signed_in_again(
    person: Any, site: Site, dataset: dict[str, Any], someone: Any, request: pytest.FixtureRequest
) -> None:
    account, title = someone(), f"Session perdue {request.node.callspec.id}"
    page = open_form(person, dataset, account, title)
    person.context.clear_cookies()
    page.locator(POST).click()
    shows_everything_again(page, title)
    assert title not in titles(site, dataset)
    # What the page advises: sign in in another tab, come back, press again.
    other = person.open("/user/login")
    person.sign_in(other, account["name"], account["password"])
    page.locator(POST).click()
    if page.locator(".pt-errors").count():
        # Signing in has begun a session of its own, with a token of its own: one more press.
        shows_everything_again(page, title)
        page.locator(POST).click()
    expect(page.locator("h1")).to_have_text(title)
    assert titles(site, dataset).count(title) == 1


def test_the_page_says_why_nothing_was_posted_when_the_session_has_ended(person: Any, dataset: dict[str, Any], someone: Any) -> None:
    page = open_form(person, dataset, someone(), "Pourquoi?")
    person.context.clear_cookies()
    page.locator(POST).click()
    expect(page.locator(".pt-errors")).to_contain_text("sign in")
