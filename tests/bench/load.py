"""Requests to a server under measurement, and what they cost it: processor time per request, in turns, as medians."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import counting
from bench.report import median
from bench.server import Web

# gunicorn closes a connection that has been idle for five seconds.
IDLE = 3.0


@dataclass(frozen=True)
class Reply:
    """A server's answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def result(self) -> Any:
        """Return the result of an API call."""
        return json.loads(self.body)["result"]

    @property
    def counted(self) -> dict[str, int]:
        """Return what the request cost in statements and requests to Solr."""
        return json.loads(self.headers[counting.ANSWER.lower()])


class Client:
    """One reader: a kept-alive connection, and cookies once signed in."""

    def __init__(self, port: int, token: str | None = None) -> None:
        """Prepare a client of the server on `port`; nothing is sent yet."""
        self.port = port
        self.token = token
        self.cookies: dict[str, str] = {}
        # While True, every request asks the server to say what it cost in statements.
        self.counting = False
        self._line: http.client.HTTPConnection | None = None
        self._used = 0.0

    def get(self, path: str, **headers: str) -> Reply:
        """Fetch a page."""
        return self.send("GET", path, None, headers)

    def post(self, path: str, form: dict[str, str]) -> Reply:
        """Send a form."""
        return self.send("POST", path, urllib.parse.urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})

    def call(self, action: str, **data: Any) -> Reply:
        """Call an API action with the client's token."""
        return self.send("POST", f"/api/3/action/{action}", json.dumps(data).encode(), {"Content-Type": "application/json"})

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        """Send one request. Raises OSError or http.client.HTTPException when the connection breaks: nothing is tried twice."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.counting:
            sent["X-Bench-Count"] = "1"
        if self.token:
            sent["Authorization"] = self.token
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        line = self._connected()
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        for cookie in answer.msg.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        self._used = time.monotonic()
        return reply

    def sign_in(self, name: str, password: str) -> Client:
        """Sign in by the form, as a browser does."""
        token = csrf(self.get("/user/login").text)
        reply = self.post("/user/login", {"login": name, "password": password, "_csrf_token": token})
        if reply.status != 302:
            raise RuntimeError(f"{name} could not sign in: {reply.status} {reply.text[:300]}")
        return self

    def close(self) -> None:
        """Drop the connection; the next request opens another."""
        if self._line:
            self._line.close()
        self._line = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._line is None or time.monotonic() - self._used > IDLE:
            self.close()
            self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self._line.connect()
        return self._line


def csrf(html: str) -> str:
    """Return the token that forms of this session must carry."""
    found = re.search(r'<meta name="_csrf_token" content="([^"]+)"', html)
    if not found:
        raise RuntimeError("the page carries no form token")
    return found.group(1)


@dataclass
class Probe:
    """One kind of request to measure: `send(client)` sends it once and returns the reply, whose status must be `expect`.

    `before` is called before each round and is not measured.
    """

    name: str
    web: Web
    client: Client
    send: Callable[[Client], Reply]
    expect: int = 200
    before: Callable[[], object] | None = None

    @classmethod
    def page(cls, name: str, web: Web, client: Client, path: str) -> Probe:
        """Make the probe of a page."""
        return cls(name, web, client, lambda client: client.get(path))


@dataclass
class Cost:
    """Milliseconds per request, one value per round: of the web worker, and of the database for it."""

    web: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    @property
    def web_ms(self) -> float:
        return median(self.web)

    @property
    def database_ms(self) -> float:
        return median(self.database)

    @property
    def ms(self) -> float:
        """Return the median of web worker and database together."""
        return median(web + database for web, database in zip(self.web, self.database, strict=True))

    @property
    def wall_ms(self) -> float:
        return median(self.wall)


def once(probe: Probe) -> Reply:
    """Send the probe's request once. Raises RuntimeError when the answer is another than expected."""
    reply = probe.send(probe.client)
    if reply.status != probe.expect:
        raise RuntimeError(f"{probe.name}: {reply.status} instead of {probe.expect}: {reply.text[:500]}")
    return reply


def counted(probe: Probe) -> dict[str, int]:
    """Send the probe's request once and return what it asked of database and Solr."""
    probe.client.counting = True
    try:
        return once(probe).counted
    finally:
        probe.client.counting = False


def measure(probes: Sequence[Probe], *, rounds: int, each: int, warm_up: int = 5) -> dict[str, Cost]:
    """Send every probe's request `each` times per round, the probes in turn, and return their costs by name.

    In turn, so that a machine that is slower for a minute is slower for all.
    """
    costs = {probe.name: Cost() for probe in probes}
    for probe in probes:
        for _ in range(warm_up):
            once(probe)
    for _ in range(rounds):
        for probe in probes:
            if probe.before:
                probe.before()
            web, database, began = probe.web.cpu(), probe.web.database_cpu(), time.monotonic()
            for _ in range(each):
                once(probe)
            cost = costs[probe.name]
            cost.wall.append((time.monotonic() - began) * 1000 / each)
            cost.web.append((probe.web.cpu() - web) * 1000 / each)
            cost.database.append((probe.web.database_cpu() - database) * 1000 / each)
    return costs


def together(probes: Sequence[Probe], *, seconds: float) -> float:
    """Let each of `probes` send as fast as it is answered, all at once, and return the answers per second."""
    counts = [0] * len(probes)
    troubles: list[BaseException] = []
    began = time.monotonic()

    def run(place: int) -> None:
        try:
            while time.monotonic() < began + seconds:
                once(probes[place])
                counts[place] += 1
        except BaseException as error:  # noqa: BLE001 (raised again below, in the caller's thread)
            troubles.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(probes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]
    return sum(counts) / (time.monotonic() - began)
