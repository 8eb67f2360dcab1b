"""Records gathered into portions and written at once."""

from __future__ import annotations

import time

from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.handing import Gone, Portion, Taken
from ckanext.participation.harvesting.engine.workers import Workers

PORTION = 250


class Batching:
    """Hands portions to those who write them. What reading waits for them is not taken from the source's time."""

    def __init__(self, workers: Workers, asker: Asker) -> None:
        self._workers = workers
        self._asker = asker
        self._portion = Portion()

    def take(self, record: Taken) -> None:
        """Add a record that differs."""
        self._portion.records.append(record)
        self._full()

    def remove(self, gone: Gone) -> None:
        """Add a record that is gone."""
        self._portion.gone.append(gone)
        self._full()

    def flush(self) -> None:
        """Leave it: portions are handed on when they are full, and at the end."""

    def finish(self) -> list[str]:
        """Wait until all is written; nothing is left for ckanext-harvest."""
        if len(self._portion):
            self._give()
        self._workers.finish()
        return []

    def close(self) -> None:
        """End the processes."""
        self._portion = Portion()
        self._workers.close()

    def _full(self) -> None:
        if len(self._portion) >= PORTION:
            self._give()

    def _give(self) -> None:
        portion, self._portion = self._portion, Portion()
        began = time.monotonic()
        self._workers.give(portion)
        self._asker.ends += time.monotonic() - began
