"""Everybody can use every main page: axe-core finds nothing serious, nothing scrolls sideways, the keyboard gets everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from browser.looking import sideways, violations
from browser.pages import NAMES, SIGNED_IN, STAFF, combinations, path_of
from playwright.sync_api import Page
from running import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def reader(someone: Any) -> dict[str, str]:
    """Give an account that reads and writes nothing."""
    return someone("Andrée Lectrice")


@pytest.fixture
def show(visitor: Any, site: Site, dataset: dict[str, Any], thread: dict[str, Any], problem: dict[str, Any], reader: dict[str, str]) -> Any:
    """Open one of the main pages; without scripts, their files are not delivered, which leaves axe-core itself able to run."""

    def one(name: str, lang: str, width: int = 1280, *, scripts: bool = True) -> Page:
        person = visitor(width)
        if not scripts:
            person.context.route("**/*.js*", lambda route: route.abort())
        page = person.open("/user/login", lang)
        if name in SIGNED_IN | STAFF:
            account = site.accounts["agency"] if name in STAFF else reader
            person.sign_in(page, account["name"], account["password"], lang)
        person.go(page, path_of(name, dataset, thread, problem), lang)
        return page

    return one


@pytest.mark.parametrize(("name", "lang", "width", "scripts"), combinations())
def test_a_page_is_accessible_and_fits(show: Any, name: str, lang: str, width: int, scripts: bool) -> None:
    """One visit answers several questions, because opening pages is what costs."""
    page = show(name, lang, width, scripts=scripts)
    serious = {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in violations(page) if rule["impact"] in {"serious", "critical"}}
    assert serious == {}
    assert sideways(page) <= 0, wide_things(page)
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == lang
    assert page.locator("main, [role=main]").count() == 1
    assert repeated_ids(page) == []
    tokenless = page.locator("form[method=post]:not(:has(input[name=_csrf_token]))")
    assert tokenless.count() == 0, tokenless.first.evaluate("form => form.outerHTML")


@pytest.mark.parametrize("name", NAMES)
def test_the_skip_link_leads_to_the_content(show: Any, name: str) -> None:
    page = show(name, "en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("""() => {
        const content = document.getElementById('content'), here = document.activeElement;
        return content.contains(here) || Boolean(content.compareDocumentPosition(here) & Node.DOCUMENT_POSITION_FOLLOWING);
    }""")


@pytest.mark.parametrize("name", ["home", "search", "dataset", "new conversation", "sign-in"])
def test_a_keyboard_walk_shows_where_one_is(show: Any, name: str) -> None:
    """Each stop has an outline, a ring or another look than without focus."""
    page = show(name, "fr")
    unseen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate("""() => {
            const here = document.activeElement;
            if (!here || here === document.body) { return null; }
            const look = () => { const s = getComputedStyle(here);
                return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.borderColor, s.backgroundColor, s.textDecorationLine].join('|'); };
            const ring = getComputedStyle(here);
            const focused = look(), box = here.getBoundingClientRect(), outlined = ring.outlineStyle !== 'none' && parseFloat(ring.outlineWidth) > 0;
            here.blur();
            const plain = look();
            here.focus({preventScroll: true, focusVisible: true});
            return {html: here.outerHTML.slice(0, 160), seen: (outlined || focused !== plain) && box.width > 1 && box.height > 1};
        }""")
        if stop is None:
            break
        if not stop["seen"]:
            unseen.append(stop["html"])
    assert unseen == []


def wide_things(page: Page) -> list[str]:
    """Name what is wider than the page, for whoever reads the failure."""
    return page.evaluate("""() => Array.from(document.querySelectorAll('body *'))
        .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 160))""")


def repeated_ids(page: Page) -> list[str]:
    """Return ids that two elements have."""
    return page.evaluate("""() => { const ids = Array.from(document.querySelectorAll('[id]')).map(e => e.id);
        return [...new Set(ids.filter((id, place) => ids.indexOf(id) !== place))]; }""")
