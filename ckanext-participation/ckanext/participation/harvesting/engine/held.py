"""Removals that wait for a person, because too many datasets went from a source at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import now
from ckanext.participation.harvesting import rules, sentences
from ckanext.participation.harvesting.engine.model import OPEN, HarvestHeld, HarvestState
from ckanext.participation.harvesting.engine.rules import Gone

if TYPE_CHECKING:
    from ckanext.participation.harvesting.engine.gathering import Gathering

CONFIRMED, REFUSED, PASSED = "confirmed", "refused", "passed"
_MARKED = 5000


class Decision(NamedTuple):
    """Whether what nobody was asked about may be removed; else the row that asks, and a sentence for the report."""

    remove: bool
    held_id: int | None = None
    sentence: str = ""


def decide(gathering: Gathering, gone: Gone) -> Decision:
    """Judge what a source that was read to its end no longer lists, and ask a person where it is too much."""
    if gone.returned:
        _release(gathering)
    before = gathering.known.datasets - gone.refused - gone.confirmed
    if not gone.unasked or rules.may_remove(gone.unasked, before, gathering.chosen.remove_up_to):
        _pass(gathering.source_id)
        return Decision(remove=True)
    statement = insert(HarvestHeld).values(
        source_id=gathering.source_id, at=now(), run_id=gathering.run, gone=gone.unasked, before=before, state=OPEN
    )
    same = {"run_id": gathering.run, "gone": gone.unasked, "before": before}
    number = model.Session.scalar(
        statement.on_conflict_do_update(
            index_elements=["source_id"], index_where=sa.text("state = 'open'"), set_=same
        ).returning(HarvestHeld.id)
    )
    return Decision(
        False,
        number,
        sentences.HELD(number=gone.unasked, total=before),
    )


def mark(source_id: str, guids: list[str], held_id: int) -> None:
    """Note which datasets the question is about."""
    for start in range(0, len(guids), _MARKED):
        some = guids[start : start + _MARKED]
        _set(sa.and_(HarvestState.source_id == source_id, HarvestState.guid.in_(some)), held_id)


def _set(which: Any, held_id: int | None) -> None:
    update = sa.update(HarvestState).where(which).values(held_id=held_id)
    model.Session.execute(update, execution_options={"synchronize_session": False})


def _release(gathering: Gathering) -> None:
    """Datasets that are listed again are no longer asked about."""
    rows = model.Session.scalars(
        sa.select(HarvestState.guid).where(HarvestState.source_id == gathering.source_id, HarvestState.held_id.isnot(None))
    )
    for guid in [guid for guid in rows if not gathering.known.is_gone(guid)]:
        _set(sa.and_(HarvestState.source_id == gathering.source_id, HarvestState.guid == guid), None)


def _pass(source_id: str) -> None:
    model.Session.execute(
        sa.update(HarvestHeld).where(HarvestHeld.source_id == source_id, HarvestHeld.state == OPEN).values(state=PASSED)
    )


def settle(held_id: int, person_id: int, *, confirmed: bool) -> bool:
    """Keep a person's word on a held removal; False when it was settled before. The next run acts on it.

    Datasets of a refused removal stay, and are not asked about again unless the source lists them and drops them anew.
    """
    done: Any = model.Session.execute(
        sa.update(HarvestHeld)
        .where(HarvestHeld.id == held_id, HarvestHeld.state == OPEN)
        .values(state=CONFIRMED if confirmed else REFUSED, decided_at=now(), decided_by=person_id)
    )
    return bool(done.rowcount)
