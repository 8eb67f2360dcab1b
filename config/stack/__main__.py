"""The stack: everything that `make up`, `make test` and their companions do.

`python3 config/stack up|down|status|logs|clean|test|check|lint|bench|faults`. Needs nothing but Python's standard library; what else
is needed it installs into `.venv` and `solr/target`, from locks with checksums.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import measuring
import supervision
import testing
import up
from errors import StackError
from layout import ROOT, Home
from report import say


def the_home() -> Home:
    """Open the home that the environment names: PARTICIPATION_HOME and PORT."""
    try:
        port = int(os.environ.get("PORT") or 5000)
    except ValueError as error:
        raise StackError("PORT must be a number, for example PORT=5001 make up") from error
    return Home.open(Path(os.environ.get("PARTICIPATION_HOME") or ROOT / "var"), port)


def main(words: list[str]) -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="config/stack", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["up", "down", "status", "logs", "clean", "test", "check", "lint", "bench", "faults"])
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    asked = parser.parse_args(words)
    rest = [word for word in asked.rest if word != "--"]
    if asked.command in {"test", "check"}:
        browser = asked.command == "test" and os.environ.get("BROWSER") != "none"
        return testing.run(rest, browser=browser, lint=not os.environ.get("NO_LINT"))
    if asked.command == "lint":
        up.install("dev", own_solr=False)
        testing.lint_all()
        return 0
    if asked.command in {"bench", "faults"}:
        return measuring.run(asked.command, rest)
    home = the_home()
    if asked.command == "up":
        up.up(home, demo=os.environ.get("DEMO") != "none")
    elif asked.command == "down":
        supervision.shut_down(home)
        say("Stopped. State is kept; `make up` continues with it.")
    elif asked.command == "status":
        return status(home)
    elif asked.command == "logs":
        return subprocess.run(["tail", "-n", "40", *map(str, sorted(home.log.glob("*.log")))], check=False).returncode
    elif asked.command == "clean":
        supervision.shut_down(home)
        shutil.rmtree(home.path)
        say(f"Removed {home.path}.")
    return 0


def status(home: Home) -> int:
    """Print each process and whether the site answers; return 1 when something is wrong."""
    if not supervision.running(home):
        say("Nothing runs here: make up")
        return 1
    rows = supervision.states(home)
    for name, (state, text) in rows.items():
        say(f"  {name:<10} {state:<10} {text}")
    well = all(state == "RUNNING" for state, _ in rows.values()) and up.answers(home)
    say(f"  {home.site_url}: {'answers' if up.answers(home) else 'does not answer'}")
    return 0 if well else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StackError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped by you. Run the same command again: it goes on where it was.")
