"""Mails about an account, and where they go. Links are made when a mail is composed: no event and no row holds one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.participation import config
from ckanext.participation.common import mails, people
from ckanext.participation.people import links

Event = dict[str, Any]

# What follows the account's id in the recipient of a mail to an address that is not the account's yet.
NEW = "new"

WORDS = {
    "en": {
        "hello": "Hello {name},", "stranger": "Hello,",
        "account": "Name of your account: {account}",
        "confirm_title": "Confirm your address: {site}",
        "confirm": "You asked for an account on {site}. Open this link and enter the password you chose:\n\n{url}",
        "confirm_until": "The link works once, for {hours} hours. Until then nothing is published in your name.",
        "not_you": "If it was not you, do nothing: without your click there is no account, and the request is removed by itself.",
        "repeated_title": "You already have an account: {site}",
        "repeated": "Somebody, probably you, asked for an account on {site} with this address. You have one already.\n\n"
                    "Sign in: {sign_in}\n\nIf you do not know your password any more, choose a new one here:\n\n{url}",
        "reset_title": "Choose a new password: {site}",
        "reset": "A new password was asked for on {site}. Choose it here:\n\n{url}",
        "reset_until": "The link works once, for {hours} hours.",
        "reset_not_you": "If it was not you, do nothing: your password stays as it is.",
        "password_title": "Your password was changed: {site}",
        "password": "The password of your account on {site} has just been changed.",
        "password_not_you": "If it was not you, choose a new one at once: {url}",
        "new_title": "Confirm your new address: {site}",
        "new": "You asked to use this address for your account on {site}. Confirm it here:\n\n{url}",
        "new_until": "The link works once, for {hours} hours. Until then your mails go to the old address.",
        "new_not_you": "If it was not you, do nothing: nothing changes.",
        "old_title": "Another address was asked for: {site}",
        "old": "Another e-mail address was asked for, for your account on {site}. It takes the place of this one once its owner has "
               "opened a link that we sent there.",
        "old_not_you": "If it was not you, somebody knows your password. Choose a new one at once: {url}",
    },
    "fr": {
        "hello": "Bonjour {name},", "stranger": "Bonjour,",
        "account": "Nom de votre compte : {account}",
        "confirm_title": "Confirmez votre adresse : {site}",
        "confirm": "Vous avez demandé un compte sur {site}. Ouvrez ce lien et entrez le mot de passe que vous avez choisi :\n\n{url}",
        "confirm_until": "Le lien fonctionne une seule fois, pendant {hours} heures. D’ici là, rien n’est publié en votre nom.",
        "not_you": "Si ce n’était pas vous, ne faites rien : sans votre clic, il n’y a pas de compte, et la demande s’efface d’elle-même.",
        "repeated_title": "Vous avez déjà un compte : {site}",
        "repeated": "Quelqu’un, sans doute vous, a demandé un compte sur {site} avec cette adresse. Vous en avez déjà un.\n\n"
                    "Se connecter : {sign_in}\n\nSi vous ne savez plus votre mot de passe, choisissez-en un nouveau ici :\n\n{url}",
        "reset_title": "Choisissez un nouveau mot de passe : {site}",
        "reset": "Un nouveau mot de passe a été demandé sur {site}. Choisissez-le ici :\n\n{url}",
        "reset_until": "Le lien fonctionne une seule fois, pendant {hours} heures.",
        "reset_not_you": "Si ce n’était pas vous, ne faites rien : votre mot de passe reste le même.",
        "password_title": "Votre mot de passe a été changé : {site}",
        "password": "Le mot de passe de votre compte sur {site} vient d’être changé.",
        "password_not_you": "Si ce n’était pas vous, choisissez-en un nouveau sans attendre : {url}",
        "new_title": "Confirmez votre nouvelle adresse : {site}",
        "new": "Vous avez demandé d’utiliser cette adresse pour votre compte sur {site}. Confirmez-la ici :\n\n{url}",
        "new_until": "Le lien fonctionne une seule fois, pendant {hours} heures. D’ici là, vos courriels vont à l’ancienne adresse.",
        "new_not_you": "Si ce n’était pas vous, ne faites rien : rien ne change.",
        "old_title": "Une autre adresse a été demandée : {site}",
        "old": "Une autre adresse courriel a été demandée pour votre compte sur {site}. Elle remplacera celle-ci dès que son "
               "propriétaire aura ouvert un lien que nous y avons envoyé.",
        "old_not_you": "Si ce n’était pas vous, quelqu’un connaît votre mot de passe. Choisissez-en un nouveau sans attendre : {url}",
    },
}


def recipients(event: Event) -> list[str]:
    """Return the account that the event is about."""
    user_id = people.account_of(int(event["target_id"]))
    return [user_id] if user_id else []


def both_addresses(event: Event) -> list[str]:
    """Return the account, for its present address, and the account with a word, for the address to come."""
    return [name for user_id in recipients(event) for name in (user_id, f"{user_id} {NEW}")]


def address_of_new(event: Event) -> tuple[str, str] | None:
    """Return where the link of a sign-up goes, while it waits."""
    user = _user(event)
    return _to(user, user.email) if user and user.state == model.State.PENDING else None


def address_of_account(event: Event) -> tuple[str, str] | None:
    """Return the address of an account that is not closed, confirmed or not."""
    user = _user(event)
    return _to(user, user.email) if user and user.state != model.State.DELETED else None


def address_asked(event: Event) -> tuple[str, str] | None:
    """Return the address to come, or the present one."""
    user = _user(event)
    if user is None or user.state != model.State.ACTIVE:
        return None
    new = people.settings_in(user.plugin_extras).get("new_email")
    return _to(user, new if event["recipient"].endswith(f" {NEW}") else user.email) if new else None


def confirm_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return the mail that confirms a sign-up."""
    user = _known(event)
    url = _link("confirm", links.CONFIRM, user, event, lang)
    # No word of whoever typed this address goes there before it is confirmed: a name of 60 letters can be an advertisement.
    return _mail(lang, user, "confirm_title", "stranger", "confirm", "confirm_until", "not_you", url=url, hours=config.link_hours())


