"""Who acts, under which name others see them, and who may speak for an organisation. A person is an account (later also an address).

How a name is shown is the site's policy (`participation.people.names`). It is obeyed here and nowhere else: pages, API, feeds, mails
and exports all take names from `public_names`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common.model import Person

# Roles of CKAN that speak for their organisation: who may edit its datasets may also answer for them.
SPEAKING_ROLES = ("admin", "editor")

# Where an action's context keeps its actor, as CKAN keeps its `auth_user_obj` there.
IN_CONTEXT = "participation_actor"

# What a person's settings are kept under, in CKAN's `plugin_extras` of the account: only administrators see those.
SETTINGS = "participation"

STAND_INS = {"citizen": {"en": "A citizen", "fr": "Une personne"}, "former": {"en": "Former user", "fr": "Ancien utilisateur"},
             "unknown": {"en": "Somebody unknown", "fr": "Une personne inconnue"}}
# Whoever wrote without a name in a portal whose comments were imported: no account bears such an id (threads/importing/authors.py).
UNKNOWN = "participation:anonymous"


@dataclass(frozen=True)
class Actor:
    """The signed-in person behind an action. Lives as long as the action's context: what it asked once, it does not ask again."""

    person_id: int
    user_id: str
    is_sysadmin: bool
    account_age_days: float
    # Whether the account has a role that speaks, in any organisation at all: most people have none, and need not be asked about more.
    has_voice: bool = True
    _roles: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def speaks_for(self, organization_id: str | None) -> bool:
        """Say what the function of this name says, with one statement per organisation."""
        if not organization_id or not self.has_voice:
            return False
        if organization_id not in self._roles:
            self._roles[organization_id] = speaks_for(self.user_id, organization_id)
        return self._roles[organization_id]


def actor(context: Context) -> Actor:
    """Return who acts. Raises NotAuthorized when nobody is signed in; call it after `check_access`."""
    name = context.get("user")
    known = context.get(IN_CONTEXT)
    if known and known[0] == name:
        return known[1]
    user = _account(context, name) if name else None
    if user is None or user.state != model.State.ACTIVE:
        raise tk.NotAuthorized(tk._("Sign in first."))
    age = datetime.now(UTC) - user.created.replace(tzinfo=UTC)
    row = model.Session.execute(_ACTS, {"user": user.id}).first()
    person_id, has_voice = row or (Person.for_user(user.id), True)
    found = Actor(person_id, user.id, bool(user.sysadmin), age.total_seconds() / 86400, has_voice)
    context[IN_CONTEXT] = (name, found)  # type: ignore[literal-required]
    return found


_ACTS = sa.select(Person.id, sa.exists().where(
    model.Member.table_id == Person.user_id, model.Member.table_name == "user", model.Member.state == model.State.ACTIVE,
    model.Member.capacity.in_(SPEAKING_ROLES))).where(Person.user_id == sa.bindparam("user"))


def site_context() -> Context:
    """Return the context of an action that the site itself calls, in its own name."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"model": model, "session": model.Session, "user": user, "ignore_auth": True}  # type: ignore[typeddict-item]


def _account(context: Context, name: str) -> model.User | None:
    """Return the account of that name: the one that CKAN's check of rights has looked up already, if it has."""
    known = context.get("auth_user_obj")
    return known if isinstance(known, model.User) and known.name == name else model.User.get(name)


def reader(context: Context) -> Actor | None:
    """Return who reads, or None for somebody who is not signed in (or whose account is not active)."""
    try:
        return actor(context) if context.get("user") else None
    except tk.NotAuthorized:
        return None


def speaks_for(user_id: str, organization_id: str | None) -> bool:
    """Say whether the account is an editor or administrator of the organisation, or one above it whose role CKAN hands down."""
    if not organization_id:
        return False
    return model.Session.execute(_SPEAKS, {**_in(organization_id), "user": user_id}).first() is not None


def _in(organization_id: str) -> dict[str, Any]:
    """Return what `_speakers` is asked with."""
    return {"organization": organization_id, "handed_down": [
        role for role in tk.config["ckan.auth.roles_that_cascade_to_sub_groups"] if role in SPEAKING_ROLES]}


def _speakers() -> sa.Select[Any]:
    """Select the ids of the accounts that speak for an organisation, with those above it as `ckan.auth` hands roles down."""
    group, member = model.Group.__table__, model.Member.__table__
    above = sa.select(group.c.id, sa.literal(0).label("up")).where(
        sa.or_(group.c.id == sa.bindparam("organization"), group.c.name == sa.bindparam("organization"))).cte("above", recursive=True)
    parents = sa.select(member.c.table_id, sa.literal(1)).select_from(member).join(above, above.c.id == member.c.group_id).join(
        group, group.c.id == member.c.table_id).where(
        member.c.table_name == "group", member.c.state == model.State.ACTIVE, group.c.state == model.State.ACTIVE)
    above = above.union(parents)
    handed_down = sa.any_(sa.bindparam("handed_down", type_=sa.ARRAY(sa.Text)))
    return (sa.select(model.User.id).join(member, member.c.table_id == model.User.id).join(above, above.c.id == member.c.group_id)
            .where(model.User.state == model.State.ACTIVE, member.c.table_name == "user", member.c.state == model.State.ACTIVE,
                   sa.or_(sa.and_(above.c.up == 0, member.c.capacity.in_(SPEAKING_ROLES)),
                          sa.and_(above.c.up == 1, member.c.capacity == handed_down))))


