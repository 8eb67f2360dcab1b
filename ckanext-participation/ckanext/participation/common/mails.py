"""What mails of several rooms share: addresses in the mail's language, and who may be told of a subject when the mail leaves."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.i18n import get_locales_dict

from ckanext.participation.common import people, subjects
from ckanext.participation.common.model import Subject

Event = dict[str, Any]


def url(endpoint: str, lang: str, **values: Any) -> str:
    """Return the full address of a page in the mail's language, or in the site's where it does not offer that."""
    locale = lang if lang in get_locales_dict() else tk.config["ckan.locale_default"]
    return tk.url_for(endpoint, locale=locale, _external=True, **values)


def others(event: Event, accounts: list[str], subject: Subject | None, *, silent: Collection[str] = ()) -> list[str]:
    """Return each of `accounts` once, without who acted, those in `silent`, and who may not see the subject."""
    actor = people.account_of(event["actor_id"]) if event["actor_id"] else None
    asked = [account for account in dict.fromkeys(accounts) if account != actor and account not in silent]
    return [account for account in asked if _reads(model.User.get(account), subject)]


def address(event: Event, subject: Subject | None) -> tuple[str, str] | None:
    """Return where a mail goes: nowhere when its reader has no account any more, or may not see the subject by now."""
    user = model.User.get(event["recipient"])
    if user is None or user.state != model.State.ACTIVE or not user.email or not _reads(user, subject):
        return None
    return user.display_name, user.email


def _reads(user: model.User | None, subject: Subject | None) -> bool:
    if user is None or subject is None:
        return False
    return subjects.readable({"user": user.name, "auth_user_obj": user, "ignore_auth": False}, subject)
