"""`make up`: from a bare checkout to a catalogue that answers, and again in seconds when it is all there."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import postgres
import prerequisites
import python_env
import redis_server
import settings
import supervision
from errors import StackError
from layout import BIN, EXTENSION, PYTHON, ROOT, Home, port_in_use
from python_env import LOCKS
from report import say, step, wait_until

import solr


def up(home: Home, *, demo: bool = True) -> None:
    """Install what is missing, start every process, harvest the demo sources once, and return when all of it is searchable."""
    began = time.monotonic()
    say(f"Participation: state in {home.path}, site on {home.site_url}")
    prerequisites.check_python()
    prerequisites.check_libraries()
    found = settings.services(home)
    if "solr" in found.own:
        solr.check_tools()
    if not supervision.running(home):
        _check_ports(home, found)
    home.keep_ports()
    install("run", own_solr="solr" in found.own)
    with step("Settings and data folders"):
        prepare(home, found, profile=os.environ.get("PARTICIPATION_PROFILE", "demo"), demo=demo)
    with step("Services: PostgreSQL, Redis, Solr"):
        start_services(home, found, demo=demo)
    with step("Database schema and licence register") as progress:
        upgrade(home, found, progress)
    names = [*supervision.APPLICATION]
    with step("The catalogue: web, jobs, harvesting, mail"):
        # The site first: on two cores, six processes loading CKAN at once would all be slow.
        supervision.start(home, ["web"])
        wait_until(lambda: answers(home), "The site", 180, lambda: supervision.failed(home, names))
        supervision.start(home, names)
    if demo and not (home.path / "demo.done").exists():
        with step("Demonstration: accounts, sources, harvest") as progress:
            inside(home, "demo", str(home.ports["replay"]))
            wait_for_harvest(home, progress)
        (home.path / "demo.done").touch()
    say()
    _closing_words(home, time.monotonic() - began, demo=demo)


def install(kind: str, *, own_solr: bool) -> None:
    """Fill `.venv` and fetch Solr at the same time: one waits for the processor while the other waits for the network."""
    trouble: list[BaseException] = []

    def fetch() -> None:
        try:
            solr.build()
        except BaseException as error:  # noqa: BLE001 (raised again below, in the caller's thread)
            trouble.append(error)

    with step("Python packages and Solr"):
        other = threading.Thread(target=fetch)
        if own_solr:
            other.start()
        try:
            python_env.ensure(kind)
        finally:
            if own_solr:
                other.join()
        if trouble:
            raise trouble[0]


def prepare(home: Home, found: settings.Services, *, profile: str, demo: bool, durable: bool = True,
            extra: dict[str, str] | None = None) -> None:
    """Make data folders and settings files; nothing is started."""
    if "postgres" in found.own:
        postgres.make(home, durable=durable)
    if "solr" in found.own:
        solr.make_home(home.path / "search")
    more = dict(extra or {})
    if demo:
        more["participation.fetch.allow"] = f"127.0.0.1:{home.ports['replay']}"
    settings.write_ini(home, profile, found, more)


def upgrade(home: Home, found: settings.Services, progress: Callable[[str], None] = lambda _text: None) -> None:
    """Bring the database's schema and the licence list up to date; skip it when this very version has done so before."""
    stamp = home.path / "upgraded"
    wanted = _version_mark()
    # A database that is not ours may have been replaced since.
    if "postgres" in found.own and stamp.exists() and stamp.read_text() == wanted:
        progress("up to date")
        return
    inside(home, "upgrade")
    stamp.write_text(wanted)


def _version_mark() -> str:
    parts = [LOCKS["run"], *sorted((EXTENSION / "ckanext").rglob("migration/**/*.py")), *sorted((ROOT / "licences").glob("*.yaml"))]
    digest = hashlib.sha256()
    for path in parts:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def start_services(home: Home, found: settings.Services, *, demo: bool, application: bool = True) -> None:
    """Start the services that are ours and wait until each answers."""
    rows = supervision.programs(home, found, application=application, demo=demo)
    supervision.write(home, rows)
    supervision.launch(home)
    names = [row.name for row in rows if row.name in supervision.SERVICES]
    supervision.start(home, names)
    ready = {"postgres": lambda: postgres.ready(home), "redis": lambda: redis_server.ready(home),
             "solr": lambda: solr.ready(home.ports["solr"]), "smtp": lambda: port_in_use(home.ports["smtp"]),
             "replay": lambda: port_in_use(home.ports["replay"])}
    for name in names:
        wait_until(ready[name], name, 180, lambda: supervision.failed(home, names))
    if "postgres" in found.own:
        postgres.make_database(home)


def inside(home: Home, *words: str) -> str:
    """Run `inside.py` in the virtual environment, where CKAN can be imported; return what it printed."""
    done = subprocess.run([str(PYTHON), str(ROOT / "config" / "stack" / "inside.py"), str(home.ini), *words],
                          capture_output=True, text=True, check=False, cwd=home.path,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "config"), "PATH": f"{BIN}:{os.environ['PATH']}"})
    (home.log / f"inside-{words[0]}.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise StackError(f"{words[0]} failed (whole text in {home.log}/inside-{words[0]}.log):\n{tail}")
    return done.stdout


def call(home: Home, action: str, **data: object) -> Any:
    """Call an API action of the running site as its administrator."""
    token = json.loads(home.credentials.read_text())["accounts"]["admin"]["api_token"]
    request = urllib.request.Request(f"http://127.0.0.1:{home.port}/api/3/action/{action}", json.dumps(data).encode(),
                                     {"Content-Type": "application/json", "Authorization": token})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["result"]


def answers(home: Home) -> bool:
    """Say whether the site serves requests."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{home.port}/api/3/action/status_show", timeout=10) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait_for_harvest(home: Home, progress, seconds: float = 900) -> None:  # noqa: ANN001
    """Return when every demo source has a finished job and what was harvested is searchable."""
    sources = json.loads((home.path / "demo.json").read_text())["sources"]

    def finished() -> bool:
        jobs = [call(home, "harvest_job_list", source_id=source) for source in sources]
        done = sum(any(job["status"] == "Finished" for job in rows) for rows in jobs)
        count = call(home, "package_search", q="", rows=0)["count"]
        progress(f"{count} datasets searchable, {done} of {len(sources)} sources finished")
        return done == len(sources)

    wait_until(finished, "The demo harvest", seconds, lambda: supervision.failed(home, ["gather", "fetch"]))


def _check_ports(home: Home, found: settings.Services) -> None:
    if port_in_use(home.port):
        raise StackError(f"port {home.port} is in use by another programme: stop it, or choose another: PORT={home.port + 1} make up")
    for name in [*found.own, "replay"]:
        if name in home.ports and port_in_use(home.ports[name]):
            home.renew_port(name)


def _closing_words(home: Home, seconds: float, *, demo: bool) -> None:
    say(f"Ready in {seconds:.0f} s: {home.site_url}/ (English) and {home.site_url}/fr/ (français)")
    if demo:
        count = call(home, "package_search", q="", rows=0)["count"]
        say(f"  {count} datasets harvested. Accounts and API tokens: {home.credentials}")
        say("  Try next:")
        say(f"    - search in either language: {home.site_url}/fr/dataset/?q=donn%C3%A9es+satellite")
        say("    - open a dataset, read what its licence allows, sign in as the citizen and ask a question")
        say(f"    - the same by API: curl '{home.site_url}/api/3/action/package_search?q=climate&rows=3'")
        say(f"    - see the harvest sources: {home.site_url}/harvest")
    say("  make status | make logs | make down | make test")
