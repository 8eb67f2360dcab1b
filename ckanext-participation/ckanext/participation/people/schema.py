"""Shapes of what the room's actions take. Nothing here says whether an address or a name is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.logic.validators import email_pattern

from ckanext.participation import config
from ckanext.participation.common import paging, schema
from ckanext.participation.common.errors import field_error
from ckanext.participation.people import rules

Data = dict[str, Any]

LONGEST_TOKEN = 500
LONGEST_PLACE = 1000
BOTH = "both"

# The actions read their fields together.
all_of = schema.all_of


def address(data: Data, field: str = "email") -> str:
    """Return an e-mail address, without blanks around it."""
    raw = data.get(field)
    if raw is not None and not isinstance(raw, str):
        raise field_error(field, tk._("Must be a text."))
    value = (raw or "").strip()
    if not value:
        raise field_error(field, tk._("Enter your e-mail address."))
    if len(value) > rules.LONGEST_ADDRESS or "\n" in value or not email_pattern.match(value) or "." not in value.rpartition("@")[2]:
        raise field_error(field, tk._("Enter a whole e-mail address, such as name@example.org."))
    return value


def public_name(data: Data, titles: Iterable[str]) -> str:
    """Return a public name that nobody could take for an organisation (`titles`) or for staff."""
    raw = data.get("public_name")
    if raw is not None and isinstance(raw, str) and not raw.strip():
        raise field_error("public_name", tk._("Enter the name that others will see."))
    name = schema.cleaned(data, "public_name", most=rules.LONGEST_NAME * 4, single_line=True)
    problem = rules.name_problem(name)
    if problem == "length":
        raise field_error("public_name", tk._("Must have {least} to {most} characters.").format(
            least=rules.SHORTEST_NAME, most=rules.LONGEST_NAME))
    if problem == "address":
        raise field_error("public_name", tk._("Everyone will see this name: choose one that is not an e-mail or web address."))
    if problem == "letters":
        raise field_error("public_name", tk._("Must have at least one letter."))
    if rules.is_reserved(name):
        raise field_error("public_name", tk._("Readers could take this name for staff of the site. Choose another."))
    title = rules.imitated(name, titles)
    if title:
        raise field_error("public_name", tk._("Readers could take this name for the organisation “{title}”. Choose your own name: staff "
                                              "answer in their organisation’s name with a button of the form.").format(title=title))
    return name


def password(data: Data, field: str = "password") -> str:
    """Return a password as it was typed, whatever it is."""
    raw = data.get(field)
    if raw in (None, ""):
        raise field_error(field, tk._("Enter the password."))
    if not isinstance(raw, str) or "\x00" in raw or any("\ud800" <= letter <= "\udfff" for letter in raw):
        raise field_error(field, tk._("Holds characters that can't be stored. Type another."))
    # No account has a longer one: what compares passwords would fail on it.
    if len(raw) > rules.LONGEST_COMPARED:
        raise field_error(field, tk._("Too long: use at most {most} characters.").format(most=rules.LONGEST_PASSWORD))
    return raw


def new_password(data: Data, field: str = "password", forbidden: Iterable[str] = ()) -> str:
    """Return a password that is good enough for an account."""
    value = password(data, field)
    problem = rules.password_problem(value, forbidden)
    if problem == "short":
        raise field_error(field, tk._("Too short: use at least {least} characters. Three or four words make a good one.").format(
            least=rules.SHORTEST_PASSWORD))
    if problem == "long":
        raise field_error(field, tk._("Too long: use at most {most} characters.").format(most=rules.LONGEST_PASSWORD))
    if problem == "same":
        raise field_error(field, tk._("Too easy to guess: choose one that is not your name, your address or one letter repeated."))
    return value


def token(data: Data) -> str:
    """Return the token of a link."""
    return paging.text_of(data, "token", required=True, most=LONGEST_TOKEN) or ""


def login(data: Data) -> str:
    """Return an account's name or an e-mail address."""
    raw = data.get("login")
    if isinstance(raw, str) and not raw.strip():
        raise field_error("login", tk._("Enter your e-mail address or the name of your account."))
    return (paging.text_of(data, "login", required=True, most=rules.LONGEST_ADDRESS) or "").strip()


def place(data: Data) -> str:
    """Return the page to come back to, as a path of this site; empty for anything else."""
    raw = data.get("came_from")
    if raw is not None and not isinstance(raw, str):
        raise field_error("came_from", tk._("Must be a text."))
    return local_path(raw)


def local_path(raw: str | None) -> str:
    """Return `raw` when it is a path on this site, else an empty text."""
    odd = not raw or len(raw) > LONGEST_PLACE or not raw.startswith("/") or raw.startswith(("//", "/\\"))
    if odd or any(ord(letter) < 32 or "\ud800" <= letter <= "\udfff" or letter == "\\" for letter in raw or ""):
        return ""
    return raw or ""


def mail_language(data: Data) -> str:
    """Return the language of mails: one of the site's, or `both`."""
    return schema.one_of(data.get("mail_language"), [*config.mail_languages(), BOTH], "mail_language")


def about(data: Data) -> str:
    """Return what a person says of themselves."""
    text = schema.cleaned(data, "about", most=rules.ABOUT_BYTES, required=False)
    if "://" in text:
        raise field_error("about", tk._("Must not hold web addresses."))
    return text
