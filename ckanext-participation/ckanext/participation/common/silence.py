"""Of which datasets nobody has spoken: asked once for many, so that indexing them asks about each only where there is something to find."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.model import Subject

_silent: ContextVar[frozenset[str]] = ContextVar("participation_silent", default=frozenset())


def about(dataset_ids: Collection[str]) -> frozenset[str]:
    """Return those of the datasets on which, and on whose files, nothing hangs; one statement."""
    wanted = list(dataset_ids)
    spoken = set(model.Session.scalars(sa.union_all(
        sa.select(Subject.ref).where(Subject.type == "dataset", Subject.ref.in_(wanted)),
        sa.select(Subject.parent_ref).where(Subject.type == "resource", Subject.parent_ref.in_(wanted)))))
    return frozenset(wanted) - spoken


@contextmanager
def known(silent: frozenset[str]) -> Iterator[None]:
    """Let `is_known_about` answer from this until the block ends."""
    token = _silent.set(silent)
    try:
        yield
    finally:
        _silent.reset(token)


def is_known_about(dataset_id: str) -> bool:
    """Return whether somebody has found out already that nobody has spoken of the dataset."""
    return dataset_id in _silent.get()
