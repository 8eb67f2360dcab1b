"""One's own account: what others see of it, the language of its mails, its address, and closing it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common import events, people
from ckanext.participation.common.errors import LimitExceeded, field_error
from ckanext.participation.common.model import Person
from ckanext.participation.people import accounts, links, schema
from ckanext.participation.people.action.passwords import proven

__all__ = ["participation_person_close", "participation_person_email_change", "participation_person_email_confirm",
           "participation_person_show", "participation_person_update"]

Data = dict[str, Any]

ADDRESSES_PER_DAY = 5


@tk.side_effect_free
def participation_person_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show one's own account, as nobody else sees it.

    :returns: `{"name": the account's name, "public_name", "shown_as": what readers see by the site's policy, "email",
        "new_email": an address that waits for its confirmation or null, "mail_language": "fr", "en" or "both", "about",
        "created", "is_sysadmin"}`
    :raises NotAuthorized: nobody is signed in
    """
    tk.check_access("participation_person_show", context, data_dict)
    actor = people.actor(context)
    user = model.Session.get_one(model.User, actor.user_id)
    return _shown(user, actor.person_id)


def participation_person_update(context: Context, data_dict: Data) -> dict[str, Any]:
    """Change what others see of oneself and the language of one's mails. What is not given stays.

    :param public_name: the name that others see, 2 to 60 characters; earlier texts show it too
    :type public_name: string
    :param mail_language: `fr`, `en` or `both`
    :type mail_language: string
    :param about: a few words about oneself, at most 1000 bytes, without web addresses
    :type about: string
    :returns: the account, as `participation_person_show` gives it
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in
    """
    readers = {"public_name": lambda: schema.public_name(data_dict, accounts.organization_titles()),
               "mail_language": lambda: schema.mail_language(data_dict), "about": lambda: schema.about(data_dict)}
    asked = schema.all_of(**{name: reader for name, reader in readers.items() if data_dict.get(name) is not None})
    tk.check_access("participation_person_update", context, data_dict)
    actor = people.actor(context)
    user = model.Session.get_one(model.User, actor.user_id, with_for_update=True, populate_existing=True)
    if "public_name" in asked:
        # CKAN's own pages take the full name: a person has one name, everywhere.
        user.fullname = asked["public_name"]
        model.Session.execute(sa.update(Person).where(Person.id == actor.person_id).values(public_name=asked["public_name"]))
    if "about" in asked:
        user.about = asked["about"]
    if "mail_language" in asked:
        accounts.settle(user, mail_language=asked["mail_language"] if asked["mail_language"] != schema.BOTH else None)
    events.write("person.updated", actor_id=actor.person_id, target=("person", actor.person_id), data={"fields": sorted(asked)})
    model.Session.commit()
    return _shown(user, actor.person_id)


def participation_person_email_change(context: Context, data_dict: Data) -> dict[str, Any]:
    """Ask for another e-mail address. It takes effect when its owner opens the link that is mailed there; the old one is told.

    :param email: the new address
    :type email: string
    :param password: the present password
    :type password: string
    :returns: `{"email": the new address, "hours": for how long the link works}`, whether another account has the address or not
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in
    :raises LimitExceeded: too many wrong passwords, or too many addresses in a day (429, with Retry-After)
    """
    asked = schema.all_of(email=lambda: schema.address(data_dict), password=lambda: schema.password(data_dict))
    tk.check_access("participation_person_email_change", context, data_dict)
    actor = people.actor(context)
    user = proven(actor, asked["password"])
    if asked["email"] == user.email:
        raise field_error("email", tk._("This is your address already."))
    if accounts.recent(actor.person_id, ("person.email_asked",), 24) >= ADDRESSES_PER_DAY:
        raise LimitExceeded(tk._("You asked for many addresses today. Try again tomorrow."), 24 * 3600)
    accounts.settle(user, new_email=asked["email"])
    events.write("person.email_asked", actor_id=actor.person_id, target=("person", actor.person_id))
    model.Session.commit()
    return {"email": asked["email"], "hours": config.link_hours()}


def participation_person_email_confirm(context: Context, data_dict: Data) -> dict[str, Any]:
    """Confirm another e-mail address with the link that was mailed there.

    :param token: the last part of the link in the mail
    :type token: string
    :returns: `{"name": the account's name}`
    :raises ValidationError: `token`: cut, too old, used, or another account has the address now
    """
    token = schema.token(data_dict)
    tk.check_access("participation_person_email_confirm", context, data_dict)
    user = links.owner(links.ADDRESS, token, lock=True)
    new = people.settings_in(user.plugin_extras).get("new_email")
    if not new or user.state != model.State.ACTIVE:
        raise links.LinkRefused("used")
    with accounts.one_per_address():
        user.email = new
        accounts.settle(user, new_email=None)
    person_id = Person.for_user(user.id)
    events.write("person.email_changed", actor_id=person_id, target=("person", person_id))
    model.Session.commit()
    return {"name": user.name}


def participation_person_close(context: Context, data_dict: Data) -> dict[str, Any]:
    """Close one's own account for good: texts stay as those of a "Former user", names and addresses go, roles and tokens end.

    :param password: the present password
    :type password: string
    :returns: `{"closed": true}`
    :raises ValidationError: `password`, or an administrator of the site, whose account another administrator closes
    :raises NotAuthorized: nobody is signed in
    :raises LimitExceeded: too many wrong passwords (429, with Retry-After)
    """
    password = schema.password(data_dict)
    tk.check_access("participation_person_close", context, data_dict)
    actor = people.actor(context)
    user = proven(actor, password)
    if actor.is_sysadmin:
        raise field_error("password", tk._("You administer this site. Have another administrator take this role from you first."))
    accounts.close(user, actor.person_id)
    events.write("person.closed", actor_id=actor.person_id, target=("person", actor.person_id))
    model.Session.commit()
    return {"closed": True}


def _shown(user: model.User, person_id: int) -> dict[str, Any]:
    settings = people.settings_in(user.plugin_extras)
    chosen = model.Session.scalar(sa.select(Person.public_name).where(Person.id == person_id))
    return {"name": user.name, "public_name": chosen or user.fullname or user.name, "email": user.email,
            "shown_as": people.public_names({person_id})[person_id]["name"], "new_email": settings.get("new_email"),
            "mail_language": settings.get("mail_language") or schema.BOTH, "about": user.about or "",
            "created": user.created.isoformat(), "is_sysadmin": bool(user.sysadmin)}
