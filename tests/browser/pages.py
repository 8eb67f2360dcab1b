"""The main pages of the catalogue, by what a person would call them."""

from __future__ import annotations

import os
from typing import Any

LANGUAGES = ("en", "fr")
WIDTHS = (320, 1280)
FULL = bool(os.environ.get("FULL"))

# Pages that are looked at.
NAMES = ("home", "search", "dataset", "thread", "problem report", "what becomes of it", "history", "conversations", "latest conversations",
         "organisation conversations", "conversation search", "new conversation", "sign-in", "register", "organisation", "organisations", "about", "licence mix", "no such page")
# Who has to be signed in to see the whole page: anybody, or the agency's editor. Everything else is looked at as a passer-by.
SIGNED_IN = {"new conversation", "thread"}
STAFF = {"what becomes of it", "organisation conversations"}


def path_of(name: str, dataset: dict[str, Any], thread: dict[str, Any], problem: dict[str, Any]) -> str:
    """Return the path of the page `name`; `thread` is a question whose first message was changed, `problem` a report that was confirmed."""
    return {
        "home": "/",
        "search": "/dataset/?q=satellite",
        "dataset": f"/dataset/{dataset['name']}",
        "thread": f"/participation/thread/{thread['id']}",
        "problem report": f"/participation/thread/{problem['id']}",
        "what becomes of it": f"/participation/thread/{problem['id']}/manage",
        "history": f"/participation/thread/{thread['id']}/1/history",
        "conversations": f"/participation/dataset/{dataset['name']}/threads",
        "latest conversations": "/participation/conversations",
        "organisation conversations": f"/participation/organization/{dataset['organization']['name']}/conversations",
        "conversation search": "/participation/search?q=quality+date",
        "new conversation": f"/participation/dataset/{dataset['name']}/threads/new",
        "sign-in": "/user/login",
        "register": "/user/register",
        "organisation": f"/organization/{dataset['organization']['name']}",
        "organisations": "/organization/",
        "about": "/about",
        "licence mix": f"/participation/licences/compatibility?id={dataset['name']}",
        "credit": f"/participation/licences/credit/{dataset['name']}",
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
