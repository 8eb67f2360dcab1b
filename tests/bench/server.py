"""The servers under measurement: ours and stock CKAN's, each a gunicorn on loopback, on the PostgreSQL, Redis and Solr of one home.

`config/stack` has made the home and started its services (measuring.py there); PARTICIPATION_TEST_HOME names it. Both sites share
the services: each has a database of its own, and its own site id in Solr.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import postgres
import psycopg2
import settings
from bench import processes
from layout import BIN, PYTHON, ROOT, Home, free_port, write_private
from report import wait_until

STOCK = "stock"
PLUGINS = next(line.partition("=")[2].strip() for line in (ROOT / "config" / "base.ini").read_text().splitlines()
               if line.startswith("ckan.plugins"))
# Limits are for people; a benchmark is not one. What they cost is still paid: events are counted for each post.
UNLIMITED = {"participation.limits.posts_per_minute": "1000000", "participation.limits.posts_per_hour": "1000000"}


@dataclass
class House:
    """The home of a run and the addresses of its services."""

    home: Home
    found: settings.Services

    @classmethod
    def open(cls) -> House:
        """Open the home that `config/stack` has prepared."""
        home = Home.open(Path(os.environ["PARTICIPATION_TEST_HOME"]), free_port())
        return cls(home, settings.services(home))

    def ours(self, **extra: str) -> Path:
        """Write the settings of a site with all our plugins, as in `config/base.ini`; return the file."""
        settings.write_ini(self.home, "demo", self.found, {"ckan.site_id": "ours", **UNLIMITED, **extra})
        return self.home.ini

    def stock(self, **extra: str) -> Path:
        """Make the yardstick's database and settings; return the file."""
        if not self.sql("SELECT 1 FROM pg_database WHERE datname = %s", STOCK):
            words = ["-h", str(postgres.socket(self.home)), "-U", postgres.DATABASE]
            subprocess.run([str(postgres.binaries() / "createdb"), *words, STOCK], check=True)
        folder = self.home.path / "stock"
        folder.mkdir(exist_ok=True)
        secret = self.home.secrets
        values = {
            "use": f"config:{Path(__file__).with_name('stock.ini')}",
            "sqlalchemy.url": f"postgresql://{postgres.DATABASE}@/{STOCK}?host={postgres.socket(self.home)}",
            "ckan.redis.url": self.found.redis.removesuffix("/0") + "/1", "solr_url": self.found.solr,
            "ckan.site_url": "http://localhost:5000", "ckan.storage_path": str(folder / "storage"), "cache_dir": str(folder / "cache"),
            "SECRET_KEY": secret["secret_key"], "WTF_CSRF_SECRET_KEY": secret["csrf_key"],
            "api_token.jwt.encode.secret": "string:" + secret["token_key"],
            "api_token.jwt.decode.secret": "string:" + secret["token_key"], **extra}
        path = folder / "ckan.ini"
        write_private(path, "\n".join(["[DEFAULT]", "[app:main]", *(f"{name} = {value.replace('%', '%%')}"
                                                                    for name, value in values.items())]) + "\n")
        return path

    @contextmanager
    def database(self, name: str = postgres.DATABASE) -> Iterator[Any]:
        """Give a connection that commits at the end of the block."""
        connection = psycopg2.connect(host=str(postgres.socket(self.home)), user=postgres.DATABASE, dbname=name)
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def sql(self, statement: str, *values: Any, name: str = postgres.DATABASE) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self.database(name) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def vacuum(self, *tables: str) -> None:
        """Vacuum and analyse: what autovacuum would do some minutes after a load."""
        connection = psycopg2.connect(host=str(postgres.socket(self.home)), user=postgres.DATABASE, dbname=postgres.DATABASE)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f"VACUUM (ANALYZE) {table}")
        connection.close()

    def backends(self, name: str) -> list[int]:
        """Return the PostgreSQL processes that serve the database `name`."""
        master = int((self.home.path / "postgres" / "postmaster.pid").read_text().split()[0])
        title = f"postgres: {postgres.DATABASE} {name} "
        return [pid for pid in processes.children(master) if processes.command_line(pid).startswith(title)]


@dataclass
class Web:
    """One site's gunicorn with the product's settings, except that no worker is replaced by age."""

    house: House
    ini: Path
    database: str
    workers: int = 1
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Web:
        """Start the server; `wait` says when it serves."""
        log = (self.house.home.log / f"web-{self.database}-{self.port}.log").open("wb")
        self.process = subprocess.Popen(
            [str(BIN / "gunicorn"), "-c", str(ROOT / "config" / "gunicorn.conf.py"), "-b", f"127.0.0.1:{self.port}",
             "--max-requests", "0", "--max-requests-jitter", "0", "bench.app:application"],
            cwd=self.house.home.path, env=environment(self.ini) | {"WEB_WORKERS": str(self.workers)}, stdout=log,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        log.close()
        return self

    def wait(self) -> Web:
        """Return when the site answers. Raises StackError when it ends or stays silent."""
        wait_until(self.answers, f"the site of {self.ini}", 180, self.trouble)
        return self

    def answers(self) -> bool:
        """Say whether the site serves requests."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/3", timeout=10) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def trouble(self) -> str | None:
        """Return the end of the log when the server has ended, else None."""
        if self.process and self.process.poll() is not None:
            log = self.house.home.log / f"web-{self.database}-{self.port}.log"
            return f"the server of {self.ini} ended:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        return None

    def pids(self) -> list[int]:
        """Return the workers' process ids."""
        return processes.children(self.process.pid) if self.process else []

    def cpu(self) -> float:
        """Return the processor seconds of the workers so far."""
        return processes.cpu_of(self.pids())

    def database_cpu(self) -> float:
        """Return the processor seconds of PostgreSQL's processes that serve this site's database."""
        return processes.cpu_of(self.house.backends(self.database))

    def memory(self) -> int:
        """Return the resident bytes of the workers."""
        return sum(processes.memory(pid) for pid in self.pids())

    def stop(self) -> None:
        """End the server and wait for it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def serving(*webs: Web) -> Iterator[None]:
    """Start the servers side by side, wait for all, and stop them at the end of the block."""
    try:
        for web in webs:
            web.start()
        for web in webs:
            web.wait()
        yield
    finally:
        for web in webs:
            web.stop()


def ended_by_signal() -> None:
    """Let SIGTERM end this process as an error would: its servers are stopped on the way out."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def environment(ini: Path) -> dict[str, str]:
    """Return the environment of a process that runs CKAN with the settings file `ini`."""
    return {**os.environ, "CKAN_INI": str(ini), "LC_ALL": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("tests", "config", "config/stack", "ckanext-participation"))}


def in_ckan(ini: Path, *words: Sequence[str] | str) -> subprocess.Popen[str]:
    """Start `python -m bench.catalogue INI WORDS` beside this process; `result_of` waits for it."""
    return subprocess.Popen([str(PYTHON), "-m", "bench.catalogue", str(ini), *map(str, words)], cwd=ini.parent, env=environment(ini),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)


def result_of(process: subprocess.Popen[str]) -> Any:
    """Return what the process printed as JSON on its last line. Raises RuntimeError with its last words when it failed."""
    out, err = process.communicate()
    if process.returncode:
        raise RuntimeError("\n".join((err or out).strip().splitlines()[-20:]))
    return json.loads(out.strip().splitlines()[-1])
