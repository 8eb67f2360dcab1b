"""Datasets that a harvest removed because their source no longer offers them: what was said about them stays readable.

Only what everybody could read is kept so, and only while nobody else deletes the dataset: who does that by hand may have reasons of
privacy or law (docs/decisions/0013). The mark says who removed; whether the dataset is removed, CKAN's own state says. Nothing of it is
asked about a dataset that is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common import memo
from ckanext.participation.common.model import RemovedDataset, now
from ckanext.participation.common.readers import Gate

# Where the context of a deletion says that a harvest deletes, so that the hook of all deletions leaves the mark.
BY_HARVEST = "participation_removed_by_harvest"

_STALE = """
DELETE FROM participation_removed_dataset m WHERE NOT EXISTS
(SELECT 1 FROM package p WHERE p.id = m.dataset_id AND p.state = 'deleted')"""


@dataclass(frozen=True)
class Removal:
    """When a dataset was removed here, and which source no longer offers it."""

    at: datetime
    source_id: str


def note(packages: Iterable[model.Package], source_id: str) -> None:
    """Keep that a harvest is about to remove these datasets, of those that everybody may read now; in the removal's transaction."""
    nobody = Gate({"user": ""})
    rows = [{"dataset_id": row.id, "source_id": source_id, "at": now()} for row in packages if row.type == "dataset" and nobody.allows(row)]
    if rows:
        statement = insert(RemovedDataset).values(rows)
        model.Session.execute(statement.on_conflict_do_update(
            index_elements=["dataset_id"], set_={"source_id": statement.excluded.source_id, "at": statement.excluded.at}))


def forget(dataset_ids: Collection[str]) -> list[str]:
    """Take the marks back, without committing: somebody deletes the datasets by hand, or they are there again; return which had one."""
    mark = RemovedDataset
    return list(model.Session.scalars(sa.delete(mark).where(mark.dataset_id.in_(dataset_ids)).returning(mark.dataset_id)))


def deleted(context: Any, dataset_id: str | None) -> None:
    """Hear of a deletion, whoever deletes: any other than a harvest's takes the mark back."""
    package = model.Package.get(str(dataset_id)) if not context.get(BY_HARVEST) else None
    if package is not None:
        forget([package.id])


def of(package: model.Package | None) -> Removal | None:
    """Return what is known of the removal of a dataset by a harvest; None for any other dataset, and without a statement for one that
    is there."""
    if package is None or package.state != model.State.DELETED or package.private or package.type != "dataset":
        return None
    identifier = package.id
    row = memo.once(("removed", identifier), lambda: model.Session.execute(_OF, {"dataset": identifier}).first())
    return Removal(row.at, row.source_id) if row else None


def among(dataset_ids: Collection[str]) -> set[str]:
    """Return those of the datasets that a harvest removed, in one statement."""
    return set(model.Session.scalars(_removed().where(RemovedDataset.dataset_id.in_(dataset_ids)))) if dataset_ids else set()


def is_removed(dataset_id: Any) -> Any:
    """Return the condition that a harvest removed the dataset whose id a column holds."""
    return _removed().where(RemovedDataset.dataset_id == dataset_id).exists()


def tidy() -> None:
    """Take back the marks of datasets that came back or were purged by ways that tell nobody, without committing."""
    model.Session.execute(sa.text(_STALE))


def _removed() -> Any:
    package = model.Package.__table__
    return sa.select(RemovedDataset.dataset_id).join(package, package.c.id == RemovedDataset.dataset_id).where(
        package.c.state == model.State.DELETED, package.c.private.is_(False))


_OF = sa.select(RemovedDataset.at, RemovedDataset.source_id).where(RemovedDataset.dataset_id == sa.bindparam("dataset"))
