"""A removal that waits, decided and taken back with the keyboard alone; nothing of its pages is in anybody's way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser.keyboard import Keyboard
from browser.looking import nothing_in_the_way
from playwright.sync_api import expect
from running import CHECKOUT, Site

sys.path.insert(0, str(CHECKOUT / "config" / "stack"))

pytestmark = pytest.mark.browser

SOURCE = "canadian-space-agency"
WHICH = f"(SELECT id FROM package WHERE name = '{SOURCE}')"


@pytest.fixture
def held(site: Site) -> Iterator[int]:
    """A removal of three datasets that waits, as the engine leaves it; it is gone afterwards."""
    import postgres
    from layout import Home

    home = Home.open(site.home, site.port)
    postgres.execute(home, f"""
        WITH asked AS (INSERT INTO participation_harvest_held (source_id, at, run_id, gone, before, state)
            VALUES ({WHICH}, now(), 0, 3, 10, 'open') RETURNING id)
        UPDATE participation_harvest_state SET held_id = (SELECT id FROM asked) WHERE source_id = {WHICH} AND guid IN (
            SELECT guid FROM participation_harvest_state WHERE source_id = {WHICH} AND package_id IS NOT NULL ORDER BY guid LIMIT 3)""")
    yield site.as_role("agency", "participation_harvest_held_list", source=SOURCE)["results"][0]["id"]
    postgres.execute(home, f"UPDATE participation_harvest_state SET held_id = NULL WHERE source_id = {WHICH}")
    postgres.execute(home, f"DELETE FROM participation_harvest_held WHERE source_id = {WHICH}")


@pytest.mark.parametrize(("lang", "width", "scripts"), [("en", 1280, True), ("fr", 320, False)])
def test_a_held_removal_is_confirmed_and_taken_back_by_keyboard(
        visitor: Callable[..., Any], site: Site, held: int, lang: str, width: int, scripts: bool) -> None:
    person = visitor(width)
    if not scripts:
        person.context.route("**/*.js*", lambda route: route.abort())
    page = person.open("/user/login", lang)
    account = site.accounts["agency"]
    person.sign_in(page, account["name"], account["password"], lang)
    person.go(page, "/participation/harvest/sources", lang)
    nothing_in_the_way(page)
    keys = Keyboard(person, page, lang)
    keys.skip()
    keys.go(page.locator(".pt-source--held h2 a"))
    nothing_in_the_way(page)
    keys.go(page.locator(f"main a[href$='/participation/harvest/held/{held}'], .primary a[href$='/participation/harvest/held/{held}']").first)
    expect(page.locator(".pt-goes li")).to_have_count(3)
    nothing_in_the_way(page)
    keys.go(page.locator("button[name=decision][value=confirmed]"))
    expect(page.locator(".pt-notice--success").first).to_be_visible()
    nothing_in_the_way(page)
    assert site.as_role("agency", "participation_harvest_held_show", id=held)["state"] == "confirmed"
    keys.go(page.locator("form[action$='/undo'] button"))
    expect(page.locator("button[name=decision]")).to_have_count(2)
    assert site.as_role("agency", "participation_harvest_held_show", id=held)["state"] == "open"
