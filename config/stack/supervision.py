"""The processes of one home under supervisord: what runs, in which order, and how to ask for it."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass

import postgres
import redis_server
from errors import StackError
from layout import BIN, PYTHON, ROOT, Home, write_private
from report import wait_until
from settings import Services

import solr

SERVICES = ("postgres", "redis", "solr", "smtp", "replay")
APPLICATION = ("web", "jobs", "gather", "fetch", "clock", "outbox")


@dataclass(frozen=True)
class Program:
    """One supervised process: its argv, account, and seconds it may take to end by itself."""

    name: str
    argv: list[str]
    account: str | None = None
    patience: int = 15
    # PostgreSQL ends at once, after a checkpoint, on SIGINT ("fast"); on SIGTERM it would wait for every client.
    signal: str = "TERM"
    environment: tuple[tuple[str, str], ...] = ()


def programs(home: Home, found: Services, *, application: bool, demo: bool) -> list[Program]:
    """List the processes that this home runs: the services that are ours, then, on wish, the catalogue itself."""
    ckan = [str(BIN / "ckan"), "-c", str(home.ini)]
    # The fetch consumer blocks on an empty queue; redis-py 8 would end it after five seconds of silence.
    patient = (("CKAN_REDIS_URL", f"{found.redis}?socket_timeout=86400"),)
    rows = []
    if "postgres" in found.own:
        rows.append(Program("postgres", postgres.command(home), postgres.account(), 60, "INT"))
    if "redis" in found.own:
        rows.append(Program("redis", redis_server.command(home)))
    if "solr" in found.own:
        rows.append(Program("solr", solr.command(home.path / "search", home.ports["solr"]), patience=30))
    if "smtp" in found.own:
        rows.append(Program("smtp", [str(BIN / "aiosmtpd"), "-n", "-l", f"127.0.0.1:{home.ports['smtp']}",
                                     "-c", "aiosmtpd.handlers.Mailbox", str(home.path / "mail")]))
    if demo:
        rows.append(Program("replay", [str(PYTHON), str(ROOT / "config" / "demo" / "replay"),
                                       "--port", str(home.ports["replay"]), "--host", "127.0.0.1"]))
    if application:
        rows += [
            Program("web", [str(BIN / "gunicorn"), "-c", str(ROOT / "config" / "gunicorn.conf.py"),
                            "-b", f"127.0.0.1:{home.port}", "wsgi:application"], patience=40),
            Program("jobs", [*ckan, "jobs", "worker"]),
            Program("gather", [*ckan, "participation", "harvest", "consume"]),
            Program("fetch", [*ckan, "harvester", "fetch-consumer"], environment=patient),
            Program("clock", [*ckan, "participation", "harvest", "clock"]),
            Program("outbox", [*ckan, "participation", "outbox", "run"]),
        ]
    return rows


def write(home: Home, rows: list[Program]) -> None:
    """Write supervisord's settings for `rows`."""
    control = home.socket_folder / "supervisor.sock"
    parts = [
        "[supervisord]", f"logfile={home.log}/supervisord.log", f"pidfile={home.run}/supervisord.pid",
        "logfile_maxbytes=5MB", "nodaemon=false", "minfds=1024", f"childlogdir={home.log}",
        *(["user=root"] if os.geteuid() == 0 else []),
        "[unix_http_server]", f"file={control}", "chmod=0700",
        "[rpcinterface:supervisor]", "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]", f"serverurl=unix://{control}",
    ]
    shared = f'PYTHONPATH="{ROOT / "config"}",CKAN_INI="{home.ini}",HOME="{home.path}",PYTHONUNBUFFERED="1",LC_ALL="C.UTF-8"'
    for place, row in enumerate(rows):
        parts += [
            f"[program:{row.name}]", "command=" + shlex.join(row.argv).replace("%", "%%"),
            f"priority={100 + place}", "autostart=false", "autorestart=true",
            # A process that needs a service which is itself restarting must outlive that restart.
            "startsecs=3" if row.name in APPLICATION else "startsecs=1", "startretries=50",
            f"stopsignal={row.signal}", f"stopwaitsecs={row.patience}", "stopasgroup=false", "killasgroup=true",
            f"stdout_logfile={home.log}/{row.name}.log", "redirect_stderr=true",
            "stdout_logfile_maxbytes=5MB", "stdout_logfile_backups=2",
            f"directory={home.path}", "environment=" + ",".join([shared, *(f'{name}="{value}"' for name, value in row.environment)]),
            *([f"user={row.account}"] if row.account else []),
        ]
    # Holds the address of Redis with its password.
    write_private(home.path / "supervisord.conf", "\n".join(parts) + "\n")


def _control(home: Home, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(BIN / "supervisorctl"), "-c", str(home.path / "supervisord.conf"), *words],
                          capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise StackError(f"supervisorctl {' '.join(words)}: {(done.stdout + done.stderr).strip()}")
    return done


def running(home: Home) -> bool:
    """Say whether this home's supervisord answers."""
    if not (home.path / "supervisord.conf").exists() or not (BIN / "supervisorctl").exists():
        return False
    # 4 is supervisorctl's exit code for "no supervisord there".
    return _control(home, "pid").returncode == 0


def launch(home: Home) -> None:
    """Start supervisord, or make the running one read changed settings."""
    if running(home):
        _control(home, "update", check=True)
        return
    subprocess.run([str(BIN / "supervisord"), "-c", str(home.path / "supervisord.conf")], check=True, cwd=home.path)
    wait_until(lambda: running(home), "supervisord", 10)


def states(home: Home) -> dict[str, tuple[str, str]]:
    """Return each process' state and what supervisor says of it: `{"web": ("RUNNING", "pid 12, uptime 0:01:02")}`."""
    found = {}
    for line in _control(home, "status").stdout.splitlines():
        words = line.split(None, 2)
        if len(words) >= 2:
            found[words[0]] = (words[1], words[2] if len(words) > 2 else "")
    return found


def start(home: Home, names: list[str]) -> None:
    """Start those of `names` that do not run; do not wait until they serve."""
    present = states(home)
    idle = [name for name in names if present.get(name, ("",))[0] not in {"RUNNING", "STARTING"}]
    if idle:
        subprocess.Popen([str(BIN / "supervisorctl"), "-c", str(home.path / "supervisord.conf"), "start", *idle],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def stop_programs(home: Home, names: list[str]) -> None:
    """Stop `names` and wait until they have ended."""
    if names:
        _control(home, "stop", *names)


def failed(home: Home, names: list[str]) -> str | None:
    """Return a sentence about the first of `names` that supervisor has given up, or None."""
    for name, (state, words) in states(home).items():
        if name in names and state in {"FATAL", "UNKNOWN"}:
            tail = (home.log / f"{name}.log").read_text(errors="replace").strip().splitlines()[-8:]
            return f"{name} does not start ({words}):\n" + "\n".join(tail)
    return None


def shut_down(home: Home) -> None:
    """Stop the catalogue first, then the services, then supervisord, each with the time it needs to close its files."""
    if not running(home):
        return
    names = list(states(home))
    stop_programs(home, [name for name in names if name in APPLICATION])
    stop_programs(home, [name for name in names if name not in APPLICATION])
    _control(home, "shutdown")
    wait_until(lambda: not running(home), "supervisord's end", 30)
