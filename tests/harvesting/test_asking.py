"""Asking a source politely and within a budget: a server of our own, real sockets, no database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ckanext.participation.common.fetch import FetchFailed, FetchRefused, FetchTimedOut
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.problems import SourceProblem

pytestmark = pytest.mark.usefixtures("with_plugins")


class Source:
    """A server that does what a test says; `answer` gives status, headers and body, or None to hang up."""

    def __init__(self) -> None:
        self.answer: Callable[[int], tuple[int, dict[str, str], bytes] | None] = lambda _: (200, {}, b"{}")
        self.connections: list[int] = []
        self.headers: list[dict[str, str]] = []
        source = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                source.connections.append(self.client_address[1])
                source.headers.append(dict(self.headers))
                answer = source.answer(len(source.connections))
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"


@pytest.fixture
def source(ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    served = Source()
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", [f"127.0.0.1:{served.port}"])
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


def test_one_connection_stays_open_and_says_who_asks(source: Source) -> None:
    with Asker() as asker:
        for _ in range(3):
            assert asker.get(source.url, accept="*/*").ok
    assert len(set(source.connections)) == 1
    assert len({headers["User-Agent"] for headers in source.headers}) == 1
    assert asker.requests == 3


def test_servers_learn_which_portal_asks_and_whom_to_write_to(source: Source, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.fetch.contact", "donnees@example.org")
    monkeypatch.setitem(ckan_config, "ckan.site_title", "Données ouvertes de l’Île\r\nX-Other: (été)")
    with Asker() as asker:
        asker.get(source.url, accept="*/*")
    said = source.headers[0]["User-Agent"]
    assert said.startswith("ckanext-participation (Donnees ouvertes de l'IleX-Other: ete; harvest; +http")
    assert said.endswith("; donnees@example.org)")
    assert "X-Other" not in source.headers[0]


def test_a_connection_that_the_server_closed_is_made_anew_once(source: Source) -> None:
    source.answer = lambda number: None if number == 2 else (200, {}, b"{}")
    with Asker() as asker:
        asker.get(source.url, accept="*/*")
        assert asker.get(source.url, accept="*/*").ok
        source.answer = lambda number: None
        with pytest.raises(FetchFailed):
            asker.get(source.url, accept="*/*")
    assert len(source.connections) == 5


def test_a_kept_session_leads_no_later_request_inside(source: Source) -> None:
    with Asker() as asker:
        asker.get(source.url, accept="*/*")
        source.answer = lambda number: (302, {"Location": f"http://127.0.0.1:{source.port + 1}/"}, b"")
        with pytest.raises(FetchRefused):
            asker.get(source.url, accept="*/*")
        with pytest.raises(FetchRefused):
            asker.get("http://[::ffff:127.0.0.1]:1/", accept="*/*")


def test_no_cookie_is_carried_on(source: Source) -> None:
    source.answer = lambda number: (200, {"Set-Cookie": "a=b; Path=/"}, b"{}")
    with Asker() as asker:
        asker.get(source.url, accept="*/*")
        asker.get(source.url, accept="*/*")
    assert not any("Cookie" in headers for headers in source.headers)


@pytest.mark.parametrize("said", ["0", "1", "Mon, 01 Jan 2024 00:00:00 GMT"])
def test_a_busy_server_is_asked_again_when_it_says(source: Source, said: str) -> None:
    source.answer = lambda number: (503, {"Retry-After": said}, b"") if number == 1 else (200, {}, b"{}")
    started = time.monotonic()
    with Asker() as asker:
        assert asker.get(source.url, accept="*/*").ok
    assert said != "1" or time.monotonic() - started >= 1


@pytest.mark.parametrize("said", ["100000", "soon", ""])
def test_a_server_that_is_busy_for_long_is_left_alone(source: Source, said: str) -> None:
    source.answer = lambda number: (503, {"Retry-After": said} if said else {}, b"")
    with Asker() as asker:
        assert asker.get(source.url, accept="*/*").status == 503
    assert len(source.connections) == 1
    assert (asker.not_before is not None) == (said == "100000")


@pytest.mark.parametrize(("said", "hours"), [("7200", 2), ("999999999", 7 * 24)])
def test_until_when_a_busy_server_wants_to_be_left_alone_is_kept_for_the_next_run(source: Source, said: str, hours: int) -> None:
    source.answer = lambda number: (429, {"Retry-After": said}, b"")
    before = datetime.now(UTC)
    with Asker() as asker:
        asker.get(source.url, accept="*/*")
    assert asker.not_before is not None
    assert timedelta(hours=hours) <= asker.not_before - before <= timedelta(hours=hours, minutes=1)


def test_a_server_that_is_always_busy_is_not_asked_for_ever(source: Source) -> None:
    source.answer = lambda number: (429, {"Retry-After": "0"}, b"")
    with Asker() as asker:
        assert asker.get(source.url, accept="*/*").status == 429
    assert len(source.connections) == 5


def test_the_whole_reading_has_a_deadline_and_a_most_of_bytes(source: Source) -> None:
    source.answer = lambda number: (200, {}, b"x" * 1000)
    with Asker(max_bytes=2500) as asker:
        assert asker.get(source.url, accept="*/*").ok
        assert asker.get(source.url, accept="*/*").ok
        with pytest.raises(SourceProblem, match="larger than this site reads"):
            asker.get(source.url, accept="*/*")
    with Asker(seconds=0.2) as asker:
        assert asker.get(source.url, accept="*/*").ok
        asker.ends = time.monotonic()
        with pytest.raises(SourceProblem, match="took longer than"):
            asker.get(source.url, accept="*/*")
    assert len(source.connections) == 4


@pytest.mark.parametrize(("seconds", "words"), [(20, "20 seconds"), (119.6, "120 seconds"), (120, "2 minutes"),
                                                (7200, "120 minutes"), (150, "2.5 minutes")])
def test_how_long_was_too_long_is_said_as_people_say_it(seconds: float, words: str) -> None:
    with Asker(seconds=seconds) as asker:
        asker.ends = time.monotonic()
        with pytest.raises(SourceProblem) as problem:
            asker.get("http://127.0.0.1:9/", accept="*/*")
    assert str(problem.value) == f"Reading the source took longer than {words}; the rest was not read."


@pytest.mark.parametrize(("run", "answer", "words"), [(0.3, 5.0, "Reading the source took longer than"), (5.0, 0.3, "The answer took too long")])
def test_a_source_that_hangs_is_blamed_for_the_time_that_was_up(source: Source, run: float, answer: float, words: str) -> None:
    over = threading.Event()

    def hangs(_number: int) -> None:
        over.wait(20)

    source.answer = hangs
    try:
        with Asker(seconds=run) as asker:
            asker._each = answer
            with pytest.raises((SourceProblem, FetchTimedOut), match=words):
                asker.get(source.url, accept="*/*")
    finally:
        over.set()
