"""Links that prove an address: signed, for a while, once. Nothing of them is stored, in no event, row or log of ours.

A token names its account, its end and a stamp. The stamp is made of what changes when the link is used (the password, the address,
the state), so that a used link is an old one. The same event gives the same token each time its mail is composed.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from itsdangerous import BadData, URLSafeSerializer

from ckanext.participation import config
from ckanext.participation.common import people
from ckanext.participation.common.model import now

CONFIRM, RESET, ADDRESS = "confirm", "reset", "address"


class LinkRefused(tk.ValidationError):
    """The link does not work; `code` says why: "bad" (cut or changed), "late" or "used"."""

    def __init__(self, code: str) -> None:
        super().__init__({"token": [_words(code)]})
        self.code = code


def _words(code: str) -> str:
    return {"bad": tk._("This link is not complete. Copy the whole address from the mail."),
            "late": tk._("This link is too old. Ask for a new one."),
            "used": tk._("This link has been used, or a newer one took its place.")}[code]


def hours(purpose: str) -> int:
    """Return for how many hours links of the purpose work."""
    return config.reset_hours() if purpose == RESET else config.link_hours()


def token(purpose: str, user: model.User, since: datetime) -> str:
    """Return the token of the account, good for the purpose's hours from `since`."""
    end = since + timedelta(hours=hours(purpose))
    return _serializer(purpose).dumps([user.id, int(end.timestamp()), _stamp(purpose, user)])


def owner(purpose: str, raw: str, *, lock: bool = False) -> model.User:
    """Return the account that the token is for; with `lock`, nobody else changes it until the commit. Raises LinkRefused."""
    try:
        user_id, end, stamp = _serializer(purpose).loads(raw)
    except (BadData, UnicodeError, ValueError, TypeError) as error:
        raise LinkRefused("bad") from error
    query = sa.select(model.User).where(model.User.id == user_id).execution_options(populate_existing=True)
    user = model.Session.scalar(query.with_for_update() if lock else query)
    if user is None or user.state == model.State.DELETED:
        raise LinkRefused("late")
    if purpose == CONFIRM and user.state == model.State.ACTIVE:
        raise LinkRefused("used")
    if end < now().timestamp():
        raise LinkRefused("late")
    if not hmac.compare_digest(str(stamp), _stamp(purpose, user)):
        raise LinkRefused("used")
    return user


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(tk.config["SECRET_KEY"], salt=f"participation.people.{purpose}")


def _stamp(purpose: str, user: model.User) -> str:
    parts = [purpose, user.id, (user.email or "").lower(), user.password or ""]
    if purpose == ADDRESS:
        parts.append(people.settings_in(user.plugin_extras).get("new_email") or "")
    key = str(tk.config["SECRET_KEY"]).encode()
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:32]
