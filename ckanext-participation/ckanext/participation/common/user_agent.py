"""The name under which other sites' servers are asked: the portal, and where to complain. A header, so plain ASCII on one line."""

from __future__ import annotations

import unicodedata

import ckan.plugins.toolkit as tk

from ckanext.participation import config
from ckanext.participation.common import fetch

# Some servers refuse requests whose headers are long.
LONGEST_TITLE = 100


def user_agent(purpose: str) -> str:
    """Return the `User-Agent` of requests: this site's title, what they are for, its address and its contact."""
    title = _plain(tk.config.get("ckan.site_title") or "")[:LONGEST_TITLE].strip()
    address = _plain(tk.config.get("ckan.site_url") or "")
    parts = [title, purpose, f"+{address}" if address else "", _plain(config.fetch_contact())]
    return f"{fetch.USER_AGENT} ({'; '.join(part for part in parts if part)})"


def _plain(text: object) -> str:
    """Return letters without their accents, and nothing that could end the comment or the line."""
    letters = unicodedata.normalize("NFKD", str(text).replace("\u2019", "'")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in letters if letter.isprintable() and letter not in "()\\").strip()
