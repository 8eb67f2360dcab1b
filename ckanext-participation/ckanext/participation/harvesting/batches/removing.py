"""Many datasets removed as `package_delete` removes one: their rows stay, and so does what people said about them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import removed
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
    run.fence()
    packages = loading.packages([removal.package_id for removal in removals], lock=True)
    going = [package for package in packages.values() if package.state == "active"]
    context: Any = checking.context(run, prefetched.Known()) | {removed.BY_HARVEST: True}
    removed.note(going, run.source_id)
    hooks.removed(going, run, context)
    ids = [package.id for package in going]
    member = model.member_table
    model.Session.execute(sa.update(model.package_table).where(model.package_table.c.id.in_(ids)).values(state="deleted"))
    model.Session.execute(sa.update(member).where(member.c.table_id.in_(ids), member.c.state == "active").values(state="deleted"))
    model.Session.execute(sa.delete(model.package_member_table).where(model.package_member_table.c.package_id.in_(ids)))
    outcomes = [Outcome(one.guid, "deleted", one.object_id or str(uuid.uuid4()),
                        one.package_id if one.package_id in packages else None) for one in removals]
    saving.harvest_objects(outcomes, {one.guid: one for one in removals}, {}, run)
    numbers = searching.mark(ids)
    if before_commit is not None:
        before_commit(outcomes)
    model.Session.commit()
    hooks.removal_signalled(ids, run, context)
    hooks.signalled([], [outcome for outcome in outcomes if outcome.package_id in ids], run)
    _tell(numbers, run)
    return outcomes


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
