"""What templates ask about accounts."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from flask import request

from ckanext.participation import config
from ckanext.participation.people import schema

__all__ = ["participation_profile_url", "participation_reset_url", "participation_sign_in_url",
           "participation_sign_up_url", "participation_terms_url"]


def participation_sign_up_url(came_from: str | None = None) -> str:
    """Return where to make an account and come back to `came_from` (default: where signing in would); empty when nobody may."""
    return _with_place("participation_people.sign_up", came_from) if config.signup_open() else ""


def participation_sign_in_url(came_from: str | None = None) -> str:
    """Return where to sign in and come back to `came_from` (default: where this page would)."""
    return _with_place("participation_people.sign_in", came_from)


def participation_reset_url(came_from: str | None = None) -> str:
    """Return where to ask for a new password and come back to `came_from` (default: where this page would)."""
    return _with_place("participation_people.reset_ask", came_from)


def participation_profile_url() -> str:
    """Return the page of the reader's own account."""
    return tk.url_for("participation_people.profile")


def participation_terms_url() -> str:
    """Return the site's terms of use, or an empty text."""
    return config.terms_url()


def _with_place(page: str, came_from: str | None) -> str:
    place = schema.local_path(came_from or request.args.get("came_from") or request.args.get("next"))
    return tk.url_for(page, **({"came_from": place} if place else {}))
