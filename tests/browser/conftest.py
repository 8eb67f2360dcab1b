"""A real browser on a real site. Every test gets pages that fail it when a script is refused or breaks."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import running
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from running import Site

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
WIDE = 1280
LEFT_OUT = os.environ.get("BROWSER") == "none"

if LEFT_OUT:
    collect_ignore_glob = ["test_*.py"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say once that these tests did not run."""
    if LEFT_OUT:
        terminalreporter.write_line("tests/browser: left out, because BROWSER=none")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give Chromium."""
    found = os.environ.get("CHROMIUM") or next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if not found:
        pytest.fail("no Chromium here: sudo apt-get install chromium, or BROWSER=none leaves these tests out", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(chromium: Browser) -> Iterator[Site]:
    """Give the demonstration site that all browser tests share."""
    with running.started() as one:
        yield one


@dataclass
class Visitor:
    """One person's browser: cookies, pages, and what went wrong in them."""

    site: Site
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def open(self, path: str = "/", lang: str = "en") -> Page:
        """Open a page of the site in a new tab."""
        page = self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("dialog", self._dialog)
        self.go(page, path, lang)
        return page

    def go(self, page: Page, path: str, lang: str = "en") -> None:
        """Go to a path of the site in the language."""
        page.goto(self.site.url + ("/fr" if lang == "fr" else "") + path)

    def sign_in(self, page: Page, name: str, password: str, lang: str = "en") -> None:
        """Sign in by the form, as a person would."""
        self.go(page, "/user/login", lang)
        page.fill("#field-login", name)
        page.fill("#field-password", password)
        page.locator("form:has(#field-password) button[type=submit]").click()
        page.locator(".pt-account").wait_for(state="attached")

    def _console(self, message: ConsoleMessage) -> None:
        # A page that answers 4xx is an error to the console; whether it should have is each test's own business.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture
def visitor(chromium: Browser, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Open browsers: `visitor(width=320, scripts=False)`. Afterwards no script may have failed or been refused by the policy."""
    opened: list[Visitor] = []

    def one(width: int = WIDE, *, scripts: bool = True) -> Visitor:
        context = chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        opened.append(Visitor(site, context))
        return opened[-1]

    yield one
    complaints = [line for person in opened for line in person.complaints]
    for person in opened:
        person.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def someone(site: Site) -> Callable[..., dict[str, str]]:
    """Make an account: `{"name", "password", "api_token"}`. One per test, because one person's posts are limited."""

    def make(fullname: str = "Claude Essai") -> dict[str, str]:
        name, password = f"visitor-{secrets.token_hex(5)}", secrets.token_urlsafe(18)
        site.as_role("admin", "user_create", name=name, email=f"{name}@demo.example", password=password, fullname=fullname)
        token = site.as_role("admin", "api_token_create", user=name, name="tests")["token"]
        return {"name": name, "password": password, "api_token": token}

    return make


@pytest.fixture(scope="session")
def dataset(site: Site) -> dict[str, Any]:
    """Give one bilingual dataset of the organisation for which the demonstration's agency account answers."""
    found = site.call("package_search", fq="organization:csa-asc", q="title:neige OR title:snow OR title:glace OR title:ice", rows=1).result
    return (found["results"] or site.call("package_search", fq="organization:csa-asc", rows=1).result["results"])[0]


@pytest.fixture(scope="session")
def thread(site: Site, dataset: dict[str, Any], someone: Callable[..., dict[str, str]]) -> dict[str, Any]:
    """Give a conversation with a question that was changed, an answer of the agency, and a reply."""
    asker = someone("Dominique Question")
    made = site.call("participation_thread_create", asker["api_token"], subject_id=dataset["name"], kind="question", lang="fr",
                     title="Que veut dire la colonne « qualité »?", body="Je vois les valeurs **0** à **3**.\n\n- 0: ?\n- 3: ?").result
    site.as_role("agency", "participation_comment_create", thread_id=made["id"], as_organization=True, lang="fr",
                 body="0 veut dire *non vérifié*, 3 veut dire *vérifié deux fois*.")
    thanked = site.call("participation_comment_create", asker["api_token"], thread_id=made["id"], parent_seq=2, lang="fr", body="Merci!")
    assert thanked.result["seq"] == 3
    changed = "Je vois les valeurs **0** à **4**.\n\n- 0: ?\n- 4: ?"
    assert site.call("participation_comment_edit", asker["api_token"], thread_id=made["id"], seq=1, body=changed).status == 200
    return made


@pytest.fixture(scope="session")
def problem(site: Site, dataset: dict[str, Any], someone: Callable[..., dict[str, str]]) -> dict[str, Any]:
    """Give a report of a problem in a file that the agency has confirmed."""
    place = {"field": "date_obs", "row": "12", "wrong": "9999-01-01", "expected": "1999-01-01",
             "resource_id": next((file["id"] for file in dataset["resources"]), "")}
    made = site.call("participation_thread_create", someone("Dominique Signalement")["api_token"], subject_id=dataset["name"], kind="problem",
                     lang="fr", title="Une date de l’an 9999", body="La douzième ligne.", problem=place).result
    return site.as_role("agency", "participation_thread_problem_set", id=made["id"], state="confirmed", reason="Nous le voyons aussi.")
