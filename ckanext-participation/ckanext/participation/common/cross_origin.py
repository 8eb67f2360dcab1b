"""Refuses requests that a page of another site sends with the reader's session.

CKAN 2.12.0 exempts a view from its CSRF check for the whole process as soon as one anonymous or token-bearing request has
reached it (CVE-2026-41255). So, for every view: an unsafe request that carries a session or remember cookie must come from
this site by `Sec-Fetch-Site` or `Origin`, and a token is asked for again where the check was switched off on the way.
Requests that authenticate with an API token and bring no cookie pass.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan.config.middleware.flask_app import csrf
from flask import current_app, g, request

from ckanext.participation.common.errors import ForeignOrigin

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
OWN_SITE = {"same-origin", "none"}


def guard() -> None:
    """Run before every request, after CKAN's own handlers. Raises ForeignOrigin (403) or Flask-WTF's CSRFError (400)."""
    if request.method in SAFE_METHODS or not _brings_cookie():
        return
    if not comes_from_here():
        raise ForeignOrigin(tk._("This request came from another site and was refused. Nothing was changed. Go to the page "
                                 "on this site and send the form from there."))
    _ask_token_again()


def comes_from_here() -> bool:
    """Say whether the browser declares the request to come from this site; one that declares nothing passes to the token check."""
    declared = request.headers.get("Sec-Fetch-Site")
    if declared:
        return declared in OWN_SITE
    origin = request.headers.get("Origin")
    if origin:
        return origin != "null" and urlsplit(origin).netloc in own_hosts()
    return True


def says_it_comes_from_here() -> bool:
    """Say whether the browser declares, in so many words, that a page of this site sent the request."""
    return bool(request.headers.get("Sec-Fetch-Site") or request.headers.get("Origin")) and comes_from_here()


def own_hosts() -> set[str]:
    """Return the hosts (with port) under which this site answers."""
    return {urlsplit(tk.config["ckan.site_url"]).netloc, request.host}


def _brings_cookie() -> bool:
    names = {tk.config["SESSION_COOKIE_NAME"], tk.config["REMEMBER_COOKIE_NAME"]}
    return any(name in request.cookies for name in names)


def _ask_token_again() -> None:
    """Check the token of a session's request where an earlier request has switched the check off for the whole process."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or not tk.config["WTF_CSRF_ENABLED"] or g.get("login_via_auth_header"):
        return
    # The set itself is left alone: requests with API tokens in other threads rely on what they have just put there.
    if f"{view.__module__}.{view.__name__}" in csrf._exempt_views:
        csrf.protect()
