"""Removals that wait for a person: what would go, who decided, and whether a run has acted on it since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.orm import aliased

from ckanext.participation.common.model import Subject, now
from ckanext.participation.common.registry import registry
from ckanext.participation.common.translated import in_language
from ckanext.participation.harvesting.engine.held import CONFIRMED, REFUSED
from ckanext.participation.harvesting.engine.model import OPEN, HarvestHeld, HarvestRun, HarvestState

DECIDED = (CONFIRMED, REFUSED)
# A reading that gave no sign for so long was cut off, and does not keep anybody waiting.
CUT_OFF = timedelta(minutes=10)
_TITLES = model.Package.__table__.c.extras["title_translated"].astext


def of_source(source_id: str, limit: int = 5) -> list[HarvestHeld]:
    """Return what was asked about a source, the latest first."""
    return list(model.Session.scalars(
        sa.select(HarvestHeld).where(HarvestHeld.source_id == source_id).order_by(HarvestHeld.id.desc()).limit(limit)))


def open_ones(source_ids: list[str], limit: int) -> list[HarvestHeld]:
    """Return the open questions about these sources, the oldest first."""
    theirs = sa.select(HarvestHeld).where(HarvestHeld.state == OPEN, HarvestHeld.source_id.in_(source_ids))
    return list(model.Session.scalars(theirs.order_by(HarvestHeld.id).limit(limit)))


def datasets(held_id: int, lang: str) -> list[dict[str, Any]]:
    """Return the datasets that a question is about, those that people talk about first, with titles in `lang` where they have one.

    Each is `{"id", "name", "title", "private", "threads", "requests"}`.
    """
    package = model.Package
    rows = model.Session.execute(
        sa.select(package.id, package.name, package.title, package.private, _TITLES.label("titles"))
        .join(HarvestState, HarvestState.package_id == package.id)
        .where(HarvestState.held_id == held_id, package.state == model.State.ACTIVE)).all()
    talk = _talk([row.id for row in rows])
    found = [{"id": row.id, "name": row.name, "title": in_language(row.titles, lang, row.title or row.name),
              "private": bool(row.private), "threads": talk.get(row.id, {}).get("threads", 0),
              "requests": talk.get(row.id, {}).get("requests", 0)} for row in rows]
    return sorted(found, key=lambda one: (-one["threads"] - one["requests"], one["title"].casefold(), one["id"]))


def _talk(package_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return what the rooms say hangs on these datasets, by their ids."""
    subjects = dict(model.Session.execute(
        sa.select(Subject.id, Subject.ref).where(Subject.type == "dataset", Subject.ref.in_(package_ids))).tuples().all())
    return {subjects[number]: facts for number, facts in registry.subject_facts(list(subjects)).items()} if subjects else {}


def reading(source_id: str) -> bool:
    """Say whether the source is being read just now: that run looked at the question before, and would not hear of an answer."""
    silent = now() - sa.func.coalesce(HarvestRun.beat, HarvestRun.started)
    return bool(model.Session.scalar(sa.select(sa.exists().where(
        HarvestRun.source_id == source_id, HarvestRun.gathered.is_(None), HarvestRun.finished.is_(None), silent < CUT_OFF))))


def acted(held: HarvestHeld) -> HarvestRun | None:
    """Return the run that acted on a person's word, if one has."""
    if held.decided_at is None:
        return None
    return model.Session.scalars(
        sa.select(HarvestRun).where(HarvestRun.source_id == held.source_id, HarvestRun.started > held.decided_at,
                                    HarvestRun.whole, HarvestRun.gathered.isnot(None)).order_by(HarvestRun.id).limit(1)).first()


def reopen(held: HarvestHeld) -> bool:
    """Take a person's word back, without committing; False when it was not given any more, or another question waits by now."""
    other = aliased(HarvestHeld)
    done: Any = model.Session.execute(
        sa.update(HarvestHeld).where(
            HarvestHeld.id == held.id, HarvestHeld.state.in_(DECIDED),
            ~sa.exists().where(other.source_id == held.source_id, other.state == OPEN))
        .values(state=OPEN, decided_at=None, decided_by=None).execution_options(synchronize_session=False))
    return bool(done.rowcount)


def sources_of(organization_ids: list[str]) -> dict[str, model.Package]:
    """Return the sources of these organisations by their ids."""
    package = model.Package
    rows = model.Session.scalars(sa.select(package).where(package.type == "harvest", package.owner_org.in_(organization_ids)))
    return {row.id: row for row in rows}
