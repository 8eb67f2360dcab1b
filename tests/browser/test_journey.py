"""A source from its address to a removal that a person decided, as an editor of the organisation walks that way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser.keyboard import words
from browser.leaving import Catalogue, served
from browser.looking import nothing_in_the_way, sideways
from browser.pages import FULL
from playwright.sync_api import Page, expect
from running import Site, eventually

pytestmark = pytest.mark.browser

DATASETS, GOING = 18, 6
WAYS = [("en", 1280, True, "confirmed"), ("fr", 320, False, "refused")]
if FULL:
    WAYS += [("fr", 1280, True, "refused"), ("en", 320, False, "confirmed")]


@pytest.fixture
def word() -> str:
    """A word that no other dataset has."""
    return f"Givre{secrets.token_hex(4)}"


@pytest.fixture
def catalogue(site: Site, word: str) -> Iterator[Catalogue]:
    """Eighteen datasets, and a record without a title."""
    rows = [{
        "identifier": f"{word}-{number}", "title": f"{word} {number}", "description": f"Where the ice of {word} was in winter {number}.",
        "keyword": ["ice"], "modified": "2026-01-15", "accessLevel": "public", "license": "https://creativecommons.org/licenses/by/4.0/",
        "publisher": {"name": "Ville de Glace"}, "contactPoint": {"fn": "Desk", "hasEmail": "mailto:desk@example.org"},
        "distribution": [{"title": "Table", "downloadURL": f"https://data.example.org/{word}/{number}.csv", "mediaType": "text/csv"}],
    } for number in range(1, DATASETS + 1)]
    with served(site, word.lower(), Catalogue([*rows, {**rows[0], "identifier": f"{word}-none", "title": ""}])) as one:
        yield one


@pytest.fixture
def editor(site: Site, word: str, someone: Callable[..., dict[str, str]]) -> dict[str, str]:
    """An editor of an organisation that publishes nothing yet."""
    account = someone("Camille Édition")
    site.as_role("admin", "organization_create", name=word.lower(), title_translated={"en": f"City of {word}", "fr": f"Ville de {word}"},
                 users=[{"name": account["name"], "capacity": "editor"}])
    return {**account, "organization": word.lower()}


class Walk:
    """One editor in one language, with scripts or without."""

    def __init__(self, person: Any, page: Page, lang: str, *, scripts: bool) -> None:
        self.person, self.page, self.lang, self.scripts = person, page, lang, scripts
        self.source = ""

    def says(self, text: str, **values: str) -> str:
        """Return the text in the editor's language."""
        return words(self.lang, text, **values)

    def press(self, text: str) -> None:
        """Press the button or follow the link with these words, and wait for the page that it leads to."""
        named = {"name": self.says(text), "exact": True}
        page = self.page.locator(".primary")
        with self.page.expect_navigation():
            page.get_by_role("button", **named).or_(page.get_by_role("link", **named)).first.click()

    def waits(self, progress: str) -> None:
        """Wait until what tells how far something is has gone by itself; without scripts, by asking again as the page offers."""
        def again() -> bool:
            if self.page.locator(progress).count():
                self.press("Look again")
            return not self.page.locator(progress).count()

        if not self.scripts:
            eventually(again, f"{progress} is gone from {self.page.url}")
        expect(self.page.locator(progress)).to_have_count(0, timeout=60_000)

    def adds(self, catalogue: Catalogue, organization: str, title: str) -> None:
        """Add a source by its address, after a look at what it would bring."""
        self.person.go(self.page, "/participation/harvest/sources", self.lang)
        self.press("Add a source")
        self.page.fill("#field-url", catalogue.url)
        self.page.select_option("#field-owner_org", organization)
        self.press("Look at the data")
        self.waits("#preview-progress")
        expect(self.page.locator(".pt-sampled")).to_have_count(DATASETS + 1)
        expect(self.page.locator("h1")).to_have_text(self.says("What this source would bring"))
        expect(self.page.locator(".pt-facts").first).to_contain_text(self.says("Cannot be read"))
        self.page.fill("#field-title", title)
        self.page.select_option("#field-frequency", "MANUAL")
        catalogue.answers.clear()
        self.press("Add it and harvest it now")
        self.source = self.page.url.rsplit("/", 1)[1]

    def watches(self, catalogue: Catalogue) -> None:
        """Watch a run from its beginning, which the source delays, to its end."""
        expect(self.page.locator("#run-progress")).to_be_visible()
        catalogue.answers.set()
        self.waits("#run-progress")

    def reads_again(self, catalogue: Catalogue, button: str) -> None:
        """Have the source read, and watch."""
        catalogue.answers.clear()
        self.press(button)
        self.watches(catalogue)

    def last_run(self) -> list[str]:
        """Return what the table says of the latest run: its outcome and its numbers."""
        return [text.strip() for text in self.page.locator(".pt-table--runs tbody tr").first.locator("td").all_inner_texts()]

    def finds(self, word: str) -> int:
        """Search for the word and count the datasets found."""
        self.person.go(self.page, f"/dataset/?q={word}", self.lang)
        return self.page.locator(".dataset-item").count()


