"""The main pages of the catalogue, by what a person would call them."""

from __future__ import annotations

import os
from typing import Any

LANGUAGES = ("en", "fr")
WIDTHS = (320, 1280)
FULL = bool(os.environ.get("FULL"))

# Pages that are looked at; the new conversation's form is there for those who are signed in.
NAMES = ("home", "search", "dataset", "thread", "conversations", "new conversation", "sign-in", "register", "organisation",
         "organisations", "about", "no such page")
SIGNED_IN = {"new conversation", "thread"}


def path_of(name: str, dataset: dict[str, Any], thread: dict[str, Any]) -> str:
    """Return the path of the page `name`."""
    return {
        "home": "/",
        "search": "/dataset/?q=satellite",
        "dataset": f"/dataset/{dataset['name']}",
        "thread": f"/participation/thread/{thread['id']}",
        "conversations": f"/participation/dataset/{dataset['name']}/threads",
        "new conversation": f"/participation/dataset/{dataset['name']}/threads/new",
        "sign-in": "/user/login",
        "register": "/user/register",
        "organisation": f"/organization/{dataset['organization']['name']}",
        "organisations": "/organization/",
        "about": "/about",
        "no such page": "/there-is-nothing-here",
    }[name]


def combinations() -> list[tuple[str, str, int, bool]]:
    """Return (page, language, width, scripts): each page in both languages and at both widths, or with FULL all of them."""
    if FULL:
        return [(name, lang, width, scripts) for name in NAMES for lang in LANGUAGES for width in WIDTHS for scripts in (True, False)]
    found = []
    for place, name in enumerate(NAMES):
        narrow, wide = LANGUAGES[place % 2], LANGUAGES[1 - place % 2]
        found += [(name, narrow, 320, True), (name, wide, 1280, place % 3 != 0)]
    return found
