"""A harvest source on loopback: it gives its datasets, as CKAN's API or as DCAT in Turtle, until it is told to make trouble."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

CKAN, DCAT = "participation_ckan", "participation_dcat"
_TYPES = {CKAN: "application/json;charset=utf-8", DCAT: "text/turtle; charset=utf-8"}
_PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
"""


Answer = Callable[["Portal", BaseHTTPRequestHandler], None]


class Portal:
    """One source on a port of its own, which makes it a host of its own. `asked`: the moments at which it was."""

    def __init__(self, name: str, kind: str, count: int, drip: float) -> None:
        self.name, self.kind, self.drip = name, kind, drip
        self.changes = 0
        self.records = [f"{name}-{number:04d}" for number in range(1, count + 1)]
        self.trouble: Answer | None = None
        self.asked: list[float] = []
        self.steps = 0
        self.over = threading.Event()
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                portal.answer(self)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Nothing: who is kept waiting hangs up, and that is the point."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.url = self.address if kind == CKAN else f"{self.address}/catalog.ttl"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        """Let whoever waits here go, and stop."""
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def turn(self, trouble: Answer | None) -> None:
        """From now on make this trouble; None for none."""
        self.steps = 0
        self.asked = []
        self.trouble = trouble

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One answer."""
        self.asked.append(time.monotonic())
        if self.trouble is not None:
            self.trouble(self, handler)
        else:
            self.send(handler, self.body(handler.path))

    def send(self, handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, kind: str = "", length: int | None = None,
             **headers: str) -> None:
        """Send an answer as servers do. `length`: what it says of its length; -1 for nothing, and the connection's end is its end."""
        handler.send_response(status)
        handler.send_header("Content-Type", kind or _TYPES[self.kind])
        for name, value in headers.items():
            handler.send_header(name, value)
        if length == -1:
            handler.send_header("Connection", "close")
        else:
            handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        handler.close_connection = handler.close_connection or length is not None

    # -- what it has ---------------------------------------------------------------------------------------------------

    def body(self, path: str) -> bytes:
        """What the source has to say, in whole or what was asked for."""
        return self.turtle(self.records) if self.kind == DCAT else self.search(path, self.records)

    def search(self, path: str, records: list[str], count: int | None = None) -> bytes:
        """`package_search`, with the filters that harvests use."""
        query = dict(parse_qsl(urlsplit(path).query))
        filters = query.get("fq", "")
        found = records
        if after := re.search(r'id:\{"([^"]*)" TO \*\]', filters):
            found = [one for one in found if one > after[1]]
        elif "id:(" in filters:
            found = [one for one in found if f'"{one}"' in filters]
        start = int(query.get("start", "0"))
        rows = [self.dataset(one, brief="fl" in query) for one in found[start : start + int(query.get("rows", "10"))]]
        return self.result(rows, len(found) if count is None else count)

    @staticmethod
    def result(rows: list[dict[str, Any]], count: int) -> bytes:
        """The outer form of an answer."""
        return json.dumps({"help": "", "success": True, "result": {"count": count, "sort": "id asc", "results": rows}}).encode()

    def dataset(self, name: str, *, brief: bool = False) -> dict[str, Any]:
        """One dataset as CKAN gives it."""
        moment = f"2026-01-01T00:{self.changes // 60:02d}:{self.changes % 60:02d}.000000"
        row = {"id": name, "name": name, "metadata_modified": moment}
        return row if brief else {
            **row, "type": "dataset", "state": "active", "private": False, "title": f"Title of {name}", "notes": f"State {self.changes}.",
            "resources": [{"id": f"{name}-file", "url": f"https://files.example.org/{name}.csv", "format": "CSV", "name": "File"}]}

    def turtle(self, records: list[str], following: str = "") -> bytes:
        """A page of Turtle, with the next page's address."""
        page = f"<{self.address}/catalog.ttl> a hydra:PagedCollection ; hydra:next <{following}> .\n" if following else ""
        return "\n".join([_PREFIXES, page, f"<{self.address}/catalog> a dcat:Catalog .", *(
            f'<{self.address}/{one}> a dcat:Dataset ; dct:identifier "{one}" ; dct:title "Title of {one}"@en ; '
            f'dct:description "State {self.changes}."@en ; dcat:distribution [ a dcat:Distribution ; '
            f"dcat:accessURL <https://files.example.org/{one}.csv> ] ." for one in records)]).encode()

    def new(self) -> str:
        """A dataset's name that was not there before, later in the order than all others."""
        self.steps += 1
        return f"{self.name}-more-{self.changes:04d}-{self.steps:06d}"


@contextmanager
def portals(*wanted: Portal) -> Iterator[None]:
    """Close them all at the end."""
    try:
        yield
    finally:
        for one in wanted:
            one.close()
