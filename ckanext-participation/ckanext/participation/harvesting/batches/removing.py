"""Many datasets removed as `package_delete` removes one: their rows stay, and so does what people said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestObject

from ckanext.participation.harvesting.batches import checking, hooks, loading, prefetched, saving, searching
from ckanext.participation.harvesting.batches.items import BeforeCommit, Outcome, Removal, Run


def remove(removals: Sequence[Removal], run: Run, before_commit: BeforeCommit | None = None) -> list[Outcome]:
    """Remove the datasets in one transaction; one that is removed already, or not there any more, is no error.

    :raises: whatever fails; nothing is removed then
    """
    try:
        return _remove(removals, run, before_commit)
    except Exception:
        model.Session.rollback()
        raise


def _remove(removals: Sequence[Removal], run: Run, before_commit: BeforeCommit | None) -> list[Outcome]:
    packages = loading.packages([removal.package_id for removal in removals], lock=True)
    going = [package for package in packages.values() if package.state == "active"]
    context = checking.context(run, prefetched.Known())
    hooks.removed(going, run, context)
    ids = [package.id for package in going]
    member = model.member_table
    model.Session.execute(sa.update(model.package_table).where(model.package_table.c.id.in_(ids)).values(state="deleted"))
    model.Session.execute(sa.update(member).where(member.c.table_id.in_(ids), member.c.state == "active").values(state="deleted"))
    model.Session.execute(sa.delete(model.package_member_table).where(model.package_member_table.c.package_id.in_(ids)))
    outcomes = [Outcome(one.guid, "deleted", one.object_id or "", one.package_id) for one in removals]
    _forget(removals, run)
    numbers = searching.mark(ids)
    if before_commit is not None:
        before_commit(outcomes)
    model.Session.commit()
    hooks.removal_signalled(ids, run, context)
    hooks.signalled([], [outcome for outcome in outcomes if outcome.package_id in ids], run)
    _tell(numbers, run)
    return outcomes


def _forget(removals: Sequence[Removal], run: Run) -> None:
    """The harvest objects of these records are no longer current; those gathered for the removal are finished."""
    table: Any = HarvestObject.__table__
    model.Session.execute(
        sa.update(table).where(table.c.harvest_source_id == run.source_id, table.c.guid.in_([one.guid for one in removals]),
                               table.c.current.is_(True)).values(current=False))
    gathered = [one.object_id for one in removals if one.object_id]
    model.Session.execute(
        sa.update(table).where(table.c.id.in_(gathered))
        .values(state="COMPLETE", report_status="deleted", current=False, import_finished=saving.now()))


def _tell(numbers: dict[str, int], run: Run) -> None:
    if not numbers:
        return
    try:
        shown = searching.index(numbers, run.user)
        hooks.activities([("deleted", *one) for one in shown.values()], run)
        model.Session.commit()
    except searching.SearchAway as error:
        model.Session.rollback()
        searching.log.warning("%s removed datasets are still in the search: %s", len(numbers), error)
