"""Datasets that were written are marked in the transaction that writes them: one statement for each commit, however many they are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy import event

from ckanext.participation.quality.model import QualityMark

_NAME = "participation.quality.marks"


def mark(package_id: str) -> None:
    """Have a dataset judged anew, once the transaction under way is committed."""
    model.Session().info.setdefault(_NAME, set()).add(package_id)


def mark_deleted(ref: object) -> None:
    """The same for a dataset that is deleted in the transaction under way; `ref` is its id or name."""
    row = model.Package.get(str(ref))
    if row is not None:
        mark(row.id)


def _write(session: Any) -> None:
    marks = session.info.pop(_NAME, None)
    if marks:
        ids = sa.select(sa.func.unnest(sa.cast(sorted(marks), sa.ARRAY(sa.Text))))
        session.execute(sa.insert(QualityMark).from_select(["package_id"], ids))


def _forget(session: Any) -> None:
    session.info.pop(_NAME, None)


event.listen(model.Session, "before_commit", _write)
event.listen(model.Session, "after_rollback", _forget)
