"""A real Solr on a free port and in a folder of its own, started as `make up` starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pysolr
import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "config" / "stack", ROOT / "ckanext-participation"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

import solr as stack_solr  # noqa: E402  (config/stack is a folder of flat modules)

START_SECONDS = 60
STOP_SECONDS = 30


@dataclass
class RunningSolr:
    """One Solr process and what tests ask of it."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start it and wait until both cores answer."""
        with (self.home / "out.log").open("ab") as log:
            self.process = subprocess.Popen(
                stack_solr.command(self.home, self.port, heap="256m"), stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while not stack_solr.ready(self.port):
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, stack_solr.problems(self.port) or self.log()
            time.sleep(0.1)

    def stop(self, sent: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(sent)
        return self.process.wait(STOP_SECONDS)

    def log(self) -> str:
        return (self.home / "out.log").read_text(encoding="utf-8", errors="replace")

    def core(self, name: str) -> pysolr.Solr:
        return pysolr.Solr(f"http://127.0.0.1:{self.port}/solr/{name}", timeout=20)

    def status(self, path: str, method: str = "GET", body: bytes | None = None) -> int:
        """Return the HTTP status of a path under /solr."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/solr/{path}",
            data=body,
            method=method,
            headers={"Content-Type": "application/json"} if body else {},
        )
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def json(self, path: str, **params: Any) -> dict[str, Any]:
        query = urllib.parse.urlencode(params | {"wt": "json"}, doseq=True)
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/solr/{path}?{query}", timeout=20
        ) as answer:
            return json.load(answer)

    def words(self, field_type: str, text: str, core: str = "ckan") -> list[str]:
        """Return the words that a field of this type keeps of a text."""
        answer = self.json(
            f"{core}/analysis/field", **{"analysis.fieldtype": field_type, "analysis.fieldvalue": text}
        )
        return [token["text"] for token in answer["analysis"]["field_types"][field_type]["index"][-1]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder with jars and launcher; made by the first run, kept for the next."""
    target = Path(os.environ.get("PARTICIPATION_SOLR_TARGET", stack_solr.TARGET))
    stack_solr.build(target)
    return target


@pytest.fixture(scope="module")
def solr(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSolr]:
    """A running Solr with two empty cores."""
    home = tmp_path_factory.mktemp("solr")
    stack_solr.make_home(home, built)
    running = RunningSolr(home, free_port())
    running.start()
    yield running
    running.stop()
