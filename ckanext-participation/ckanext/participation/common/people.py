"""Who acts and who may speak for an organisation. A person is an account (later also a verified e-mail address)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import authz, model
from ckan.types import Context

from ckanext.participation.common.model import Person

# Roles of CKAN that speak for their organisation: who may edit its datasets may also answer for them.
SPEAKING_ROLES = ("admin", "editor")


@dataclass(frozen=True)
class Actor:
    """The signed-in person behind an action."""

    person_id: int
    user_id: str
    is_sysadmin: bool
    account_age_days: float


def actor(context: Context) -> Actor:
    """Return who acts. Raises NotAuthorized when nobody is signed in; call it after `check_access`."""
    user = model.User.get(context.get("user"))
    if user is None or user.state != model.State.ACTIVE:
        raise tk.NotAuthorized(tk._("Sign in first."))
    age = datetime.now(UTC) - user.created.replace(tzinfo=UTC)
    return Actor(Person.for_user(user.id), user.id, bool(user.sysadmin), age.total_seconds() / 86400)


def speaks_for(user_id: str, organization_id: str | None) -> bool:
    """Say whether the account is an editor or administrator of the organisation (or of one above it)."""
    if not organization_id:
        return False
    user = model.User.get(user_id)
    return user is not None and authz.users_role_for_group_or_org(organization_id, user.name) in SPEAKING_ROLES


def speakers_of(organization_id: str | None) -> list[str]:
    """Return the ids of the active accounts that speak for the organisation, in a stable order."""
    if not organization_id:
        return []
    rows = model.Session.execute(
        sa.select(model.User.id).join(model.Member, model.Member.table_id == model.User.id).where(
            model.Member.group_id == organization_id, model.Member.table_name == "user", model.Member.state == "active",
            model.Member.capacity.in_(SPEAKING_ROLES), model.User.state == "active").order_by(model.User.id))
    return [row.id for row in rows]


def public_names(person_ids: set[int]) -> dict[int, dict[str, Any]]:
    """Return `{person id: {"name", "account"}}` in one statement: the chosen public name, else the account's display name.

    Nothing else of an account leaves here: no e-mail address, no hash of one.
    """
    if not person_ids:
        return {}
    rows = model.Session.execute(
        sa.select(Person.id, Person.public_name, model.User.name, model.User.fullname, model.User.state)
        .outerjoin(model.User, model.User.id == Person.user_id).where(Person.id.in_(person_ids)))
    return {row.id: {"name": row.public_name or (row.fullname if row.state == "active" else None) or row.name or "",
                     "account": row.name if row.state == "active" else None} for row in rows}


def account_of(person_id: int) -> str | None:
    """Return the id of the person's account."""
    return model.Session.scalar(sa.select(Person.user_id).where(Person.id == person_id))
