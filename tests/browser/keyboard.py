"""Somebody who has a keyboard and no mouse: Tab to get there, Enter, Space and arrows to do it, and each stop must show."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, expect
from running import CHECKOUT

if TYPE_CHECKING:
    from browser.conftest import Visitor

CATALOGUE = CHECKOUT / "ckanext-participation/ckanext/participation/i18n/fr/LC_MESSAGES/ckanext-participation.mo"
# No page has so many stops: who has not arrived by then can't get there.
MOST_STOPS = 250

# Where the focus is, seen from the element that is wanted: there, past it, or still before it; and whether it can be seen.
LOOK = """wanted => {
    const here = document.activeElement;
    const group = here && wanted.type === 'radio' && here.type === 'radio' && here.name === wanted.name && here.form === wanted.form;
    if (here === wanted || group) { return {at: 'there', seen: here.matches(':focus-visible')}; }
    const past = here && here !== document.body && (here.compareDocumentPosition(wanted) & Node.DOCUMENT_POSITION_PRECEDING);
    return {at: past ? 'past' : 'before', seen: true};
}"""


@cache
def _french() -> gettext.GNUTranslations:
    with CATALOGUE.open("rb") as file:
        return gettext.GNUTranslations(file)


def words(lang: str, text: str, **values: str) -> str:
    """Return what stands on the pages of the language for the English `text`."""
    return (_french().gettext(text) if lang == "fr" else text).format(**values)


@dataclass
class Keyboard:
    """One person at the keyboard, on one page, in one language."""

    person: Visitor
    page: Page
    lang: str

    def says(self, text: str, **values: str) -> str:
        """Return the text in this person's language."""
        return words(self.lang, text, **values)

    def button(self, text: str, within: str = "main, [role=main]") -> Locator:
        """Return the button with these words."""
        return self.page.locator(within).get_by_role("button", name=self.says(text), exact=True)

    def link(self, text: str, within: str = ".primary") -> Locator:
        """Return the link with these words in the page's content."""
        return self.page.locator(within).get_by_role("link", name=self.says(text), exact=True)

    def press(self, key: str) -> None:
        """Press one key."""
        self.page.keyboard.press(key)

    def reach(self, wanted: Locator) -> Locator:
        """Tab until the element, or its group of radio buttons, has the focus; it must be seen that it has."""
        expect(wanted).to_have_count(1)
        element = wanted.element_handle()
        assert element
        for _ in range(MOST_STOPS):
            look = element.evaluate(LOOK)
            if look["at"] == "there":
                assert look["seen"], f"the focus does not show on {wanted}"
                return wanted
            self.press("Shift+Tab" if look["at"] == "past" else "Tab")
        raise AssertionError(f"{MOST_STOPS} times Tab on {self.page.url} did not lead to {wanted}")

    def go(self, wanted: Locator) -> None:
        """Reach a link or button that leads to another page, press Enter and wait for that page."""
        self.reach(wanted)
        with self.page.expect_navigation():
            self.press("Enter")

    def skip(self) -> None:
        """Jump over the page's head by its first link, as one does on every page after the first."""
        self.press("Tab")
        assert self.page.evaluate("document.activeElement.getAttribute('href')") == "#content"
        self.press("Enter")

    def write(self, field: str, text: str) -> None:
        """Reach a text field by its id and write into it in place of what it holds."""
        self.reach(self.page.locator(f"#{field}"))
        self.press("Control+a")
        self.page.keyboard.type(text)
        expect(self.page.locator(f"#{field}")).to_have_value(text)

    def choose(self, radio: Locator) -> None:
        """Choose one of a group of radio buttons with the arrows."""
        self.reach(radio)
        self.press("Space")
        for _ in range(10):
            if radio.is_checked():
                break
            self.press("ArrowDown")
        expect(radio).to_be_checked()

    def pick(self, field: str, value: str) -> None:
        """Choose an entry of a drop-down list with the arrows."""
        box = self.reach(self.page.locator(f"#{field}"))
        for _ in range(box.locator("option").count()):
            if box.input_value() == value:
                break
            self.press("ArrowDown")
        expect(box).to_have_value(value)

    def tick(self, field: str) -> None:
        """Tick a box with the space bar, if it is not ticked yet."""
        box = self.reach(self.page.locator(f"#{field}"))
        if not box.is_checked():
            self.press("Space")
        expect(box).to_be_checked()

    def sign_in(self, account: dict[str, str]) -> None:
        """Fill the form of the page for signing in and send it with Enter."""
        self.write("field-login", account["name"])
        self.write("field-password", account["password"])
        with self.page.expect_navigation():
            self.press("Enter")
        expect(self.page.locator(".pt-account")).to_be_attached()

    def visit(self, path: str) -> None:
        """Open an address that somebody sent by mail."""
        self.person.go(self.page, path, self.lang)
