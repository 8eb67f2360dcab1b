"""Follow what is said about something, stop, and see what one follows; what can be followed, rooms say in the registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, follow, limits, paging, people, schema
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Follow
from ckanext.participation.common.registry import Followable, registry

__all__ = ["participation_follow_list", "participation_follow_set", "participation_follow_show"]

Data = dict[str, Any]


def participation_follow_set(context: Context, data_dict: Data) -> dict[str, bool]:
    """Be told by mail of what is new about something, or not any more. Who writes somewhere follows it without asking.

    :param target_type: what it is: `thread`, or a type that a room or an extension registered
    :type target_type: string
    :param target_id: its id; of a thread, its number
    :type target_id: string
    :param value: true to be told; false not to be told, neither after writing there nor as staff of the organisation
    :type value: boolean
    :returns: `{"following": true or false}`
    :raises ValidationError: named fields; `read_only` while nobody may write
    :raises ObjectNotFound: there is no such thing
    :raises NotAuthorized: nobody is signed in, or the target may not be seen
    :raises LimitExceeded: too many in a short time (429, with Retry-After)
    """
    entry = _entry(data_dict.get("target_type"))
    identifier = entry.read_id(data_dict.get("target_id"))
    following = _yes_or_no(data_dict.get("value"))
    tk.check_access("participation_follow_set", context, data_dict)
    actor = people.actor(context)
    entry.check_read(context, identifier)
    subject_id = entry.accept(identifier)
    limits.check_reactions(actor.person_id)
    if follow.set_following(entry.name, identifier, actor.person_id, following=following):
        events.write("follow.set", actor_id=actor.person_id, subject_id=subject_id, target=(entry.name, identifier),
                     data={"value": following})
    model.Session.commit()
    return {"following": following}


@tk.side_effect_free
def participation_follow_show(context: Context, data_dict: Data) -> dict[str, bool | None]:
    """Say whether the caller follows something.

    :param target_type: what it is: `thread`, or a registered type
    :type target_type: string
    :param target_id: its id; of a thread, its number
    :type target_id: string
    :returns: `{"following": true, false for somebody who asked not to be told, or null for neither}`
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in, or the target may not be seen
    """
    entry = _entry(data_dict.get("target_type"))
    identifier = entry.read_id(data_dict.get("target_id"))
    tk.check_access("participation_follow_show", context, data_dict)
    actor = people.actor(context)
    entry.check_read(context, identifier)
    return {"following": follow.state_of(actor.person_id, entry.name, identifier)}


@tk.side_effect_free
def participation_follow_list(context: Context, data_dict: Data) -> dict[str, Any]:
    """List what the caller follows, the latest first; nobody sees what somebody else follows.

    :param limit: how many, 1 to 100 (default 20)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"results": [{"target_type", "target_id", "since", "title", "url"}], "next": string or null}`; what the caller may not
        see any more has no title and no address
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in
    """
    limit = paging.limit_of(data_dict, 20)
    before = _read_mark(paging.text_of(data_dict, "after", most=400))
    tk.check_access("participation_follow_list", context, data_dict)
    rows = follow.listed(people.actor(context).person_id, limit=limit + 1, before=before)
    shown = rows[:limit]
    known: dict[tuple[str, str], Data] = {}
    for name, entry in registry.followables.items():
        ids = [row.target_id for row in shown if row.target_type == name]
        known |= {(name, identifier): words for identifier, words in entry.describe(context, ids).items()} if ids else {}
    return {"results": [{"target_type": row.target_type, "target_id": row.target_id, "since": row.at.isoformat(),
                         **known.get((row.target_type, row.target_id), {"title": None, "url": None})} for row in shown],
            "next": _mark(shown[-1]) if len(rows) > limit else None}


def _entry(name: Any) -> Followable:
    return registry.followables[schema.one_of(name, sorted(registry.followables), "target_type")]


def _yes_or_no(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return raw == "true"
    raise field_error("value", tk._("Must be true or false."))


def _mark(row: Follow) -> str:
    return f"{row.at.isoformat()}~{row.target_type}~{row.target_id}"


def _read_mark(raw: str | None) -> tuple[datetime, str, str] | None:
    if not raw:
        return None
    try:
        moment, type_, identifier = raw.split("~", 2)
        if datetime.fromisoformat(moment).tzinfo is None:
            raise ValueError(raw)
        at = datetime.fromisoformat(moment).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise field_error("after", tk._("Must be the `next` of the page before.")) from error
    return at, type_, identifier
