"""A form that was open while its reader signed in, in another tab, still posts.

Signing in gives the session another token, and every form opened before has the old one. The new session remembers it, and it is
taken from requests that the browser itself declares to come from a page of this site; a page elsewhere gains nothing by knowing it.
"""

from __future__ import annotations

import hmac

import ckan.plugins.toolkit as tk
from flask import current_app, g, request, session
from itsdangerous import BadData, URLSafeTimedSerializer

from ckanext.participation.common import cross_origin

KEY = "participation_token_before"


def present() -> str | None:
    """Return the token that forms of this session carry, before they are signed."""
    return session.get(tk.config["WTF_CSRF_FIELD_NAME"])


def remember(token: str | None) -> None:
    """Have the new session take the token of the one before it."""
    if token and token != present():
        session[KEY] = token


def take() -> None:
    """Run before CKAN's own check: let it compare the form with the token that the form was made with."""
    former, field = session.get(KEY), tk.config["WTF_CSRF_FIELD_NAME"]
    if not former or request.method in cross_origin.SAFE_METHODS or not cross_origin.says_it_comes_from_here():
        return
    signer = URLSafeTimedSerializer(current_app.config["WTF_CSRF_SECRET_KEY"], salt="wtf-csrf-token")
    try:
        given = signer.loads(request.form.get(field) or "", max_age=current_app.config["WTF_CSRF_TIME_LIMIT"])
    except BadData:
        return
    if hmac.compare_digest(str(given), former):
        g.participation_token_now, session[field] = session.get(field), former


def give_back() -> None:
    """Run after the checks: the pages of this request carry the session's present token."""
    if "participation_token_now" in g:
        session[tk.config["WTF_CSRF_FIELD_NAME"]] = g.pop("participation_token_now")
