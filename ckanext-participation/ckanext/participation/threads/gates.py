"""Whether a text may be written here and now: the site's read-only switch, the organisation's wishes, pictures, the last look."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import authz, model

from ckanext.participation import config
from ckanext.participation.common import people, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Subject
from ckanext.participation.threads import rules
from ckanext.participation.threads.model import Thread
from ckanext.participation.threads.records import OrganizationPolicy

ON = "on"
MEMBERS = "members"
OFF = "off"
IN_CONTEXT = "participation_thread"
BEFORE = "before"
AFTER = "after"


_POLICY = sa.select(OrganizationPolicy.threads, OrganizationPolicy.review).where(
    OrganizationPolicy.organization_id == sa.bindparam("organization"))


def policy_of(organization_id: str | None) -> dict[str, str]:
    """Return how an organisation takes conversations: `{"threads": on | members | off, "review": after | before}`."""
    row = model.Session.execute(_POLICY, {"organization": organization_id}).first() if organization_id else None
    return {"threads": row.threads, "review": row.review} if row else {"threads": ON, "review": AFTER}


def refuse_when_read_only() -> None:
    """Raise ValidationError while the site only reads."""
    if config.read_only():
        raise field_error("read_only", tk._("The catalogue is read-only at the moment, for maintenance: nothing was posted. Keep your "
                                            "text and try again later."))


def refuse_when_removed(found: dict[str, Any]) -> None:
    """Raise ValidationError when a harvest removed the dataset: what was said about it is only read."""
    if found.get("removed"):
        raise field_error("removed", tk._("This dataset was removed, because its source no longer offers it. What was said about it stays "
                                          "readable, and takes no more messages."))


def refuse_when_switched_off(actor: people.Actor, organization_id: str | None, policy: dict[str, str]) -> None:
    """Raise ValidationError when the organisation takes no texts from this person; its staff and administrators always write."""
    if policy["threads"] == ON or actor.is_sysadmin or actor.speaks_for(organization_id):
        return
    if policy["threads"] == OFF:
        raise field_error("organization", tk._("This organisation takes no conversations here. Its contact address is on its page."))
    if not is_member(actor.user_id, organization_id):
        raise field_error("organization", tk._("Only members of this organisation write here. Everyone can read."))


def is_member(user_id: str, organization_id: str | None) -> bool:
    """Say whether the account has any role in the organisation (or in one above it)."""
    user = model.User.get(user_id)
    return bool(user and organization_id and authz.users_role_for_group_or_org(organization_id, user.name))


def reader_of(actor: people.Actor | None, organization_id: str | None) -> rules.Reader:
    """Return who looks, as the rules see it."""
    if actor is None:
        return rules.Reader()
    return rules.Reader(actor.person_id, actor.speaks_for(organization_id), actor.is_sysadmin)


def organization_for(actor: people.Actor, organization_id: str | None, wanted: bool) -> str | None:
    """Return the organisation in whose name is spoken, or None. Raises NotAuthorized for somebody who does not speak for it."""
    if not wanted:
        return None
    if not actor.speaks_for(organization_id):
        raise tk.NotAuthorized(tk._("Only editors and administrators of the organisation answer in its name."))
    return organization_id


def decide(kind: str, html: str, actor: people.Actor, found: dict[str, Any], policy: dict[str, str]) -> visibility.Decision:
    """Return what becomes of a text about `found`."""
    return visibility.decide(visibility.Proposal(
        kind=kind, html=html, person_id=actor.person_id, account_age_days=actor.account_age_days,
        speaks_for_organization=actor.speaks_for(found["organization_id"]), is_sysadmin=actor.is_sysadmin,
        subject=found, review_first=policy["review"] == BEFORE))


def load(thread_id: int, context: Any = None, *, lock: bool = False) -> tuple[Thread, Subject]:
    """Return a thread and its subject; what `check_access` loaded is in the context already.

    Raises ObjectNotFound; call it after `check_access`, which tells nobody what exists.
    """
    known = (context or {}).get(IN_CONTEXT)
    if known and not lock and known[0].id == thread_id:
        return known[0], known[1]
    found = (Thread.locked_with_subject if lock else Thread.with_subject)(thread_id)
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no conversation with this number."))
    if context is not None:
        context[IN_CONTEXT] = found
    return found[0], found[1]


def reading_person(context: Any, thread: Thread) -> people.Actor | None:
    """Return the reader, if signed in; a thread that is held, hidden or removed is for its author (held) and administrators."""
    person = people.reader(context)
    if thread.visibility != visibility.VISIBLE:
        own = person is not None and thread.visibility == visibility.HELD and person.person_id == thread.author_id
        if not (own or (person and person.is_sysadmin)):
            raise tk.NotAuthorized(tk._("You may not see this conversation."))
    return person
