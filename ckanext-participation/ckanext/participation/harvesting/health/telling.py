"""What agencies are written about their sources: found again and again, and each said once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import events
from ckanext.participation.common.model import Event
from ckanext.participation.common.model import now as this_moment
from ckanext.participation.harvesting.health import records, reports, rules, showing

FAILING, HELD = "harvest.failing", "harvest.held"
_LOCK = sa.text("SELECT pg_try_advisory_xact_lock(hashtext('participation_harvest_telling'))")


def run() -> int:
    """Write an event for each source that fails twice in a row and for each removal that is held, unless there is one; return how many.

    A third failure is the same occurrence; two failures after the source was read whole are another one.
    """
    # Where two processes send, one of them looks.
    if not model.Session.scalar(_LOCK):
        model.Session.rollback()
        return 0
    written = 0
    rows = records.of(records.every_active())
    told = _told(FAILING, "harvest_source", [row["id"] for row in rows])
    asked = _told(HELD, "harvest_held", [str(row["held_id"]) for row in rows if row["held_id"] is not None])
    moment = this_moment()
    for row in rows:
        runs = [showing.judged(one) for one in row["runs"]]
        if rules.to_be_told(runs, row["succeeded"], told.get(row["id"])):
            last = next(one for one in row["runs"] if showing.judged(one).outcome is rules.Outcome.FAILED)
            events.write(FAILING, actor_id=None, target=("harvest_source", row["id"]), data={
                "job": last["job"], "at": (last["ended"] or moment).isoformat(), "sentence": reports.first_of(last["job"]),
                "succeeded": row["succeeded"].isoformat() if row["succeeded"] else None})
            written += 1
        if row["held_id"] is not None and str(row["held_id"]) not in asked:
            events.write(HELD, actor_id=None, target=("harvest_held", row["held_id"]), data={
                "source": row["id"], "gone": row["held_gone"], "before": row["held_before"]})
            written += 1
    model.Session.commit()
    return written


def _told(type_: str, target_type: str, ids: list[str]) -> dict[str, datetime]:
    rows = model.Session.execute(
        sa.select(Event.target_id, sa.func.max(Event.at)).where(
            Event.type == type_, Event.target_type == target_type, Event.target_id.in_(ids)).group_by(Event.target_id))
    return dict(rows.tuples().all())
