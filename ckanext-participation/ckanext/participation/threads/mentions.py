"""Datasets that a text links to: shown by their title, and kept with the event, so that the other page can tell who speaks of it."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk

from ckanext.participation.common import subjects, text

MOST = 10
# How many addresses of this site are looked up: a text of nothing but addresses would cost hundreds of statements.
LOOKS = 20
# What nh3 writes for an address that was typed as it is; anything else was given words by its author and keeps them.
_BARE = re.compile(r'<a href="([^"]+)"([^>]*)>([^<]+)</a>')
_PAGE = re.compile(r"(?:/[a-z]{2}(?:_[A-Z]{2})?)?/(dataset|organization)/([\w-]{1,100})(?:/resource/([\w-]{1,100}))?/?")


def render(body: str) -> tuple[str, list[str]]:
    """Return the safe HTML of a cleaned text and the subjects it mentions, as `["dataset:ID"]`.

    Only what everybody may see is named: a link to a private dataset stays the address that was typed.
    """
    mentioned: list[str] = []
    known: dict[str, tuple[str, str, str] | None] = {}

    def named(match: re.Match[str]) -> str:
        href, rest, words = match.groups()
        if href != words or len(mentioned) >= MOST:
            return match.group(0)
        if href not in known:
            known[href] = _public(html.unescape(href)) if len(known) < LOOKS else None
        found = known[href]
        if found is None:
            return match.group(0)
        mentioned.append(f"{found[0]}:{found[1]}")
        return f'<a href="{href}"{rest}>{html.escape(found[2])}</a>'

    return _BARE.sub(named, text.render(body)), list(dict.fromkeys(mentioned))


def _public(address: str) -> tuple[str, str, str] | None:
    """Return `(type, id, title)` of the catalogue's own page at `address`, where everybody may see it."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    site = urlsplit(tk.config["ckan.site_url"])
    if parts.netloc != site.netloc:
        return None
    root = (tk.config.get("ckan.root_path") or "").replace("/{{LANG}}", "")
    found = _PAGE.fullmatch(parts.path.removeprefix(root))
    if not found:
        return None
    kind, ref, resource = found.groups()
    type_name, ref = ("resource", resource) if resource else (kind, ref)
    try:
        shown = subjects.read({"user": "", "ignore_auth": False}, type_name, ref)
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    return type_name, shown["ref"], shown["title"]