def repeated_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return the mail to somebody who asked for an account and has one."""
    user = _known(event)
    url = _link("reset", links.RESET, user, event, lang)
    return _mail(lang, user, "repeated_title", "hello", "repeated", "account", "reset_until", "reset_not_you", url=url,
                 hours=config.reset_hours(), sign_in=_url("sign_in", lang, **_place(event)))


def reset_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return the mail with the link to a new password."""
    user = _known(event)
    url = _link("reset", links.RESET, user, event, lang)
    return _mail(lang, user, "reset_title", *_greeting(user), "reset", "reset_until", "reset_not_you", url=url, hours=config.reset_hours())


def password_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return the mail that tells of a changed password."""
    return _mail(lang, _known(event), "password_title", "hello", "password", "account", "password_not_you", url=_url("reset_ask", lang))


def address_wording(event: Event, lang: str) -> tuple[str, str]:
    """Return the mail to the address to come, or the one that tells the present address of it."""
    user = _known(event)
    if event["recipient"].endswith(f" {NEW}"):
        url = _link("email_confirm", links.ADDRESS, user, event, lang)
        return _mail(lang, user, "new_title", "stranger", "new", "new_until", "new_not_you", url=url, hours=config.link_hours())
    return _mail(lang, user, "old_title", "hello", "old", "account", "old_not_you", url=_url("reset_ask", lang))


def _mail(lang: str, user: model.User, title: str, *parts: str, **values: Any) -> tuple[str, str]:
    words = WORDS[lang]
    values |= {"site": tk.config["ckan.site_title"], "account": user.name, "name": user.display_name}
    return words[title].format(**values), "\n\n".join(words[part].format(**values) for part in parts)


def _greeting(user: model.User) -> tuple[str, ...]:
    return ("hello", "account") if user.state == model.State.ACTIVE else ("stranger",)


def _user(event: Event) -> model.User | None:
    user_id = people.account_of(int(event["target_id"]))
    return model.Session.get(model.User, user_id, populate_existing=True) if user_id else None


def _known(event: Event) -> model.User:
    user = _user(event)
    if user is None:
        raise LookupError(f"the account of event {event['id']} is gone")
    return user


def _to(user: model.User, address: str | None) -> tuple[str, str] | None:
    return (user.display_name, address) if address else None


def _link(page: str, purpose: str, user: model.User, event: Event, lang: str) -> str:
    token = links.token(purpose, user, datetime.fromisoformat(event["at"]))
    return _url(page, lang, token=token, **_place(event))


def _place(event: Event) -> dict[str, str]:
    place = event["data"].get("came_from")
    return {"came_from": place} if place else {}


def _url(page: str, lang: str, **parts: str) -> str:
    return mails.url(f"participation_people.{page}", lang, **parts)