# Built once: every page of somebody who is signed in asks this.
_SPEAKS = _speakers().where(model.User.id == sa.bindparam("user")).limit(1)


def speakers_of(organization_id: str | None) -> list[str]:
    """Return the ids of the active accounts that speak for the organisation itself, in a stable order: whom mails go to."""
    if not organization_id:
        return []
    rows = model.Session.execute(
        sa.select(model.User.id).join(model.Member, model.Member.table_id == model.User.id).where(
            model.Member.group_id == organization_id, model.Member.table_name == "user", model.Member.state == "active",
            model.Member.capacity.in_(SPEAKING_ROLES), model.User.state == "active").order_by(model.User.id))
    return [row.id for row in rows]


def public_names(person_ids: set[int], lang: str | None = None) -> dict[int, dict[str, Any]]:
    """Return `{person id: {"name", "account"}}` in one statement, as the site's policy shows them.

    `chosen`: the public name, else the account's full name, else its name. `account`: the account's name. `staff`: the chosen name of
    those who speak for an organisation, and "A citizen" for everybody else. A closed account is "Former user", whatever it was
    called. `account` is the account's name where the policy shows that, else None. `lang` ("fr", "en") is the language of the words
    that stand for a name, for mails; without it, the page's.

    Nothing else of an account leaves here: no e-mail address, no hash of one.
    """
    if not person_ids:
        return {}
    policy = config.people_names()
    rows = model.Session.execute(_NAMES[policy == "staff"], {"ids": list(person_ids)})
    return {row.id: _shown(row, policy, lang) for row in rows}


def _shown(row: Any, policy: str, lang: str | None) -> dict[str, Any]:
    if row.state is None and (row.user_id or "").startswith(UNKNOWN):
        return {"name": stand_in("unknown", lang), "account": None}
    if row.state == model.State.DELETED:
        return {"name": stand_in("former", lang), "account": None}
    if row.state is None and not row.public_name:
        # The account is gone from CKAN, or a verified address has chosen no name.
        return {"name": stand_in("former" if row.user_id else "citizen", lang), "account": None}
    if policy == "staff" and not row.is_staff:
        return {"name": stand_in("citizen", lang), "account": None}
    if policy == "account" and row.name:
        return {"name": row.name, "account": row.name}
    return {"name": row.public_name or row.fullname or row.name, "account": None}


def _is_staff() -> sa.ColumnElement[bool]:
    member, group = model.Member.__table__, model.Group.__table__
    speaks = sa.select(sa.literal(1)).select_from(member).join(group, group.c.id == member.c.group_id).where(
        member.c.table_id == model.User.id, member.c.table_name == "user", member.c.state == model.State.ACTIVE,
        member.c.capacity.in_(SPEAKING_ROLES), group.c.is_organization.is_(True), group.c.state == model.State.ACTIVE)
    return sa.or_(model.User.sysadmin.is_(True), sa.exists(speaks.correlate(model.User)))


def _named(*, with_staff: bool) -> sa.Select[Any]:
    # Each account by its key: left to choose, PostgreSQL reads ten thousand accounts to find fifty. OFFSET 0 leaves it no choice.
    account = (sa.select(model.User.name, model.User.fullname, model.User.state,
                         (_is_staff() if with_staff else sa.false()).label("is_staff"))
               .where(model.User.id == Person.user_id).offset(sa.literal_column("0")).lateral("account"))
    return (sa.select(Person.id, Person.user_id, Person.public_name, *account.c).outerjoin(account, sa.true())
            .where(Person.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))))


_NAMES = {with_staff: _named(with_staff=with_staff) for with_staff in (True, False)}


def stand_in(kind: str, lang: str | None = None) -> str:
    """Return the words that stand for a name: `kind` is "citizen", "former" or "unknown"."""
    if lang:
        return STAND_INS[kind][lang]
    return {"citizen": tk._("A citizen"), "former": tk._("Former user"), "unknown": tk._("Somebody unknown")}[kind]


def account_of(person_id: int) -> str | None:
    """Return the id of the person's account."""
    return model.Session.scalar(sa.select(Person.user_id).where(Person.id == person_id))


def mail_languages(user_id: str) -> list[str]:
    """Return the languages of mails to the account: the one its person chose, else all of the site's (docs/decisions/0005)."""
    known = config.mail_languages()
    extras = model.Session.scalar(sa.select(model.User.plugin_extras).where(model.User.id == user_id))
    chosen = settings_in(extras).get("mail_language")
    return [chosen] if chosen in known else known


def settings_in(plugin_extras: dict[str, Any] | None) -> dict[str, Any]:
    """Return our settings in an account's `plugin_extras`."""
    found = (plugin_extras or {}).get(SETTINGS)
    return found if isinstance(found, dict) else {}
