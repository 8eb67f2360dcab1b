"""B3 on the web server as it is in production: bodies that are too large, too many, too deep, packed or slow cost nobody else anything.

Every form and every action of conversations is tried: refused by name, in less than a second, and in less than 20 MB of memory.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bench import processes
from ckan import logic, model
from ckan.tests import factories
from layout import BIN, ROOT
from running import eventually, free_port

from ckanext.participation.threads.model import Comment, Thread

Make = Callable[..., Any]
MB = 1_000_000
LONGEST, MOST_MEMORY = 1.0, 20 * MB
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass
class Server:
    """gunicorn with the product's settings, one worker, and who is known to it."""

    port: int
    process: subprocess.Popen[bytes]
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    @property
    def worker(self) -> int:
        return processes.children(self.process.pid)[0]

    def send(self, path: str, body: Any, kind: str, **headers: str) -> tuple[int, str, float]:
        """Post a body; return the status, the text and the seconds. What the server does not want to read is not pressed on it."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = {} if "Authorization" in headers else {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        began = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.request("POST", path, body, {"Content-Type": kind, **cookies, **headers})
        answer = line.getresponse()
        text = answer.read().decode(errors="replace")
        seconds = time.monotonic() - began
        for cookie in answer.msg.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        line.close()
        return answer.status, text, seconds

    def get(self, path: str, timeout: float = 10) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        line.request("GET", path, headers={"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())})
        answer = line.getresponse()
        for cookie in answer.msg.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def sign_in(self, name: str, password: str) -> None:
        """Sign in by the form, as a browser does."""
        form = {"login": name, "password": password, "_csrf_token": token_in(self.get("/user/login")[1])}
        assert self.send("/user/login", urllib.parse.urlencode(form), FORM)[0] == 302
        self.csrf = token_in(self.get("/participation/conversations")[1])

    def grown(self, what: Callable[[], Any]) -> tuple[Any, int]:
        """Do something and return its result, and by how many bytes the worker was larger at its largest meanwhile."""
        Path(f"/proc/{self.worker}/clear_refs").write_text("5")
        before = processes.memory(self.worker)
        result = what()
        peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.worker}/status").read_text())
        assert peak
        return result, int(peak[1]) * 1024 - before


def token_in(html: str) -> str:
    found = re.search(r'<meta name="_csrf_token" content="([^"]+)"', html)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, _all_plugins: None) -> Iterator[Server]:
    port, ini = free_port(), request.config.getoption("--ckan-ini")
    log = Path(os.environ["PARTICIPATION_TEST_HOME"]) / "log" / f"bodies-{port}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(BIN / "gunicorn"), "-c", str(ROOT / "config" / "gunicorn.conf.py"), "-b", f"127.0.0.1:{port}", "wsgi:application"],
            env={**os.environ, "CKAN_INI": ini, "PYTHONPATH": str(ROOT / "config"), "WEB_WORKERS": "1"}, stdout=said, stderr=said, cwd=log.parent)
    found = Server(port, process)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return found.get("/api/3")[0] == 200
        except OSError:
            return False
    try:
        eventually(answers, "gunicorn serves", 120)
        yield found
    finally:
        process.terminate()
        process.wait(40)


@pytest.fixture
def talk(server: Server, clean_db: None, clean_index: None, dataset: Make, as_user: Make, app: Any) -> dict[str, Any]:
    """A signed-in administrator of an organisation, its dataset and a conversation."""
    staff = factories.UserWithToken(password="Long-Password-1")
    about = dataset(staff=staff)
    with app.flask_app.test_request_context():
        tk.get_action("organization_member_create")({"ignore_auth": True, "user": staff["name"]},
                                                    {"id": about["owner_org"], "username": staff["name"], "role": "admin"})
        thread = as_user(staff, "participation_thread_create", subject_id=about["id"], title="Why?", body="One.")["id"]
        as_user(staff, "participation_comment_create", thread_id=thread, body="So.", lang="en", as_organization=True)
    model.Session.commit()
    server.cookies.clear()
    server.sign_in(staff["name"], "Long-Password-1")
    return {"thread_id": thread, "seq": 2, "subject_type": "dataset", "subject_id": about["name"], "organization": about["owner_org"],
            "dataset": about["name"], "token": staff["token"]}


def forms(app: Any, talk: dict[str, Any]) -> list[str]:
    """Return the address of every form of conversations, with its pages of buttons."""
    rules = [rule for rule in app.flask_app.url_map.iter_rules()
             if "POST" in rule.methods and rule.endpoint.startswith("participation") and rule.arguments <= set(talk)]
    with app.flask_app.test_request_context():
        return sorted({tk.url_for(rule.endpoint, **{name: talk[name] for name in rule.arguments}) for rule in rules})


def parts(fields: dict[str, bytes], file: bytes | None = None) -> bytes:
    body = b"".join(b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value) for name, value in fields.items())
    if file is not None:
        body += b'--B\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + file + b"\r\n"
    return body + b"--B--\r\n"


PARTS = "multipart/form-data; boundary=B"
LARGE = b"x" * 100 * MB
WRONG_FORMS: dict[str, tuple[Callable[[bytes], Any], str]] = {
    "a text of 100 MB": (lambda token: b"_csrf_token=" + token + b"&body=" + LARGE, FORM),
    "a text of 2 MB": (lambda token: b"_csrf_token=" + token + b"&body=" + LARGE[:2 * MB], FORM),
    "a text of 100 MB in parts": (lambda token: parts({"_csrf_token": token, "body": LARGE}), PARTS),
    "a text of 2 MB in parts": (lambda token: parts({"_csrf_token": token, "body": LARGE[:2 * MB]}), PARTS),
    "a file of 100 MB": (lambda token: parts({"_csrf_token": token, "body": b"x"}, LARGE), PARTS),
    "100,000 fields": (lambda token: b"_csrf_token=" + token + b"".join(b"&f%d=" % number for number in range(100_000)), FORM),
    "100,000 fields in parts": (lambda token: parts({"_csrf_token": token} | {f"f{number}": b"" for number in range(100_000)}), PARTS),
    "no end told": (lambda token: iter([b"_csrf_token=" + token + b"&body=", *[LARGE[:MB]] * 100]), FORM)}


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_every_form_refuses_what_is_too_much(name: str, server: Server, talk: dict[str, Any], app: Any) -> None:
    make, kind = WRONG_FORMS[name]
    addresses, wrong = forms(app, talk), []
    assert len(addresses) > 12
    token = urllib.parse.quote(server.csrf).encode() if kind == FORM else server.csrf.encode()
    same = make(token)
    for address in addresses:
        body = same if isinstance(same, bytes) else make(token)
        (status, text, seconds), memory = server.grown(lambda: server.send(address, body, kind))  # noqa: B023 (called at once)
        if status != 413 or seconds > LONGEST or memory > MOST_MEMORY or "Go back with your browser" not in text:
            wrong.append(f"{address}: {status}, {seconds:.2f} s, {memory / MB:.0f} MB")
    assert wrong == []
    model.Session.remove()
    assert [model.Session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (Thread, Comment)] == [1, 2]


# A list that needs no parameter is given; what was sent beside is not looked at.
WITHIN = {200, 400, 403, 404, 409}
WRONG_CALLS: dict[str, tuple[Any, dict[str, str], set[int]]] = {
    "100 MB": (b'{"body": "' + LARGE + b'"}', {}, {413}), "2 MB": (b'{"body": "' + LARGE[:2 * MB] + b'"}', {}, {413}),
    "many": (b'{"body": [' + b"1," * (10 * MB) + b"1]}", {}, {413}), "deep": (b'{"body": ' + b"[" * 400_000 + b"]" * 400_000 + b"}", {}, {400}),
    "many within": (b'{"body": [' + b"1," * 400_000 + b"1]}", {}, WITHIN),
    "wide within": (json.dumps(dict.fromkeys(map(str, range(30_000)), 1)).encode(), {}, WITHIN),
    "packed": (gzip.compress(b'{"body": "' + LARGE + b'"}'), {"Content-Encoding": "gzip"}, {400}),
    "a form": (b"body=" + LARGE, {"Content-Type": FORM}, {413}),
    "a file": (parts({}, LARGE), {"Content-Type": PARTS}, {413})}


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_every_action_refuses_what_is_too_much(name: str, server: Server, talk: dict[str, Any]) -> None:
    body, headers, statuses = WRONG_CALLS[name]
    tk.get_action("status_show")
    actions = [action for action in logic._actions if action.startswith("participation_")]
    assert len(actions) > 30
    wrong = []
    for action in actions if len(body) < 2 * MB else [one for one in actions if one.startswith(("participation_thread", "participation_att"))]:
        kind = headers.get("Content-Type", JSON)
        more = {key: value for key, value in headers.items() if key != "Content-Type"}
        (status, text, seconds), memory = server.grown(
            lambda: server.send(f"/api/3/action/{action}", body, kind, Authorization=talk["token"], **more))  # noqa: B023 (called at once)
        if status not in statuses or (seconds > LONGEST and status != 200) or memory > MOST_MEMORY or not text.startswith(("{", '"')):
            wrong.append(f"{action}: {status}, {seconds:.2f} s, {memory / MB:.0f} MB")
    assert wrong == []


def test_a_call_that_does_not_tell_its_length_is_cut_off(server: Server, talk: dict[str, Any]) -> None:
    (status, _text, seconds), memory = server.grown(lambda: server.send(
        "/api/3/action/participation_thread_create", iter([b'{"body": "', *[LARGE[:MB]] * 100]), JSON, Authorization=talk["token"]))
    assert (status in {400, 413}, seconds < LONGEST, memory < MOST_MEMORY) == (True, True, True)


BODIES = [b"POST /participation/thread/1 HTTP/1.1\r\nHost: x\r\nContent-Type: " + FORM.encode() + b"\r\nContent-Length: 900\r\n\r\nbody=a",
          b"POST /api/3/action/participation_thread_show HTTP/1.1\r\nHost: x\r\nContent-Type: " + JSON.encode()
          + b'\r\nContent-Length: 900\r\n\r\n{"a"']
# What is sent, and after how many seconds everybody else is served at the latest (with room for a busy machine).
SLOW: dict[str, tuple[list[bytes], float]] = {"nothing": ([b""], 3), "half a head": ([BODIES[0][:40]], 6), "half a body": (BODIES, 14)}


@pytest.mark.parametrize("what", SLOW)
def test_who_sends_slowly_holds_nobody_up_for_longer_than_one_timeout(what: str, server: Server, talk: dict[str, Any]) -> None:
    begins, longest = SLOW[what]
    # As many as there are threads; each sends another byte now and then, without end.
    lines = [(socket.create_connection(("127.0.0.1", server.port)), begins[number % len(begins)]) for number in range(4)]
    try:
        for line, begin in lines:
            line.sendall(begin)

        def answers() -> bool:
            for line, begin in lines:
                with contextlib.suppress(OSError):
                    line.send(begin[-1:])
            try:
                return server.get("/api/3", timeout=0.5)[0] == 200
            except OSError:
                return False
        eventually(answers, "somebody else is served", longest)
    finally:
        for line, _begin in lines:
            line.close()


def test_a_late_body_is_not_read_as_the_next_request(server: Server, talk: dict[str, Any]) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(b"POST /api/3/action/status_show HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{")
        line.settimeout(20)
        answer = line.recv(65536)
        with contextlib.suppress(OSError):
            line.sendall(b"GET /api/3 HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            while more := line.recv(65536):
                answer += more
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b" 400 " in answer.splitlines()[0]
