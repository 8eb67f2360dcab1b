"""Addresses of the page at hand in another language: the site's root and the language are put before the path.

CKAN asks its router for a route of that name first, and builds an error about it that nobody sees; a page with two languages
pays for that each time it names one.
"""

from __future__ import annotations

from collections.abc import Callable

import ckan.plugins.toolkit as tk
from flask import has_request_context, request

# How long a site's settings stay the same: the process.
_prefixes: dict[tuple[str, str, str], str] = {}
_PROBE = "/participation-probe"


def of_path(path: str, locale: str, ask: Callable[..., str]) -> str | None:
    """Return the address of `path` in `locale`, as CKAN's `url_for` (`ask`) makes it; None when only that can say it."""
    if not has_request_context() or not path.startswith("/") or path == "/packages":
        return None
    key = (locale, request.script_root, tk.config["ckan.root_path"] or "")
    if key not in _prefixes:
        probe = ask(_PROBE, locale=locale)
        if not probe.endswith(_PROBE):
            return None
        _prefixes[key] = probe.removesuffix(_PROBE)
    return _prefixes[key] + path
