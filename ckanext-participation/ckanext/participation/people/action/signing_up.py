"""Making an account: asking for one, the link that confirms its address, and another one when that got lost."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common import events
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Person
from ckanext.participation.people import accounts, attempts, links, schema

__all__ = ["participation_person_confirm", "participation_person_register", "participation_person_resend"]

Data = dict[str, Any]

MAILS = ("person.registered", "person.sign_up_repeated", "person.link_asked", "person.reset_asked")
MAILS_PER_DAY = 5


def participation_person_register(context: Context, data_dict: Data) -> dict[str, Any]:
    """Ask for an account. A mail brings a link that confirms the address; before that the account can do nothing.

    The answer is the same whether the address is known or not; who has an account already is told so by mail.

    :param email: the person's e-mail address, never shown to others
    :type email: string
    :param public_name: the name that others see, 2 to 60 characters; not that of an organisation. It need not be unique
    :type public_name: string
    :param password: 8 to 256 characters
    :type password: string
    :param came_from: path on this site to come back to once the address is confirmed
    :type came_from: string
    :returns: `{"email": the address, "hours": for how long the link works}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the site does not let people make accounts (`participation.people.signup`)
    :raises LimitExceeded: too many requests from one network address (429, with Retry-After)
    """
    asked = schema.all_of(
        email=lambda: schema.address(data_dict), public_name=lambda: schema.public_name(data_dict, accounts.organization_titles()),
        password=lambda: schema.new_password(data_dict, "password", _known_to_others(data_dict)), place=lambda: schema.place(data_dict))
    tk.check_access("participation_person_register", context, data_dict)
    attempts.refuse_flood("sign-up")
    accounts.lock(asked["email"])
    active = [user for user in accounts.with_address(asked["email"], model.State.ACTIVE, model.State.PENDING)
              if not accounts.signing_up(user)]
    waiting = [user for user in accounts.with_address(asked["email"], model.State.PENDING) if accounts.signing_up(user)]
    if active:
        _mail("person.sign_up_repeated", active[0], asked["place"])
    elif len(waiting) < accounts.MOST_PENDING and not _repeated(waiting, asked):
        user = accounts.make(asked["email"], asked["public_name"], asked["password"])
        person_id = Person.for_user(user.id)
        events.write("person.registered", actor_id=person_id, target=("person", person_id), data={"came_from": asked["place"]})
    model.Session.commit()
    return {"email": asked["email"], "hours": config.link_hours()}


def participation_person_resend(context: Context, data_dict: Data) -> dict[str, Any]:
    """Ask for the mail with the link of a sign-up again. The answer is the same whether somebody signed up with the address or not.

    :param email: the address that was given when signing up
    :type email: string
    :param came_from: path on this site to come back to once the address is confirmed
    :type came_from: string
    :returns: `{"email": the address, "hours": for how long the link works}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the site does not let people make accounts
    :raises LimitExceeded: too many requests from one network address (429, with Retry-After)
    """
    asked = schema.all_of(email=lambda: schema.address(data_dict), place=lambda: schema.place(data_dict))
    tk.check_access("participation_person_resend", context, data_dict)
    attempts.refuse_flood("mail")
    accounts.lock(asked["email"])
    known = accounts.with_address(asked["email"], model.State.ACTIVE, model.State.PENDING)
    settled = [user for user in known if not accounts.signing_up(user)]
    if settled:
        _mail("person.sign_up_repeated", settled[0], asked["place"])
    elif known:
        _mail("person.link_asked", known[0], asked["place"])
    model.Session.commit()
    return {"email": asked["email"], "hours": config.link_hours()}


def participation_person_confirm(context: Context, data_dict: Data) -> dict[str, Any]:
    """Confirm the address of a new account: the token of the mail proves the address, the password that it is the same person.

    :param token: the last part of the link in the mail
    :type token: string
    :param password: the password chosen when signing up
    :type password: string
    :returns: `{"name": the account's name, "public_name"}`
    :raises ValidationError: `token` (cut, too old, used, or the address has another account now) or `password`
    :raises LimitExceeded: too many wrong passwords (429, with Retry-After)
    """
    asked = schema.all_of(token=lambda: schema.token(data_dict), password=lambda: schema.password(data_dict))
    tk.check_access("participation_person_confirm", context, data_dict)
    user = links.owner(links.CONFIRM, asked["token"], lock=True)
    attempts.refuse_guessing(user.name)
    if not user.validate_password(asked["password"]):
        attempts.guessed_wrong(user.name)
        raise field_error("password", tk._("This is not the password that was chosen with this address. Try again, or choose a new "
                                           "one by e-mail."))
    with accounts.one_per_address():
        accounts.activate(user)
    person_id = Person.for_user(user.id)
    events.write("person.confirmed", actor_id=person_id, target=("person", person_id))
    model.Session.commit()
    return {"name": user.name, "public_name": user.fullname}


def _known_to_others(data: Data) -> list[str]:
    return [value for value in (data.get("email"), data.get("public_name")) if isinstance(value, str)]


def _repeated(waiting: list[model.User], asked: Data) -> bool:
    """Say whether the same form came before: a double click, or the back button."""
    return any(user.fullname == asked["public_name"] and user.validate_password(asked["password"]) for user in waiting)


def _mail(event_type: str, user: model.User, place: str) -> None:
    """Write the event that sends a mail, unless this account has had enough of them today."""
    person_id = Person.for_user(user.id)
    if accounts.recent(person_id, MAILS, 24) < MAILS_PER_DAY:
        events.write(event_type, actor_id=None, target=("person", person_id), data={"came_from": place})
