"""Datasets that lack something, and a server whose addresses are asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

CONTACT = [{"name": "Data desk", "email": "desk@example.org"}]
GOOD: dict[str, Any] = {
    "license_id": "OGL-Canada-2.0", "title_translated": {"fr": "Neige", "en": "Snow"}, "notes_translated": {"fr": "Où ?", "en": "Where?"},
    "contact": CONTACT, "resources": [{"url": "https://data.example.org/snow.csv", "format": "CSV"}]}

Reply = tuple[int, dict[str, str]]


class Served:
    """A server that does what a test says: `answers` by path, each a status and headers, or None to hang up; 200 for all others."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply | Callable[[str], Reply | None] | None] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                with served.lock:
                    served.at_once += 1
                    served.most_at_once = max(served.most_at_once, served.at_once)
                    served.asked.append((self.command, self.path))
                    served.headers.append(dict(self.headers))
                try:
                    answer = served.answers.get(self.path, (200, {}))
                    answer = answer(self.command) if callable(answer) else answer
                    if answer is None:
                        self.close_connection = True
                        return
                    self.send_response(answer[0])
                    for name, value in ({"Content-Length": "0"} | answer[1]).items():
                        self.send_header(name, value)
                    self.end_headers()
                finally:
                    with served.lock:
                        served.at_once -= 1

            def do_GET(self) -> None:
                self.handle_one()

            def do_HEAD(self) -> None:
                self.handle_one()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def url(self, path: str, host: str = "data.example.org") -> str:
        """Return the address of a path; every host leads here."""
        return f"http://{host}:{self.port}{path}"

    def resolve(self, _host: str, port: int) -> list[tuple[Any, ...]]:
        """Lead every name here."""
        import socket

        return list(socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM))

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def served(ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server that the site may ask although it is not public."""
    one = Served()
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", [f"127.0.0.1:{one.port}"])
    monkeypatch.setitem(ckan_config, "participation.links.per_day", 1000)
    yield one
    one.close()
