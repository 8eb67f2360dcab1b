"""Judging datasets in batches, as a chore of the sending process: what was marked first, then what is due for another look.

Every dataset is judged again once a day, because days pass and people come; so what no mark told of is noticed too. A run may be killed
at any instant: a mark leaves in the transaction that writes what was found.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import ckan.plugins as p
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.model import now
from ckanext.participation.common.registry import registry
from ckanext.participation.quality import reading, rules
from ckanext.participation.quality.links import addresses
from ckanext.participation.quality.model import Quality, QualityMark

BATCH: Final = 500
SECONDS_IN_A_ROUND: Final = 5.0
AGAIN: Final = timedelta(days=1)
# Looking for what is due costs a walk over the table, so it rests when nothing was.
REST: Final = timedelta(minutes=10)
_P: Final = model.Package.__table__
_ACTIVE: Final = sa.and_(_P.c.state == "active", _P.c.type == "dataset")

# Five hundred rows as one value: to put them into words, column by column, would cost more than all the rest.
_COLUMNS: Final = tuple(column.name for column in Quality.__table__.c)
_STORE: Final = sa.text(f"""
INSERT INTO participation_quality ({", ".join(_COLUMNS)})
SELECT {", ".join(_COLUMNS)} FROM json_populate_recordset(NULL::participation_quality, CAST(:rows AS json))
ON CONFLICT (package_id) DO UPDATE SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS if name != "package_id")}
""")  # noqa: S608  (names of our own columns)


class _Round:
    """What the process remembers between two rounds."""

    more = False
    rested_until: datetime | None = None


def run() -> None:
    """Judge for a few seconds: the chore."""
    until = time.monotonic() + SECONDS_IN_A_ROUND
    _Round.more = True
    while time.monotonic() < until:
        if not (marked() or (not _rests() and due())):
            _Round.more = False
            if not _rests():
                addresses.forget_unused()
                _Round.rested_until = now() + REST
            return


def seconds() -> float:
    """Return how long to wait between two rounds."""
    return 1.0 if _Round.more else 15.0


def everything() -> int:
    """Judge every dataset now; return how many there are. Commits."""
    number, last = 0, ""
    while ids := list(model.Session.scalars(sa.select(_P.c.id).where(_ACTIVE, _P.c.id > last).order_by(_P.c.id).limit(BATCH))):
        these(ids)
        model.Session.commit()
        number, last = number + len(ids), ids[-1]
    while marked():
        pass
    return number


def _rests() -> bool:
    return _Round.rested_until is not None and now() < _Round.rested_until


def marked() -> int:
    """Judge the next marked datasets and commit; return how many marks there were."""
    taken = sa.select(QualityMark.id).order_by(QualityMark.id).limit(BATCH).with_for_update(skip_locked=True)
    ids = list(model.Session.scalars(sa.delete(QualityMark).where(QualityMark.id.in_(taken)).returning(QualityMark.package_id)))
    these(set(ids))
    model.Session.commit()
    return len(ids)


def due() -> int:
    """Judge the next datasets that were never judged, or not by these rules, or not since yesterday; commit, return how many."""
    never = sa.select(_P.c.id).where(_ACTIVE, ~sa.exists().where(Quality.package_id == _P.c.id)).limit(BATCH)
    again = sa.select(Quality.package_id).where(sa.or_(Quality.at < now() - AGAIN, Quality.rules != rules.VERSION)).limit(BATCH)
    ids = list(model.Session.scalars(never)) or list(model.Session.scalars(again))
    these(ids)
    model.Session.commit()
    return len(ids)


def these(ids: Collection[str]) -> None:
    """Judge these datasets, without committing; what is not active any more is forgotten."""
    if not ids:
        return
    wanted = sorted(ids)
    found = list(reading.these(wanted))
    states = addresses.of_datasets(dict.fromkeys(wanted, ()) | {one.id: one.urls for one in found if not one.private})
    uses = used(wanted)
    at = now()
    rows = [_row(one, states.get(one.id, ()), uses, at) for one in found]
    if rows:
        model.Session.execute(_STORE, {"rows": json.dumps(rows)})
    gone = set(wanted) - {one.id for one in found}
    if gone:
        model.Session.execute(sa.delete(Quality).where(Quality.package_id.in_(gone)))


def _row(one: reading.Read, states: Sequence[str], uses: dict[str, dict[str, int]], at: datetime) -> dict[str, Any]:
    facts = one.facts if not states else _with_links(one.facts, states)
    said = rules.judge(facts, at.date())
    use = {name: uses[name].get(one.id, 0) for name in ("follows", "messages", "views")}
    return {"package_id": one.id, "organization_id": one.organization_id, "at": at.isoformat(), "rules": rules.VERSION, "met": said.met,
            "missing": said.missing, "stars": said.stars, "files": said.files, "machine": said.machine, "dead": said.dead,
            **use, "use": sum(use.values())}


def _with_links(facts: rules.Facts, states: Sequence[str]) -> rules.Facts:
    return rules.Facts(facts.licence, facts.open, facts.contact, facts.titles, facts.descriptions, facts.files, facts.frequency,
                       facts.updated, tuple(states))


def counts_views() -> bool:
    """Say whether the site counts the views of pages (CKAN's plugin `tracking`)."""
    return p.plugin_loaded("tracking")


def used(ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return what is known of datasets' use: `{"follows", "messages", "views"}`, each by id."""
    follows = model.UserFollowingDataset.__table__
    found: dict[str, dict[str, int]] = {"follows": dict(_pairs(
        sa.select(follows.c.object_id, sa.func.count()).where(follows.c.object_id.in_(ids)).group_by(follows.c.object_id))),
        "messages": {}, "views": {}}
    for name, numbers in registry.uses(list(ids)).items():
        found[name] = dict(numbers)
    if counts_views():
        table = sa.table("tracking_summary", *(sa.column(name) for name in ("package_id", "recent_views", "tracking_date")))
        found["views"] = dict(_pairs(
            sa.select(table.c.package_id, table.c.recent_views).distinct(table.c.package_id).where(table.c.package_id.in_(ids))
            .order_by(table.c.package_id, table.c.tracking_date.desc())))
    return found


def _pairs(query: Any) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in model.Session.execute(query)]
