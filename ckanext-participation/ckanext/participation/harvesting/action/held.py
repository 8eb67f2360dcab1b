"""Removals that wait for a person: list them, look at what would go, decide, take the decision back."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, paging, people
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.schema import all_of, one_of
from ckanext.participation.harvesting.engine import held as engine
from ckanext.participation.harvesting.engine.held import CONFIRMED, REFUSED
from ckanext.participation.harvesting.engine.model import OPEN, HarvestHeld
from ckanext.participation.harvesting.health import questions

__all__ = [
    "participation_harvest_held_list",
    "participation_harvest_held_reopen",
    "participation_harvest_held_settle",
    "participation_harvest_held_show",
]

Data = dict[str, Any]


@tk.side_effect_free
def participation_harvest_held_list(context: Context, data_dict: Data) -> Data:
    """List the removals that wait for a person, of all sources that the caller may change; or all that one source ever asked about.

    :param source: id or name of a source: the answered ones are listed too, the latest first
    :type source: string
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :returns: `{"results": [as `participation_harvest_held_show` gives them, without datasets]}`
    :raises ValidationError: named fields
    :raises NotAuthorized: nobody is signed in
    """
    given = all_of(source=lambda: paging.text_of(data_dict, "source"), limit=lambda: paging.limit_of(data_dict))
    tk.check_access("participation_harvest_held_list", context, data_dict)
    mine = _mine(context)
    if given["source"]:
        package = model.Package.get(given["source"])
        rows = questions.of_source(package.id, given["limit"]) if package is not None and package.id in mine else []
    else:
        rows = questions.open_ones(list(mine), given["limit"])
    return {"results": [_shown(row, mine[row.source_id]) for row in rows]}


@tk.side_effect_free
def participation_harvest_held_show(context: Context, data_dict: Data) -> Data:
    """Show a removal that waits for a person, or was decided: which datasets would go, and what people said about them.

    :param id: number of the held removal
    :type id: integer
    :param limit: how many datasets, 1 to 100 (default 50)
    :type limit: integer
    :param offset: how many datasets to leave out before them
    :type offset: integer
    :returns: `{"id", "source": {"id", "name", "title"}, "at", "gone": datasets that would go, "before": that there were, "state": "open",
        "confirmed", "refused" or "passed" (settled by itself), "decided_at", "decided_by": a public name, "acted": {"job", "gone"} of
        the run that acted on it or null, "reading": whether the source is being read just now, "may_undo", "talked_about": how many of the
        datasets have threads or requests, "count", "datasets": [{"id", "name", "title", "private", "threads", "requests"}]}`; those that
        people talk about come first
    :raises ValidationError: named fields
    :raises NotAuthorized: there is no such removal, or the caller may not change its source
    """
    given = all_of(id=lambda: paging.integer_of(data_dict, "id"), limit=lambda: paging.limit_of(data_dict),
                   offset=lambda: paging.integer_of(data_dict, "offset", required=False) or 0)
    tk.check_access("participation_harvest_held_show", context, data_dict)
    row = _load(given["id"])
    found = questions.datasets(row.id, str(tk.h.lang()))
    return {**_shown(row, model.Package.get(row.source_id)), "count": len(found),
            "talked_about": sum(bool(one["threads"] or one["requests"]) for one in found),
            "datasets": found[given["offset"]:given["offset"] + given["limit"]]}


def participation_harvest_held_settle(context: Context, data_dict: Data) -> Data:
    """Confirm or refuse a removal. The next run of the source acts on it; until then it can be taken back.

    Datasets whose removal is refused stay, and are not asked about again unless the source lists them and drops them anew. The same
    answer given twice is one answer.

    :param id: number of the held removal
    :type id: integer
    :param decision: `confirmed`: the datasets go; `refused`: they stay
    :type decision: string
    :returns: the removal, as `participation_harvest_held_show` gives it without datasets
    :raises ValidationError: named fields; `id` while the source is being read, or when somebody decided otherwise meanwhile
    :raises NotAuthorized: the caller may not change the source
    """
    given = all_of(id=lambda: paging.integer_of(data_dict, "id"),
                   decision=lambda: one_of(data_dict.get("decision"), (CONFIRMED, REFUSED), "decision"))
    tk.check_access("participation_harvest_held_settle", context, data_dict)
    row, actor = _load(given["id"]), people.actor(context)
    if row.state == OPEN:
        _wait_for_the_reading(row)
        if engine.settle(row.id, actor.person_id, confirmed=given["decision"] == CONFIRMED):
            events.write("harvest.held_settled", actor_id=actor.person_id, target=("harvest_source", row.source_id),
                         data={"held": row.id, "to": given["decision"], "gone": row.gone})
            model.Session.commit()
        model.Session.refresh(row)
    if row.state != given["decision"]:
        message = tk._("This was settled otherwise meanwhile. Look at the page again; until the next run it can be taken back.")
        raise field_error("id", message)
    return _shown(row, model.Package.get(row.source_id))


def participation_harvest_held_reopen(context: Context, data_dict: Data) -> Data:
    """Take the answer about a removal back, as long as no run has acted on it. Taking it back twice is taking it back.

    :param id: number of the held removal
    :type id: integer
    :returns: the removal, as `participation_harvest_held_show` gives it without datasets
    :raises ValidationError: `id` when a run has acted on it, or the source is being read
    :raises NotAuthorized: the caller may not change the source
    """
    number = paging.integer_of(data_dict, "id")
    tk.check_access("participation_harvest_held_reopen", context, data_dict)
    row, actor = _load(number), people.actor(context)
    if row.state != OPEN:
        _wait_for_the_reading(row)
        if row.state not in questions.DECIDED or questions.acted(row) or not questions.reopen(row):
            raise field_error("id", tk._("This can't be taken back any more: the source was read since."))
        events.write("harvest.held_reopened", actor_id=actor.person_id, target=("harvest_source", row.source_id), data={"held": row.id})
        model.Session.commit()
        model.Session.refresh(row)
    return _shown(row, model.Package.get(row.source_id))


def _wait_for_the_reading(row: HarvestHeld) -> None:
    if questions.reading(row.source_id):
        message = tk._("The source is being read just now, and that run would not hear of your answer. Wait until it is done.")
        raise field_error("id", message)


def _load(number: int | None) -> HarvestHeld:
    row = model.Session.get(HarvestHeld, number)
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no such removal."))
    return row


def _mine(context: Context) -> dict[str, model.Package]:
    """Return the sources that the caller may change, by their ids."""
    orgs = tk.get_action("organization_list_for_user")({"user": context.get("user", "")}, {"permission": "update_dataset"})
    return questions.sources_of([one["id"] for one in orgs])


def _shown(row: HarvestHeld, package: Any) -> Data:
    acted = questions.acted(row)
    reading = row.state != "passed" and questions.reading(row.source_id)
    who = people.public_names({row.decided_by}).get(row.decided_by) if row.decided_by else None
    return {
        "id": row.id, "source": {"id": package.id, "name": package.name, "title": package.title or package.name}, "at": row.at.isoformat(),
        "gone": row.gone, "before": row.before, "state": row.state, "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "decided_by": who["name"] if who else None, "acted": {"job": acted.job_id, "gone": acted.gone} if acted else None,
        "reading": reading, "may_undo": row.state in questions.DECIDED and acted is None and not reading}
