"""A DCAT-US inventory: one ``data.json``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replay.recordings import addressed, read_json
from replay.reply import Clock, Reply

RECORDED_ON = datetime(2025, 2, 4, 8, 12, 8, tzinfo=UTC)


class Inventory:
    """``datasets`` is the list that is served: change it, and the next request sees the change with a new
    ETag."""

    def __init__(self, folder: Path) -> None:
        catalogue: dict[str, Any] = read_json(folder / "data.json")
        self.datasets: list[dict[str, Any]] = catalogue.pop("dataset")
        self.catalogue = catalogue
        self._clock = Clock(RECORDED_ON)
        self._clock.date_of(self._text().encode())

    def _text(self) -> str:
        return json.dumps({**self.catalogue, "dataset": self.datasets}, ensure_ascii=False)

    def answer(self, path: str, parameters: dict[str, Any], base: str) -> Reply | None:
        if path != "/data.json":
            return None
        text = self._text()
        date = self._clock.date_of(text.encode())
        return Reply(addressed(text, base), "application/json; charset=utf-8", last_modified=date)
