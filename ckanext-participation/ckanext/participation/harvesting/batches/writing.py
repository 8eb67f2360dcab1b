"""The order in which a batch is written: load, check, save, tell, mark, commit, then the search."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from sqlalchemy.exc import DBAPIError

from ckanext.participation.harvesting import rules, sentences
from ckanext.participation.harvesting.batches import checking, hooks, loading, prefetched, saving, searching, showing
from ckanext.participation.harvesting.batches.items import BeforeCommit, Item, Outcome, Refusal, Run
from ckanext.participation.harvesting.batches.saving import Written

log = logging.getLogger(__name__)

# Of PostgreSQL's errors: a unique value that was taken meanwhile, a deadlock, a serialization failure. The next attempt sees what is there.
_MEANWHILE = frozenset({"23505", "40P01", "40001"})


class _Stopped(Exception):
    """The caller's own part of the transaction failed; its cause is what the caller gets."""


def write(items: Sequence[Item], run: Run, before_commit: BeforeCommit | None = None) -> list[Outcome]:
    """Write the records, each with what became of it in the report; return that in their order.

    One transaction when all can be written; when the database refuses, the batch in halves, down to the record that is refused, each half
    in a transaction of its own. `before_commit` is called in every transaction with what it writes. The search hears of it afterwards.

    :raises: what `before_commit` raises, and what a lost connection to the database raises; nothing of that transaction is written then
    """
    _each_once(items)
    try:
        return _write(list(items), run, before_commit, again=True)
    except _Stopped as stopped:
        raise stopped.__cause__ or stopped from None


def _write(items: list[Item], run: Run, before_commit: BeforeCommit | None, *, again: bool) -> list[Outcome]:
    if not items:
        return []
    try:
        return _transaction(items, run, before_commit)
    except _Stopped:
        model.Session.rollback()
        raise
    except Exception as error:
        model.Session.rollback()
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        if again and isinstance(error, DBAPIError) and getattr(error.orig, "pgcode", None) in _MEANWHILE:
            return _write(items, run, before_commit, again=False)
        if len(items) == 1:
            log.exception("harvested record %s could not be written", items[0].guid)
            reason = sentences.ERROR_HERE(error=type(error).__name__)
            item = items[0]
            return _refuse([Refusal(item.guid, reason, item.content, item.object_id)], run, before_commit)
    middle = len(items) // 2
    return _write(items[:middle], run, before_commit, again=True) + _write(items[middle:], run, before_commit, again=True)


def _transaction(items: list[Item], run: Run, before_commit: BeforeCommit | None) -> list[Outcome]:
    _pass(run)
    here = loading.here([item.package_id for item in items if item.package_id])
    plans = checking.plans(items, here, lambda packages: _shown(packages, run))
    answers = checking.known(plans)
    good: list[checking.Plan] = []
    outcomes: dict[str, Outcome] = {}
    with prefetched.validators():
        for plan in plans:
            outcome = Outcome(plan.item.guid, "errored", plan.item.object_id or str(uuid.uuid4()))
            outcomes[plan.item.guid] = outcome
            try:
                checking.check(plan, run, answers)
            except tk.ValidationError as error:
                outcome.reason = sentences.REFUSED(said=rules.sentence(error.error_dict))
            else:
                good.append(plan)
                outcome.status = "added" if plan.package is None else "updated"
                outcome.package_id, outcome.notes = plan.id, plan.notes
    user = model.User.get(run.user)
    done = saving.save(good, here, user.id if user else None) if good else []
    told = list(outcomes.values())
    saving.harvest_objects(told, {item.guid: item for item in items}, {plan.item.guid: plan.digest for plan in good}, run)
    hooks.written(done, run)
    numbers = searching.mark([one.plan.id for one in done])
    _finish(told, before_commit)
    hooks.signalled(done, told, run)
    _tell(done, numbers, run)
    return told


def _tell(done: Sequence[Written], numbers: dict[str, int], run: Run) -> None:
    """Bring what was committed to the search and to the activity stream. Whatever happens here, it is written and marked."""
    if not numbers:
        return
    try:
        shown = searching.index(numbers, run.user)
        kinds = {one.plan.id: "new" if one.plan.package is None else "changed" for one in done if one.changed}
        hooks.activities([(kind, *shown[identifier]) for identifier, kind in kinds.items() if identifier in shown], run)
        model.Session.commit()
    except searching.SearchAway as error:
        model.Session.rollback()
        log.warning("A batch of %s datasets does not reach the search yet: %s", len(numbers), error)


def refuse(refusals: Sequence[Refusal], run: Run, before_commit: BeforeCommit | None = None) -> list[Outcome]:
    """Put into the report, in one transaction, why these records were not written.

    :raises: what `before_commit` and the database raise; nothing is written then
    """
    try:
        return _refuse(refusals, run, before_commit)
    except _Stopped as stopped:
        raise stopped.__cause__ or stopped from None


def _refuse(refusals: Sequence[Refusal], run: Run, before_commit: BeforeCommit | None) -> list[Outcome]:
    if not refusals:
        return []
    outcomes = [Outcome(one.guid, "errored", one.object_id or str(uuid.uuid4()), reason=one.reason) for one in refusals]
    try:
        _pass(run)
        saving.harvest_objects(outcomes, {one.guid: one for one in refusals}, {}, run)
        _finish(outcomes, before_commit)
    except BaseException:
        model.Session.rollback()
        raise
    return outcomes


def _pass(run: Run) -> None:
    try:
        run.fence()
    except Exception as error:
        raise _Stopped from error


def _finish(told: Sequence[Outcome], before_commit: BeforeCommit | None) -> None:
    if before_commit is not None:
        try:
            before_commit(told)
        except Exception as error:
            raise _Stopped from error
    model.Session.commit()


def _shown(packages: Sequence[Any], run: Run) -> dict[str, dict[str, Any]]:
    return {package.id: custom for package, (_, custom) in zip(packages, showing.both(packages, run.user), strict=True)}


def _each_once(items: Sequence[Item]) -> None:
    for name in ("guid", "package_id"):
        said = [getattr(item, name) for item in items if getattr(item, name)]
        if len(said) != len(set(said)):
            raise ValueError(f"a batch holds each {name} once")
