"""Both languages are whole: switching keeps the page, and a French page says nothing in English."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browser.pages import NAMES, SIGNED_IN, STAFF, path_of
from playwright.sync_api import Page
from running import CHECKOUT, Site

pytestmark = pytest.mark.browser

TEMPLATES = CHECKOUT / "ckanext-participation" / "ckanext" / "participation"
# Words that French and English share.
SAME_IN_BOTH = {"Question", "Suggestion", "Licence", "Licences", "Conversation", "Conversations", "Format", "Formats", "Type", "Date", "Action", "Actions",
                "Contact", "Archives", "Documentation", "Service", "Services", "Source", "Sources", "Page", "Public", "Code", "Guide", "Image"}

# Texts of a page as their readers meet them: what is written, and what is said or shown by attributes; without what people or
# publishers wrote, which says its own language.
TEXTS = """() => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const foreign = e => e.closest('.pt-prose, .pt-card__title, .pt-chips, .pt-languages, script, style, [lang]:not(html)');
    while (walk.nextNode()) {
        const text = walk.currentNode.textContent.replace(/\\s+/g, ' ').trim();
        if (text && !foreign(walk.currentNode.parentElement)) { found.push(text); }
    }
    for (const e of document.querySelectorAll('[aria-label], [title], [placeholder], img[alt]')) {
        for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
            const text = (e.getAttribute(name) || '').trim();
            if (text && !foreign(e)) { found.push(text); }
        }
    }
    found.push(document.title);
    return found;
}"""


def english_words() -> list[str]:
    """Return the English texts of our own templates and Python files that stand on pages as they are written."""
    texts: set[str] = set()
    for path in (*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.py")):
        source = path.read_text()
        texts.update(text for _, text in re.findall(r"""_\(\s*(['"])((?:(?!\1).)+)\1\s*\)""", source))
        texts.update(" ".join(text.split()) for text in re.findall(r"{% trans[^%]*%}(.*?){%-? *(?:endtrans|pluralize)", source, re.DOTALL))
    return sorted(text for text in texts if "{" not in text and "%(" not in text and text not in SAME_IN_BOTH)


@pytest.fixture
def show(visitor: Any, site: Site, dataset: dict[str, Any], thread: dict[str, Any], problem: dict[str, Any]) -> Any:
    """Open one of the main pages."""

    def one(name: str, lang: str) -> Page:
        person = visitor()
        page = person.open("/about", lang)
        if name in SIGNED_IN | STAFF:
            account = site.accounts["agency" if name in STAFF else "citizen"]
            person.sign_in(page, account["name"], account["password"], lang)
        person.go(page, path_of(name, dataset, thread, problem), lang)
        return page

    return one


@pytest.mark.parametrize("name", [name for name in NAMES if name != "no such page"])
def test_the_language_switch_keeps_the_page(show: Any, site: Site, dataset: dict[str, Any], thread: dict[str, Any], name: str) -> None:
    page = show(name, "en")
    path = page.url.removeprefix(site.url)
    page.locator(".pt-languages a[hreflang=fr]").click()
    page.wait_for_load_state()
    assert page.url.removeprefix(site.url).rstrip("?") == "/fr" + path
    assert page.locator("html").get_attribute("lang") == "fr"
    page.locator(".pt-languages a[hreflang=en]").click()
    page.wait_for_load_state()
    assert page.url.removeprefix(site.url).removeprefix("/en").rstrip("?") == path
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("name", NAMES)
def test_a_french_page_says_nothing_in_english(show: Any, name: str) -> None:
    words = english_words()
    assert len(words) > 100, "the texts of the templates were not found"
    on_page = set(show(name, "fr").evaluate(TEXTS))
    left = sorted(word for word in words if word in on_page)
    assert not left, "\n".join(left)


def test_a_dataset_shows_the_reader_s_language_first(show: Any, dataset: dict[str, Any]) -> None:
    titles = dataset["title_translated"]
    assert titles["fr"] != titles["en"]
    assert show("dataset", "fr").locator("h1").inner_text() == titles["fr"]
    assert show("dataset", "en").locator("h1").inner_text() == titles["en"]


def test_a_conversation_names_its_dataset_in_the_reader_s_language(show: Any, dataset: dict[str, Any]) -> None:
    assert show("thread", "fr").locator(".pt-thread .pt-meta a").first.inner_text() == dataset["title_translated"]["fr"]
    assert show("thread", "en").locator(".pt-thread .pt-meta a").first.inner_text() == dataset["title_translated"]["en"]
