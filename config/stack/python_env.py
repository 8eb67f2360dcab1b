"""The virtual environment `.venv`, filled from the locks with hashes and from this checkout's extension."""

from __future__ import annotations

import hashlib
import subprocess
import venv
from pathlib import Path

from errors import StackError
from layout import BIN, EXTENSION, PYTHON, ROOT, VENV

LOCKS = {"run": ROOT / "requirements" / "run.txt", "dev": ROOT / "requirements" / "dev.txt"}


def _mark(lock: Path) -> str:
    text = lock.read_bytes() + (EXTENSION / "pyproject.toml").read_bytes()
    return hashlib.sha256(text + str(VENV).encode()).hexdigest()


def ensure(kind: str = "run") -> bool:
    """Make `.venv` hold the packages of the lock `kind` ("run" or "dev"); return True when something was installed.

    "dev" contains "run", so an environment with the tests' packages satisfies both.
    """
    stamp = VENV / "participation.stamp"
    wanted = {name: _mark(lock) for name, lock in LOCKS.items()}
    have = stamp.read_text().split() if stamp.exists() else []
    if wanted["dev"] in have or wanted[kind] in have:
        return False
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True, clear=True)
    # The locks are complete; `--no-deps` lets psycopg2-binary stand for the source-only psycopg2 that CKAN names.
    _pip("install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCKS[kind]))
    _pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(EXTENSION))
    stamp.write_text(wanted[kind])
    return True


def _pip(*words: str) -> None:
    done = subprocess.run([str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise StackError(f"pip {words[0]} failed:\n{tail}")
