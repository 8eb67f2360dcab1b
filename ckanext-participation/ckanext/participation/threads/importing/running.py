"""One run of the import: the peer is read in a snapshot, each conversation is stored and committed by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation.threads.importing import comments, feedback, issues
from ckanext.participation.threads.importing.reading import Source
from ckanext.participation.threads.importing.report import Report
from ckanext.participation.threads.importing.shapes import Loss, Options, Peer
from ckanext.participation.threads.importing.writing import Writer

PEERS: dict[str, Peer] = {"comments": comments, "feedback": feedback, "issues": issues}
# Any number, the same for ever: it keeps two imports from running at once.
LOCK = 7_240_417_001


class BusyError(RuntimeError):
    """Another import is under way."""


def run(name: str, report: Report, *, options: Options, database: str | None = None, dry: bool = False,
        stop: Callable[[], bool] = lambda: False) -> bool:
    """Import what the peer `name` holds in `database` (default: the catalogue's own); say whether the end was reached.

    With `dry`, everything is done and each transaction rolled back. Raises SourceError and BusyError.
    """
    peer = PEERS[name]
    with _alone(), Source(database or tk.config["sqlalchemy.url"], peer.NEEDED) as source:
        writer = Writer(name, source, options, report)
        model.Session.rollback()
        for found in peer.conversations(source, options):
            if stop():
                return False
            if isinstance(found, Loss):
                report.loss(found)
                continue
            try:
                writer.write(found)
                if not dry:
                    model.Session.commit()
            except Exception as error:
                error.add_note(f"while importing {found.messages[0].row}; what came before it is stored")
                raise
            finally:
                # After a commit there is nothing left to roll back.
                model.Session.rollback()
            if dry:
                writer.rolled_back(found)
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that only one import has; it ends with its connection, however the process ends."""
    with model.meta.engine.connect() as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(LOCK))):
            raise BusyError("Another import is under way. Wait until it has ended, then start this one again.")
        connection.commit()
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
            connection.commit()
