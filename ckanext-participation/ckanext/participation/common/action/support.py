"""One action for everything that people find useful; which things those are, rooms say in the registry."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, limits, people, schema, support
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.registry import Supportable, registry

__all__ = ["participation_support_list", "participation_support_set"]

MOST = 100


def participation_support_set(context: Context, data_dict: dict[str, Any]) -> dict[str, int]:
    """Say that something is useful, or take that back; one word per person, however often it is sent.

    :param target_type: what it is: `comment` for a message, or a type that a room or an extension registered
    :type target_type: string
    :param target_id: its id; of a message, the thread's number and its own: `42#3`
    :type target_id: string
    :param value: 1 useful, 0 neither (takes back what was said), -1 not useful (only where `participation.threads.votes` is on)
    :type value: integer
    :returns: `{"value": the caller's word now, "support": how many find it useful, "against": how many do not}`
    :raises ValidationError: named fields: an unknown type, a wrong id or value, one's own message, or one that is not shown;
        `read_only` while nobody may write
    :raises ObjectNotFound: there is no such message
    :raises NotAuthorized: nobody is signed in, or the target may not be seen
    :raises LimitExceeded: too many in a short time (429, with Retry-After)
    """
    entry = _entry(data_dict.get("target_type"))
    identifier = entry.read_id(data_dict.get("target_id"))
    value = _value(data_dict.get("value"), votes=entry.votes())
    tk.check_access("participation_support_set", context, data_dict)
    actor = people.actor(context)
    entry.check_read(context, identifier)
    limits.check_reactions(actor.person_id)
    subject_id, count, against = entry.open_to(identifier, actor.person_id)
    change = support.set_support(entry.name, identifier, actor.person_id, value)
    if change.made:
        counts = entry.apply(identifier, change.support, change.against)
        if counts is None:
            # It was hidden between our look and our write.
            model.Session.rollback()
            raise field_error("target_id", tk._("This is not shown any more, so nothing was changed."))
        count, against = counts
        events.write("support.set", actor_id=actor.person_id, subject_id=subject_id, target=(entry.name, identifier),
                     data={"value": change.after, "from": change.before})
    model.Session.commit()
    return {"value": change.after, "support": count, "against": against}


@tk.side_effect_free
def participation_support_list(context: Context, data_dict: dict[str, Any]) -> dict[str, Any]:
    """Say which of some things the caller finds useful, for buttons on a page that everybody gets alike; nobody sees another's.

    :param target_type: what they are: `comment` for messages, or a registered type
    :type target_type: string
    :param target_ids: their ids, at most 100
    :type target_ids: list of strings
    :returns: `{"values": {id: 1 or -1}}`, without those on which the caller has said nothing
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in
    """
    entry = _entry(data_dict.get("target_type"))
    raw = data_dict.get("target_ids")
    if not isinstance(raw, list) or len(raw) > MOST:
        raise field_error("target_ids", tk._("Must be a list of at most {most} ids.").format(most=MOST))
    identifiers = [entry.read_id(identifier) for identifier in raw]
    tk.check_access("participation_support_list", context, data_dict)
    return {"values": support.own(people.actor(context).person_id, entry.name, identifiers)}


def _entry(name: Any) -> Supportable:
    return registry.supportables[schema.one_of(name, sorted(registry.supportables), "target_type")]


def _value(raw: Any, *, votes: bool) -> int:
    allowed = {"1": 1, "0": 0} | ({"-1": -1} if votes else {})
    key = str(raw) if isinstance(raw, int | str) and not isinstance(raw, bool) else ""
    if key not in allowed:
        raise field_error("value", tk._("Must be one of: {known}.").format(known=", ".join(allowed)))
    return allowed[key]
