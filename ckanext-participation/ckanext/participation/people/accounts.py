"""Accounts as CKAN stores them: finding, making, removing and closing them. Nothing here commits."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.logic.schema import default_user_schema
from ckan.model.dashboard import dashboard_table
from sqlalchemy.exc import IntegrityError

from ckanext.participation import config
from ckanext.participation.common import people
from ckanext.participation.common.model import Event, Follow, Person, now
from ckanext.participation.people import rules

SIGN_UP = "signing_up"
MOST_PENDING = 3


def lock(address: str) -> None:
    """Have requests about one address wait for each other until the commit."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(
        sa.func.hashtext("participation.people"), sa.func.hashtext(address.lower()))))


def with_address(address: str, *states: str) -> list[model.User]:
    """Return the accounts with the address in one of the states, the newest first."""
    return list(model.Session.scalars(sa.select(model.User).where(
        sa.func.lower(model.User.email) == address.lower(), model.User.state.in_(states)).order_by(model.User.created.desc())))


def signing_up(user: model.User) -> bool:
    """Say whether the account waits for the confirmation of its address, and is not an invitation by staff."""
    return user.state == model.State.PENDING and bool(people.settings_in(user.plugin_extras).get(SIGN_UP))


def called(login: str) -> model.User | None:
    """Return the account, not closed, that a person means by a name or an address; an active one before one that waits."""
    states = (model.State.ACTIVE, model.State.PENDING)
    if "@" in login:
        found = with_address(login, *states)
        return next((user for user in found if user.state == model.State.ACTIVE), found[0] if found else None)
    return model.Session.scalar(sa.select(model.User).where(model.User.name == login.casefold(), model.User.state.in_(states)))


def organization_titles() -> list[str]:
    """Return the titles of the organisations, in every language, and the site's own name."""
    rows = model.Session.execute(sa.select(model.Group.name, model.Group.title, model.Group.extras).where(
        model.Group.is_organization.is_(True), model.Group.state == model.State.ACTIVE))
    titles = [tk.config["ckan.site_title"] or ""]
    for name, title, extras in rows:
        titles += [title or "", name, *_texts((extras or {}).get("title_translated"))]
    return [title for title in titles if title]


def _texts(raw: Any) -> list[str]:
    try:
        found = json.loads(raw) if isinstance(raw, str) else raw
    except ValueError:
        return []
    return [text for text in found.values() if isinstance(text, str)] if isinstance(found, dict) else []


def make(address: str, public_name: str, password: str) -> model.User:
    """Make an account that waits for the confirmation of its address, with its person."""
    base = rules.account_base(public_name)
    taken = set(model.Session.scalars(sa.select(model.User.name).where(sa.or_(
        model.User.name == base, model.User.name.like(f"{base}-%")))))
    schema: Any = default_user_schema()
    # Whether the address is known is not told here; only one account of an address is ever confirmed.
    schema["email"] = [step for step in schema["email"] if getattr(step, "__name__", "") != "email_is_unique"]
    context: Any = {"ignore_auth": True, "defer_commit": True, "schema": schema, "user": ""}
    made = tk.get_action("user_create")(context, {
        "name": rules.account_name(base, taken), "email": address, "fullname": public_name, "password": password,
        "state": model.State.PENDING, "plugin_extras": {people.SETTINGS: {SIGN_UP: True}}})
    user = model.Session.get_one(model.User, made["id"])
    person_id = Person.for_user(user.id)
    model.Session.execute(sa.update(Person).where(Person.id == person_id).values(public_name=public_name))
    return user


def settle(user: model.User, **settings: Any) -> None:
    """Change our settings in the account's `plugin_extras`; None takes one away."""
    kept = {**people.settings_in(user.plugin_extras), **settings}
    user.plugin_extras = {**(user.plugin_extras or {}), people.SETTINGS: {name: value for name, value in kept.items() if value is not None}}


def activate(user: model.User) -> None:
    """Let the account in, and remove the others that were made with its address and never confirmed."""
    user.state = model.State.ACTIVE
    settle(user, **{SIGN_UP: None})
    model.Session.flush()
    remove([other for other in with_address(user.email or "", model.State.PENDING) if signing_up(other)])


@contextlib.contextmanager
def one_per_address() -> Iterator[None]:
    """Turn the database's refusal of a second active account with one address into a named error."""
    try:
        yield
        model.Session.flush()
    except IntegrityError as error:
        model.Session.rollback()
        raise tk.ValidationError({"token": [tk._("Another account has this address now. Sign in with it, or choose a new password for "
                                                 "it by e-mail.")]}) from error


def remove(users: list[model.User]) -> None:
    """Remove accounts that were never confirmed: they have done nothing."""
    ids = [user.id for user in users]
    for user in users:
        model.Session.expunge(user)
    if ids:
        model.Session.execute(sa.delete(dashboard_table).where(dashboard_table.c.user_id.in_(ids)))
        model.Session.execute(sa.delete(Person).where(Person.user_id.in_(ids)))
        model.Session.execute(sa.delete(model.User).where(model.User.id.in_(ids)).execution_options(synchronize_session=False))


def sweep() -> int:
    """Remove accounts whose address was not confirmed for days, commit, and return how many."""
    # CKAN keeps this time without a zone, in the server's own.
    before = now().astimezone().replace(tzinfo=None) - timedelta(days=config.keep_unconfirmed_days())
    rows = model.Session.scalars(sa.select(model.User).where(
        model.User.state == model.State.PENDING, model.User.created < before).with_for_update(skip_locked=True))
    late = [user for user in rows if signing_up(user)]
    remove(late)
    model.Session.commit()
    return len(late)


def close(user: model.User, person_id: int) -> None:
    """Close the account: what the person wrote stays, without a name; everything that says who it was goes."""
    for row in model.Session.scalars(sa.select(model.Member).where(model.Member.table_id == user.id)):
        row.state = model.State.DELETED
    for table, column in ((model.ApiToken, model.ApiToken.user_id), (model.PackageMember, model.PackageMember.user_id)):
        model.Session.execute(sa.delete(table).where(column == user.id))
    model.Session.execute(sa.delete(Follow).where(Follow.person_id == person_id))
    model.Session.execute(sa.update(Person).where(Person.id == person_id).values(public_name=None, email=None))
    user.name = f"former-{secrets.token_hex(6)}"
    user.fullname = user.email = user.about = user.image_url = user.reset_key = user.apikey = None
    user.password = secrets.token_urlsafe(32)
    user.plugin_extras = None
    user.state = model.State.DELETED


def recent(person_id: int, types: tuple[str, ...], hours: int) -> int:
    """Return how many events of the types there were about the person in the last hours."""
    return model.Session.scalar(sa.select(sa.func.count()).where(
        Event.target_type == "person", Event.target_id == str(person_id), Event.type.in_(types),
        Event.at > now() - timedelta(hours=hours))) or 0
