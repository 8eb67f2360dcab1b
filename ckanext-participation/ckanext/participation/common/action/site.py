"""Actions that no single room owns: preview of a text, and the queue of held texts."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common import counters, events, paging, people, schema, text, visibility
from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.registry import registry

__all__ = ["participation_queue_list", "participation_text_preview", "participation_visibility_set"]

Data = dict[str, Any]


@tk.side_effect_free
def participation_text_preview(context: Context, data_dict: Data) -> dict[str, str]:
    """Show how a text will look once posted; nothing is stored.

    :param body: Markdown (CommonMark without HTML and images), at most `participation.text.max_bytes` bytes
    :type body: string
    :returns: `{"html": the safe HTML}`
    :raises ValidationError: `body` is empty, too long or not a text
    :raises LimitExceeded: too many in a minute (429, with Retry-After)
    :raises NotAuthorized: nobody is signed in
    """
    body = schema.cleaned(data_dict, "body")
    tk.check_access("participation_text_preview", context, data_dict)
    counter = counters.key_of("preview", context.get("user") or "")
    if counters.count(counter, 60) > config.previews_per_minute():
        seconds = max(1, counters.wait([(counter, 1, 60)]))
        raise LimitExceeded(tk._("You asked for many previews in a short time. Your text is still here: try again in {seconds} seconds."
                                 ).format(seconds=seconds), seconds)
    return {"html": text.render(body)}


@tk.side_effect_free
def participation_queue_list(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the texts that are held until a person has looked at them, oldest first.

    :param organization_id: only those about this organisation and its data (id); its staff sees these, administrators see all
    :type organization_id: string
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :returns: `{"results": [{"kind", "id", "title", "url", "author", "created", "reason", "body_html"}]}`
    :raises NotAuthorized: the caller is neither an administrator of the site nor, with `organization_id`, of the organisation's staff
    """
    limit = paging.limit_of(data_dict)
    organization_id = paging.text_of(data_dict, "organization_id")
    tk.check_access("participation_queue_list", context, data_dict)
    rows = [row | {"kind": kind.name} for kind in registry.moderation_kinds.values() for row in kind.held(limit, organization_id)]
    return {"results": sorted(rows, key=lambda row: row["created"])[:limit]}


def participation_visibility_set(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show, hide or remove somebody's text; the decision and its reason are kept for good.

    :param kind: what it is: a kind of the queue, such as `comment`
    :type kind: string
    :param id: its id, as the queue gives it
    :type id: string
    :param state: `visible`, `held`, `hidden` or `removed`
    :type state: string
    :param reason: why, in words that readers will see; needed unless the text is shown
    :type reason: string
    :returns: `{"kind", "id", "state"}`
    :raises ValidationError: an unknown kind or state, or no reason
    :raises ObjectNotFound: there is no such text
    :raises NotAuthorized: the caller is neither an administrator of the site nor of the staff of the organisation whose data it is about;
        staff shows and hides, only administrators remove
    """
    kind = schema.one_of(data_dict.get("kind"), sorted(registry.moderation_kinds), "kind")
    entry = registry.moderation_kinds[kind]
    identifier = paging.text_of(data_dict, "id", required=True)
    state = schema.one_of(data_dict.get("state"), visibility.STATES, "state")
    reason = schema.cleaned(data_dict, "reason", most=1000, single_line=True, required=state != visibility.VISIBLE)
    tk.check_access("participation_visibility_set", context, data_dict)
    actor = people.actor(context)
    changed = entry.change(identifier, state, reason)
    events.write("visibility.set", actor_id=actor.person_id, target=(entry.name, identifier), subject_id=changed.get("subject_id"),
                 data={"state": state, "from": changed["from"], "reason": reason})
    model.Session.commit()
    return {"kind": kind, "id": identifier, "state": state}
