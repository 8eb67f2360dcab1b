"""A forgotten password, and another one in place of the present one."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common import events, people
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Person
from ckanext.participation.people import accounts, attempts, links, schema

__all__ = ["participation_person_password_change", "participation_person_reset", "participation_person_reset_ask"]

Data = dict[str, Any]

MAILS_PER_DAY = 5


def participation_person_reset_ask(context: Context, data_dict: Data) -> dict[str, Any]:
    """Ask for a mail with a link that sets a new password. The answer is the same whether the account exists or not.

    :param login: name of the account, or its e-mail address
    :type login: string
    :param came_from: path on this site to come back to afterwards
    :type came_from: string
    :returns: `{"hours": for how long the link works}`
    :raises ValidationError: named fields
    :raises LimitExceeded: too many requests from one network address (429, with Retry-After)
    """
    asked = schema.all_of(login=lambda: schema.login(data_dict), place=lambda: schema.place(data_dict))
    tk.check_access("participation_person_reset_ask", context, data_dict)
    attempts.refuse_flood("mail")
    accounts.lock(asked["login"])
    user = accounts.called(asked["login"])
    if user is not None and user.email:
        person_id = Person.for_user(user.id)
        if accounts.recent(person_id, ("person.reset_asked",), 24) < MAILS_PER_DAY:
            events.write("person.reset_asked", actor_id=None, target=("person", person_id), data={"came_from": asked["place"]})
    model.Session.commit()
    return {"hours": config.reset_hours()}


def participation_person_reset(context: Context, data_dict: Data) -> dict[str, Any]:
    """Set a new password with the link of the mail. An account that waited for its confirmation is confirmed by it too.

    :param token: the last part of the link in the mail
    :type token: string
    :param password: the new password, 8 to 256 characters
    :type password: string
    :returns: `{"name": the account's name}`
    :raises ValidationError: `token` (cut, too old or used) or `password`
    """
    asked = schema.all_of(token=lambda: schema.token(data_dict), password=lambda: schema.password(data_dict))
    tk.check_access("participation_person_reset", context, data_dict)
    user = links.owner(links.RESET, asked["token"], lock=True)
    user.password = schema.new_password(data_dict, "password", _known_to_others(user))
    user.reset_key = None
    with accounts.one_per_address():
        if user.state == model.State.PENDING:
            accounts.activate(user)
    person_id = Person.for_user(user.id)
    events.write("person.password_set", actor_id=person_id, target=("person", person_id), data={"how": "link"})
    model.Session.commit()
    attempts.guessed_right(user.name)
    return {"name": user.name}


def participation_person_password_change(context: Context, data_dict: Data) -> dict[str, Any]:
    """Change one's own password; a mail tells the account's address of it.

    :param password: the present password
    :type password: string
    :param new_password: the new one, 8 to 256 characters
    :type new_password: string
    :returns: `{"name": the account's name}`
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in
    :raises LimitExceeded: too many wrong passwords (429, with Retry-After)
    """
    asked = schema.all_of(password=lambda: schema.password(data_dict), new_password=lambda: schema.new_password(data_dict, "new_password"))
    tk.check_access("participation_person_password_change", context, data_dict)
    actor = people.actor(context)
    user = proven(actor, asked["password"])
    user.password = schema.new_password(data_dict, "new_password", [*_known_to_others(user), asked["password"]])
    events.write("person.password_set", actor_id=actor.person_id, target=("person", actor.person_id), data={"how": "profile"})
    model.Session.commit()
    return {"name": user.name}


def proven(actor: people.Actor, password: str) -> model.User:
    """Return the actor's account, held until the commit, after checking its present password."""
    user = model.Session.get(model.User, actor.user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise tk.NotAuthorized(tk._("Sign in first."))
    attempts.refuse_guessing(user.name)
    if not user.validate_password(password):
        attempts.guessed_wrong(user.name)
        raise field_error("password", tk._("This is not your present password. Try again."))
    attempts.guessed_right(user.name)
    return user


def _known_to_others(user: model.User) -> list[str]:
    return [word for word in (user.name, user.fullname, user.email) if word]
