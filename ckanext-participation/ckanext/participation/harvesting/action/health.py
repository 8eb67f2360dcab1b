"""How the sources of the catalogue stand, for everybody."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import follow, paging, people, rights
from ckanext.participation.common.model import now
from ckanext.participation.common.schema import all_of, one_of
from ckanext.participation.harvesting import scheduling
from ckanext.participation.harvesting.health import records, showing
from ckanext.participation.harvesting.health.rules import ORDER

__all__ = ["participation_harvest_health_list", "participation_harvest_health_show"]

Data = dict[str, Any]

SORTS = ("state", "title", "organization", "last_success", "records", "errors")


@tk.side_effect_free
def participation_harvest_health_list(context: Context, data_dict: Data) -> Data:
    """List the harvest sources in use that the reader may see, with how each stands. A source's configuration is never shown.

    :param q: words that the title, the name or the organisation of a source holds
    :type q: string
    :param organization: id or name of an organisation
    :type organization: string
    :param state: `held`, `failing`, `late`, `never`, `running` or `healthy`
    :type state: string
    :param sort: `state` (what needs a person first, the default), `title`, `organization`, `last_success` (the oldest first), `records`
        or `errors` (the largest share first)
    :type sort: string
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :param offset: how many to leave out before them
    :type offset: integer
    :returns: `{"count", "states": {state: how many of those found by the words}, "results": [source as `participation_harvest_health_show`
        gives it]}`
    :raises ValidationError: named fields
    """
    states = [str(state) for state in ORDER]
    given = all_of(
        q=lambda: paging.text_of(data_dict, "q"), organization=lambda: paging.text_of(data_dict, "organization"),
        state=lambda: one_of(data_dict["state"], states, "state") if data_dict.get("state") else "",
        sort=lambda: one_of(data_dict.get("sort") or "state", SORTS, "sort"), limit=lambda: paging.limit_of(data_dict),
        offset=lambda: paging.integer_of(data_dict, "offset", required=False) or 0)
    tk.check_access("participation_harvest_health_list", context, data_dict)
    moment, night = now(), scheduling.night()
    found = [showing.source(row, moment, night) for row in records.of(records.visible(context))]
    found = [one for one in found if _asked_for(one, given["q"], given["organization"])]
    numbers = Counter(one["state"] for one in found)
    chosen = sorted((one for one in found if given["state"] in ("", one["state"])), key=lambda one: _key(one, given["sort"]))
    return {"count": len(chosen), "states": {state: numbers[state] for state in states},
            "results": chosen[given["offset"]:given["offset"] + given["limit"]]}


@tk.side_effect_free
def participation_harvest_health_show(context: Context, data_dict: Data) -> Data:
    """Show how one harvest source stands. Its configuration is never shown.

    :param id: id or name of the source
    :type id: string
    :returns: `{"id", "name", "title", "private", "active", "url": its address (without a query but for staff), "source_type", "frequency",
        "organization": {"id", "name", "title"} or null, "state", "last_success": when it was last read to its end, "days": since then,
        "late", "next_run": when it is read next (a moment that has come: now), or null, "next_why": `turn`, `first`, `again` (its last run
        failed), `asked` (its server asked to wait) or null, "records": at the source, "errors": of them that could not be imported,
        "error_share": 0 to 1, "failures": failed runs in a row, "held": {"id", "at", "gone", "before"} of a removal that waits (staff
        only), "runs": the latest 12, as `participation_harvest_run_show` gives them without a report, "staff": whether the reader may
        change the source, "told": whether mails about it go to the reader (staff only, else null)}`
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: there is no such source, or the reader may not see it
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_harvest_health_show", context, data_dict)
    package = model.Package.get(ref)
    row = records.of([package]) if package is not None and package.type == "harvest" else []
    if not row:
        raise tk.ObjectNotFound(tk._("There is no such source."))
    staff = rights.allowed(context, "participation_harvest_run_start", {"id": row[0]["id"]})
    shown = showing.source(row[0], now(), scheduling.night(), staff=staff)
    return {**shown, "staff": staff, "told": _told(context, row[0]) if staff else None}


def _told(context: Context, row: Data) -> bool:
    actor = people.actor(context)
    chosen = follow.state_of(actor.person_id, "harvest_source", row["id"])
    return chosen if chosen is not None else actor.user_id in people.speakers_of(row["organization_id"])


def _asked_for(one: Data, words: str | None, organization: str | None) -> bool:
    group = one["organization"] or {"id": "", "name": "", "title": ""}
    if organization and organization not in (group["id"], group["name"]):
        return False
    text = f"{one['title']} {one['name']} {group['title']}".casefold()
    return all(word in text for word in (words or "").casefold().split())


def _key(one: Data, sort: str) -> tuple[Any, ...]:
    title = (one["title"].casefold(), one["id"])
    return {
        "state": (ORDER.index(one["state"]), *title), "title": title,
        "organization": ((one["organization"] or {}).get("title", "").casefold(), *title),
        "last_success": (one["last_success"] or "", *title), "records": (-(one["records"] or 0), *title),
        "errors": (-(one["error_share"] or 0), *title)}[sort]
