"""`make test` and `make check`: pytest on throw-away services, in a home that is deleted afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import postgres
import prerequisites
import settings
import supervision
import up
from errors import StackError
from layout import BIN, ROOT, Home, free_port
from report import say, step

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    return os.environ.get("CHROMIUM") or next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def ensure_browser() -> str:
    """Return Chromium's path; install it when this is root on Debian, else say the one line to run."""
    found = find_browser()
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Chromium for the browser tests"):
            subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
            subprocess.run(["apt-get", "install", "-y", "-qq", "chromium", "fonts-dejavu"], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        found = find_browser()
        if found:
            return found
    raise StackError("the browser tests need Chromium: sudo apt-get install chromium (or leave them out: BROWSER=none make test)")


def run(words: list[str], *, browser: bool, lint: bool) -> int:
    """Run lint, then pytest with `words`; return the exit code."""
    prerequisites.check_python()
    prerequisites.check_libraries()
    up.install("dev", own_solr=not os.environ.get("SOLR_URL"))
    env = dict(os.environ)
    if browser:
        env["CHROMIUM"] = ensure_browser()
    else:
        env["BROWSER"] = "none"
        say("Browser tests are left out (BROWSER=none).")
    if lint:
        with step("Lint"):
            lint_all()
    with ExitStack() as stack:
        homes = [stack.enter_context(throw_away_home("participation-test-")) for _ in range(processes())]
        for number, home in enumerate(homes, start=1):
            start_services(home, f" ({number} of {len(homes)})" if len(homes) > 1 else "")
        env.update(PARTICIPATION_TEST_HOME=str(homes[0].path), CKAN_INI=str(homes[0].ini), PYTHONPATH=str(ROOT / "config"),
                   PARTICIPATION_TEST_HOMES=os.pathsep.join(str(home.path) for home in homes))
        spread = ["-n", str(len(homes))] if len(homes) > 1 else []
        return subprocess.run([str(BIN / "python"), "-m", "pytest", f"--ckan-ini={homes[0].ini}", *spread, *words],
                              cwd=ROOT, env=env, check=False).returncode


def processes() -> int:
    """Return how many processes share the tests, each with services of its own: $PROCESSES, else two where there is room for two.

    A process of tests is busy for 60 % of its time and waits for PostgreSQL, Solr and Chromium for the rest. Services that are named
    (SOLR_URL and the like) cannot be shared: one process then.
    """
    asked = os.environ.get("PROCESSES")
    if asked:
        return max(1, int(asked))
    named = any(os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL", "SOLR_URL"))
    return 1 if named or (os.cpu_count() or 1) < 2 else 2


def start_services(home: Home, which: str) -> None:
    """Start PostgreSQL, Redis and Solr in a home, with the tables of CKAN and ours."""
    found = settings.services(home)
    with step(f"Throw-away PostgreSQL, Redis and Solr{which}"):
        up.prepare(home, found, profile="test", demo=False, durable=False)
        up.start_services(home, found, demo=False, application=False)
    with step(f"Test database{which}"):
        up.inside(home, "upgrade")
        if "postgres" in found.own:
            # CKAN's fixtures empty every table; the trigger that keeps events would refuse. Its own test turns it on again.
            postgres.execute(home, f"ALTER DATABASE {postgres.DATABASE} SET participation.erasure = 'on'")


@contextmanager
def throw_away_home(prefix: str) -> Iterator[Home]:
    """Give an empty home; afterwards everything in it is stopped and it is deleted, unless KEEP is set."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    # PostgreSQL runs as another account and must be able to enter.
    folder.chmod(0o755)
    home = Home.open(folder, free_port())
    try:
        yield home
    finally:
        supervision.shut_down(home)
        if os.environ.get("KEEP"):
            say(f"Kept: {home.path}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def lint_all() -> None:
    """Run every linter; raise StackError with their words when one finds something."""
    package = "ckanext-participation/ckanext/participation"
    checks = (
        [str(BIN / "ruff"), "check", "."],
        [str(BIN / "pyright")],
        [str(BIN / "lint-imports"), "--no-cache"],
        [str(BIN / "yamllint"), "-s", "licences", "schemas", "docker", package],
    )
    wrong = []
    for words in checks:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False,
                              env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})
        if done.returncode:
            wrong.append(f"{Path(words[0]).name}:\n{(done.stdout + done.stderr).strip()}")
    if wrong:
        raise StackError("\n\n".join(wrong))