def reads_what_was_said(reader: Any, dataset: dict[str, Any], thread: dict[str, Any], lang: str, *, scripts: bool) -> None:
    """Come to a removed dataset by an old link: its page says what became of it, and what people said can be read, not answered."""
    page = reader.open("/about", lang)
    with page.expect_response(lambda reply: reply.url.endswith(f"/dataset/{dataset['name']}")) as reply:
        reader.go(page, f"/dataset/{dataset['name']}", lang)
    assert reply.value.status == 410
    expect(page.locator("h1")).to_have_text(dataset["title"])
    expect(page.locator(".pt-notice--closed")).to_contain_text(words(lang, "This dataset was removed"))
    assert dataset["resources"][0]["url"] not in page.content()
    if scripts:
        nothing_in_the_way(page)
    assert sideways(page) <= 0
    page.locator("#conversation").get_by_role("link", name=thread["title"]).first.click()
    expect(page.locator("h1")).to_have_text(thread["title"])
    expect(page.locator(".primary")).to_contain_text("From which year on?")
    expect(page.locator("textarea")).to_have_count(0)


@pytest.mark.parametrize(("lang", "width", "scripts", "decision"), WAYS)
def test_an_editor_adds_a_source_watches_it_and_decides_on_a_removal(
        visitor: Callable[..., Any], site: Site, someone: Callable[..., dict[str, str]], editor: dict[str, str], catalogue: Catalogue,
        word: str, lang: str, width: int, scripts: bool, decision: str) -> None:
    person = visitor(width, scripts=scripts)
    page = person.open("/user/login", lang)
    person.sign_in(page, editor["name"], editor["password"], lang)
    walk = Walk(person, page, lang, scripts=scripts)

    walk.adds(catalogue, editor["organization"], f"Data of {word}")
    walk.watches(catalogue)
    assert walk.last_run()[:6] == [walk.says("With errors"), "19", "19", "0", "0", "1"]
    expect(page.locator(".pt-said__text").first).to_contain_text(walk.says("The record has no title."))
    assert walk.finds(word) == DATASETS

    goes = site.call("package_search", q=f'title:"{word} 1"', rows=1).result["results"][0]
    asker = someone("Dominique Question")
    thread = site.call("participation_thread_create", asker["api_token"], subject_id=goes["name"], kind="question", lang=lang,
                       title=f"{word}?", body="From which year on?").result
    everything = catalogue.datasets
    catalogue.datasets = [row for row in everything if row["title"] not in {f"{word} {number}" for number in range(1, GOING + 1)}]
    person.go(page, f"/participation/harvest/sources/{walk.source}", lang)
    walk.reads_again(catalogue, "Read it now")
    expect(page.locator(".pt-notice--held")).to_be_visible()
    assert walk.finds(word) == DATASETS

    person.go(page, f"/participation/harvest/sources/{walk.source}", lang)
    walk.press("Look at them and decide")
    expect(page.locator(".pt-goes li")).to_have_count(GOING)
    expect(page.locator(".pt-goes li").first).to_contain_text(f"{word} 1")
    walk.press({"confirmed": "Remove them", "refused": "Keep them"}[decision])
    expect(page.locator(".pt-notice--success").first).to_be_visible()
    assert walk.finds(word) == DATASETS

    page.go_back()
    if decision == "confirmed":
        walk.reads_again(catalogue, "Read the source now")
    else:
        person.go(page, f"/participation/harvest/sources/{walk.source}", lang)
        walk.reads_again(catalogue, "Read it now")
    expect(page.locator(".pt-notice--held")).to_have_count(0)
    stay = DATASETS - GOING if decision == "confirmed" else DATASETS
    assert walk.last_run()[4] == str(DATASETS - stay)
    eventually(lambda: walk.finds(word) == stay, f"the search finds {stay} datasets")

    if decision == "confirmed":
        reads_what_was_said(visitor(width, scripts=scripts), goes, thread, lang, scripts=scripts)
        catalogue.datasets = everything
        person.go(page, f"/participation/harvest/sources/{walk.source}", lang)
        walk.reads_again(catalogue, "Read it now")
        eventually(lambda: walk.finds(word) == DATASETS, "the search finds all datasets again")
    person.go(page, f"/dataset/{goes['name']}", lang)
    page.locator("#conversation").get_by_role("link", name=f"{word}?").first.click()
    expect(page.locator("h1")).to_have_text(f"{word}?")
    expect(page.locator(".primary")).to_contain_text("From which year on?")
