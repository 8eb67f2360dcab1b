"""`make bench-*` and `make faults`: a programme of tests/bench or tests/faults on throw-away services, on loopback.

A programme that says `NEEDS_SERVICES = False` runs without them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import prerequisites
import settings
import testing
import up
from errors import StackError
from layout import PYTHON, ROOT
from report import say, step

_NO_SERVICES = "\nNEEDS_SERVICES = False\n"
FOLDERS = {"bench": ROOT / "tests" / "bench", "faults": ROOT / "tests" / "faults"}


def run(kind: str, names: list[str]) -> int:
    """Run `tests/<kind>/<name>.py`, all of the folder's when `names` is empty; return the worst exit code."""
    known = sorted(path.stem for path in FOLDERS[kind].glob("*.py") if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
                   and path.stem != "catalogue")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise StackError(f"there is no {kind} programme {', '.join(unknown)}: choose from {', '.join(known)}")
    # Ended from outside, what was started is stopped as after an error.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    prerequisites.check_python()
    names = names or known
    alone = [name for name in names if _NO_SERVICES in (FOLDERS[kind] / f"{name}.py").read_text(encoding="utf-8")]
    if len(alone) < len(names):
        prerequisites.check_libraries()
    up.install("run", own_solr=not os.environ.get("SOLR_URL") and len(alone) < len(names))
    return max([_alone(kind, name) if name in alone else _one(kind, name) for name in names], default=0)


def _alone(kind: str, name: str) -> int:
    path = os.pathsep.join(str(ROOT / part) for part in ("tests", "config", "config/stack"))
    return subprocess.run([str(PYTHON), "-m", f"{kind}.{name}"], cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


def _one(kind: str, name: str) -> int:
    with testing.throw_away_home(f"participation-{kind}-") as home:
        found = settings.services(home)
        if set(found.own) < {"postgres", "redis", "solr"}:
            raise StackError("benchmarks and faults need services of their own: unset DATABASE_URL, REDIS_URL and SOLR_URL")
        home.keep_ports()
        with step("Throw-away PostgreSQL, Redis and Solr"):
            up.prepare(home, found, profile="demo", demo=False)
            up.start_services(home, found, demo=False, application=False)
        with step("Database"):
            up.inside(home, "upgrade")
        say()
        path = os.pathsep.join(str(ROOT / part) for part in ("tests", "config", "config/stack"))
        process = subprocess.Popen([str(PYTHON), "-m", f"{kind}.{name}"], cwd=home.path,
                                   env={**os.environ, "PARTICIPATION_TEST_HOME": str(home.path), "PYTHONPATH": path})
        try:
            return process.wait()
        finally:
            # It stops its own servers before the services go.
            process.terminate()
            process.wait()
