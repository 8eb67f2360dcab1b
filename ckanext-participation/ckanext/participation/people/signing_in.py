"""Signing in by the account's name or its address, in any case of letters. CKAN's own check stays the one that is asked last."""

from __future__ import annotations

from typing import Any, TypeGuard

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.common import login_user
from ckan.views import user as core

from ckanext.participation.common import former_token
from ckanext.participation.people import accounts, rules


def authenticate(identity: dict[str, Any]) -> model.User | None:
    """Return the account that CKAN would not find by what was typed, when the password is right; None leaves it to CKAN.

    CKAN takes a name as it is typed, and the first account with an address, be it closed or never confirmed.
    """
    login, password = identity.get("login"), identity.get("password")
    if not isinstance(login, str) or not is_plausible(login) or not is_comparable(password) or tk.config.get("ckan.recaptcha.privatekey"):
        return None
    user = accounts.called(login.strip())
    if user is None or user.state != model.State.ACTIVE:
        return None
    found = model.User.by_name(login) or model.User.by_email(login)
    if found is not None and found.id == user.id:
        return None
    return user if user.validate_password(password) else None


def is_plausible(login: Any) -> bool:
    """Say whether this can be a name or an address: CKAN answers 500 to what can't."""
    return isinstance(login, str) and bool(login.strip()) and "\x00" not in login and len(login) <= rules.LONGEST_ADDRESS


def is_comparable(password: Any) -> TypeGuard[str]:
    """Say whether this can be compared with a password: CKAN answers 500 to what is too long for that."""
    return isinstance(password, str) and len(password) <= rules.LONGEST_COMPARED


def account_meant(login: str) -> str:
    """Return the name of the account that is meant, or what was typed: for counting wrong passwords of both spellings together."""
    user = accounts.called(login.strip())
    return user.name if user else login


def let_in(account: str) -> None:
    """Sign in the owner of the account in a new session, as CKAN's own page does."""
    user = accounts.called(account)
    if user is not None:
        before = former_token.present()
        core.regenerate_session()
        login_user(user)
        core.rotate_token()
        former_token.remember(before)
