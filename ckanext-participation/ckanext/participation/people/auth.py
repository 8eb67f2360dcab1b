"""Who may do what with an account: strangers ask for one, links speak for themselves, the rest is for its owner."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.participation import config

__all__ = ["participation_person_close", "participation_person_confirm", "participation_person_email_change",
           "participation_person_email_confirm", "participation_person_password_change", "participation_person_register",
           "participation_person_resend", "participation_person_reset", "participation_person_reset_ask", "participation_person_show",
           "participation_person_update"]

Data = dict[str, Any]


@tk.auth_allow_anonymous_access
def participation_person_register(context: Context, data_dict: Data) -> AuthResult:
    """Anyone, where the site lets people make accounts."""
    return {"success": config.signup_open(), "msg": tk._("This site does not let people make accounts themselves. Ask its administrators.")}


@tk.auth_allow_anonymous_access
def participation_person_resend(context: Context, data_dict: Data) -> AuthResult:
    """Anyone, where the site lets people make accounts."""
    return participation_person_register(context, data_dict)


@tk.auth_allow_anonymous_access
def participation_person_confirm(context: Context, data_dict: Data) -> AuthResult:
    """Whoever has the link and the password."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_person_reset_ask(context: Context, data_dict: Data) -> AuthResult:
    """Anyone: the mail goes to the account's own address."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_person_reset(context: Context, data_dict: Data) -> AuthResult:
    """Whoever has the link."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def participation_person_email_confirm(context: Context, data_dict: Data) -> AuthResult:
    """Whoever has the link."""
    return {"success": True}


def participation_person_show(context: Context, data_dict: Data) -> AuthResult:
    """Anyone signed in: one's own account."""
    return _signed_in(context)


def participation_person_update(context: Context, data_dict: Data) -> AuthResult:
    """Anyone signed in: one's own account."""
    return _signed_in(context)


def participation_person_password_change(context: Context, data_dict: Data) -> AuthResult:
    """Anyone signed in: one's own account."""
    return _signed_in(context)


def participation_person_email_change(context: Context, data_dict: Data) -> AuthResult:
    """Anyone signed in: one's own account."""
    return _signed_in(context)


def participation_person_close(context: Context, data_dict: Data) -> AuthResult:
    """Anyone signed in: one's own account."""
    return _signed_in(context)


def _signed_in(context: Context) -> AuthResult:
    return {"success": bool(context.get("user")), "msg": tk._("Sign in first.")}
