"""A catalogue that a test makes and changes, served where the demonstration's recordings are: the site may ask there."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from running import CHECKOUT, Site

sys.path.insert(0, str(CHECKOUT / "config" / "demo"))
sys.path.insert(0, str(CHECKOUT / "config" / "stack"))

from replay import Replay
from replay.reply import Reply


class Catalogue:
    """A data.json. `datasets` is what it lists; while `answers` is cleared it lets everybody wait."""

    def __init__(self, datasets: list[dict[str, Any]]) -> None:
        self.datasets = datasets
        self.answers = threading.Event()
        self.answers.set()
        self.url = ""

    def answer(self, path: str, parameters: dict[str, Any], base: str) -> Reply | None:
        """Give the catalogue to who asks for its file."""
        if path != "/data.json":
            return None
        self.answers.wait(60)
        feed = {"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": self.datasets}
        return Reply(json.dumps(feed, ensure_ascii=False).encode(), "application/json; charset=utf-8")


@contextmanager
def served(site: Site, name: str, catalogue: Catalogue) -> Iterator[Catalogue]:
    """Serve the catalogue besides the recordings, in place of the process that serves those alone."""
    import supervision
    from layout import Home
    from report import wait_until

    home = Home.open(Path(site.home), site.port)
    supervision.stop_programs(home, ["replay"])
    try:
        with Replay(port=home.ports["replay"]) as replay:
            replay.origins[name] = catalogue
            catalogue.url = replay.url(f"/{name}/data.json")
            yield catalogue
            catalogue.answers.set()
    finally:
        supervision.start(home, ["replay"])
        wait_until(lambda: supervision.states(home)["replay"][0] == "RUNNING", "replay", 30, lambda: supervision.failed(home, ["replay"]))
