"""CKAN's auth function for changing a dataset, answered from what is known of the reader."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.logic import auth as core
from ckan.logic.auth import update
from ckan.types import AuthFunction, AuthResult, Context, DataDict
from flask import has_request_context

from ckanext.participation import config
from ckanext.participation.pages import accounts

__all__ = ["package_update"]


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def package_update(next_auth: AuthFunction, context: Context, data_dict: DataDict | None = None) -> AuthResult:
    """Say at once whether the reader may change the dataset; whatever is not plain is left to CKAN."""
    data_dict = data_dict or {}
    user = context.get("user") or ""
    plain = config.pages("accounts") and next_auth is update.package_update and has_request_context() and set(data_dict) == {"id"}
    if not plain or user != (tk.current_user.name or "") or (user and not accounts.is_reader(user)):
        return next_auth(context, data_dict)
    package = core.get_package_object(context, data_dict)
    allowed = accounts.may_update(package)
    if allowed is None:
        return next_auth(context, data_dict)
    return {"success": True} if allowed else accounts.refusal(user, package)
