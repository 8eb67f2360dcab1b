"""A whole demonstration site for tests that look at it from outside: by browser, by API, by its processes.

`started` brings up a catalogue in a home of its own and takes it down again. With PARTICIPATION_TEST_SITE=/path/to/home a
developer's own `make up` is used instead and left running.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]

# What would lead the new stack to somebody else's services, settings or virtual environment.
NOT_INHERITED = ("CKAN_INI", "DATABASE_URL", "PARTICIPATION_HOME", "PARTICIPATION_PROFILE", "PORT", "PYTHONPATH", "REDIS_URL",
                 "SMTP_SERVER", "SOLR_PARTICIPATION_URL", "SOLR_URL", "STORAGE_PATH", "VIRTUAL_ENV", "DEMO")


@dataclass(frozen=True)
class Answer:
    """What the site answered: the status, the headers and the body."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def result(self) -> Any:
        """Return the result of an API call; fail with the site's words when it refused."""
        told = json.loads(self.body)
        assert told["success"], told["error"]
        return told["result"]

    @property
    def error(self) -> Any:
        """Return the error of an API call that was refused."""
        return json.loads(self.body)["error"]


@dataclass
class Site:
    """A catalogue that runs from `checkout` with its state in `home`."""

    checkout: Path
    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def accounts(self) -> dict[str, dict[str, str]]:
        """Return the demonstration's accounts: `{"admin": {"name", "password", "api_token"}, "agency": …, "citizen": …}`."""
        return json.loads((self.home / "credentials.json").read_text())["accounts"]

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the stack (`up`, `down`, …) as `make` does; give up after seven minutes."""
        return run_stack(*words, checkout=self.checkout, PARTICIPATION_HOME=str(self.home), PORT=str(self.port), **environment)

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a page or a file."""
        return fetch(urllib.request.Request(self.url + path, headers=headers))

    def call(self, action: str, token: str | None = None, **data: Any) -> Answer:
        """Call an API action, as the owner of `token` or as nobody."""
        headers = {"Content-Type": "application/json", **({"Authorization": token} if token else {})}
        return fetch(urllib.request.Request(f"{self.url}/api/3/action/{action}", json.dumps(data).encode(), headers))

    def as_role(self, role: str, action: str, **data: Any) -> Any:
        """Call an API action as one of the demonstration's accounts and return its result."""
        return self.call(action, self.accounts[role]["api_token"], **data).result

    def answers(self) -> bool:
        """Say whether the site serves requests."""
        try:
            return self.call("status_show").status == 200
        except OSError:
            return False


def free_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run_stack(*words: str, checkout: Path = CHECKOUT, python: str | None = None, seconds: float = 420,
              **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `config/stack` of `checkout` with nothing inherited that would lead it elsewhere; output and errors come together."""
    clean = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return subprocess.run([python or sys.executable, "config/stack", *words], cwd=checkout, env={**clean, **environment}, check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, stdin=subprocess.DEVNULL)


def fetch(request: urllib.request.Request) -> Answer:
    """Send a request; a refusal is an answer, not an exception."""
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return Answer(reply.status, dict(reply.headers), reply.read().decode(errors="replace"))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, dict(refusal.headers), refusal.read().decode(errors="replace"))


def eventually(true: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Poll `true` until it gives something; return that. Fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.05
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:.0f} s still not so: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


@contextmanager
def started() -> Iterator[Site]:
    """Give a running demonstration site of this checkout; it is taken down and its home deleted afterwards."""
    given = os.environ.get("PARTICIPATION_TEST_SITE")
    if given:
        home = Path(given).resolve()
        yield Site(CHECKOUT, home, int(json.loads((home / "credentials.json").read_text())["site_url"].rsplit(":", 1)[1]))
        return
    home = Path(tempfile.mkdtemp(prefix="participation-site-"))
    # PostgreSQL runs as another account and must be able to enter.
    home.chmod(0o755)
    site = Site(CHECKOUT, home, free_port())
    try:
        done = site.command("up")
        assert done.returncode == 0, f"the site did not come up:\n{done.stdout}"
        yield site
    finally:
        site.command("down")
        shutil.rmtree(home, ignore_errors=True)
