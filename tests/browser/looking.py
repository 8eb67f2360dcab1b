"""What is asked of a page that somebody has open, whoever they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")


def violations(page: Page) -> list[dict[str, Any]]:
    """Return what axe-core objects to."""
    page.evaluate(AXE.read_text())
    return page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def nothing_in_the_way(page: Page) -> None:
    """Nobody is kept from using the page: axe-core objects to nothing, and nothing scrolls sideways."""
    assert {rule["id"]: [node["html"][:200] for node in rule["nodes"]] for rule in violations(page)} == {}
    assert sideways(page) <= 0
