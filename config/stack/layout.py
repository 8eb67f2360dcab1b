"""Where everything lives: the checkout, its virtual environment and one home folder per running stack.

A home (`var/`, or `$PARTICIPATION_HOME`) holds all state of one running catalogue: data of the services, secrets, ports, logs.
Two homes can run side by side from one checkout, which is how the tests run beside `make up`.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
EXTENSION = ROOT / "ckanext-participation"
SOLR_BUILD = ROOT / "solr" / "target"

# A socket's full name may have 107 bytes on Linux (unix(7)); "/.s.PGSQL.5432" takes 14 of them.
LONGEST_SOCKET_FOLDER = 90


def free_port() -> int:
    """Return a TCP port that was free on loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_in_use(port: int) -> bool:
    """Say whether something listens on `port` of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` so that it never exists with a mode other than 600, nor half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@dataclass
class Home:
    """One stack's state folder."""

    path: Path
    port: int
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, port: int) -> Home:
        """Open (or begin) the home at `path`, whose site answers on `port`; ports and secrets are made once and kept."""
        home = cls(path.resolve(), port)
        for name in ("log", "run", "storage", "cache"):
            (home.path / name).mkdir(parents=True, exist_ok=True)
        kept = home._load("ports.json")
        home.ports = {name: kept.get(name) or free_port() for name in ("solr", "redis", "smtp", "replay")}
        home.ports["web"] = port
        kept_secrets = home._load("secrets.json")
        # In hexadecimal digits: among random letters, one home in two hundred had a secret that reads like a placeholder ("xxx").
        home.secrets = {name: kept_secrets.get(name) or secrets.token_hex(32)
                        for name in ("secret_key", "csrf_key", "token_key", "redis")}
        if kept_secrets != home.secrets:
            write_private(home.path / "secrets.json", json.dumps(home.secrets, indent=1))
        return home

    def keep_ports(self) -> None:
        """Remember the ports for the next start."""
        (self.path / "ports.json").write_text(json.dumps(self.ports, indent=1))

    def renew_port(self, name: str) -> int:
        """Take another free port for a service of ours whose old port somebody else has meanwhile taken."""
        self.ports[name] = free_port()
        return self.ports[name]

    def _load(self, name: str) -> dict:
        path = self.path / name
        return json.loads(path.read_text()) if path.exists() else {}

    @property
    def ini(self) -> Path:
        return self.path / "ckan.ini"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def credentials(self) -> Path:
        return self.path / "credentials.json"

    @property
    def site_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def socket_folder(self) -> Path:
        """Folder of PostgreSQL's and the supervisor's sockets: in the home, or under the temporary folder when that name is too long."""
        inside = self.path / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            return inside
        mark = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"participation-{mark}"
