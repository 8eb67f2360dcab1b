"""The HTTP server: hands each request to its portal, and misbehaves where a test asks it to."""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, unquote, urlsplit

from replay.ckan_portal import Portal
from replay.data_json import Inventory
from replay.front_page import front_page
from replay.rdf_pages import PagedCatalogue
from replay.recordings import RECORDED
from replay.reply import Reply

LARGEST_BODY = 1_000_000
HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?")


class Origin(Protocol):
    def answer(self, path: str, parameters: dict[str, Any], base: str) -> Reply | None: ...


@dataclass
class Failure:
    """How one path misbehaves; ``times`` counts down, None means always."""

    status: int | None = None
    delay: float = 0.0
    keep_bytes: int | None = None
    body: bytes | None = None
    content_type: str | None = None
    drop: bool = False
    times: int | None = None


class Replay:
    """Recorded portals on a port of their own; a context manager.

        with Replay() as replay:
            requests.get(replay.url("/csa/api/3/action/package_list"))
            del replay.csa.datasets["some-name"]                  # the portal deletes a dataset
            replay.us.datasets[0]["title"] = "New"                 # an agency changes one
            replay.psdi.remove("http://…/data/1")                  # a catalogue loses one
            replay.fail("/us/data.json", status=503, times=2)      # two failures, then well again
            assert replay.requests[-1] == ("GET", "/us/data.json")

    ``port=0`` takes a free port. ``recordings`` is a folder with ``csa``, ``us`` and ``psdi``; those missing
    are not served.
    """

    csa: Portal
    us: Inventory
    psdi: PagedCatalogue

    def __init__(
        self,
        recordings: Path = RECORDED,
        host: str = "127.0.0.1",
        port: int = 0,
        log: Callable[[str], None] | None = None,
    ) -> None:
        kinds: dict[str, Callable[[Path], Origin]] = {"csa": Portal, "us": Inventory, "psdi": PagedCatalogue}
        self.origins: dict[str, Origin] = {}
        for name, kind in kinds.items():
            if (recordings / name).is_dir():
                self.origins[name] = kind(recordings / name)
                setattr(self, name, self.origins[name])
        if not self.origins:
            raise FileNotFoundError(f"{recordings} holds no recording")
        self.requests: list[tuple[str, str]] = []
        self.log = log
        self._failures: dict[str, Failure] = {}
        self._lock = threading.Lock()
        self._server = _Server((host, port), self)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self._server.server_port

    def url(self, path: str = "/") -> str:
        host = str(self._server.server_address[0])
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}{path}"

    def fail(
        self,
        path: str,
        *,
        status: int | None = None,
        delay: float = 0.0,
        keep_bytes: int | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
        drop: bool = False,
        times: int | None = None,
    ) -> None:
        """Make ``path`` (with its query string, or without it for every query) misbehave.

        ``status`` answers that status instead; ``delay`` waits so many seconds first; ``keep_bytes``
        announces the whole body and breaks off after so many bytes; ``body`` and ``content_type`` answer
        something else; ``drop`` closes the connection without a word. ``times``: how often, then the path is
        well again.
        """
        self._failures[path] = Failure(status, delay, keep_bytes, body, content_type, drop, times)

    def recover(self, path: str | None = None) -> None:
        """End the failure of ``path``, or all of them."""
        if path is None:
            self._failures.clear()
        else:
            self._failures.pop(path, None)

    def failure_of(self, target: str) -> Failure | None:
        with self._lock:
            for key in (target, urlsplit(target).path):
                failure = self._failures.get(key)
                if failure is not None:
                    if failure.times is not None:
                        failure.times -= 1
                        if failure.times <= 0:
                            del self._failures[key]
                    return failure
        return None

    def answer(self, path: str, parameters: dict[str, Any], base: str) -> Reply:
        if path in {"", "/"}:
            return front_page(base, self.origins)
        _, name, *rest = path.split("/", 2)
        origin = self.origins.get(name)
        with self._lock:
            reply = origin.answer("/" + "".join(rest), parameters, base) if origin else None
        return reply or Reply(b"Not found. What is served is listed at /\n", "text/plain; charset=utf-8", 404)

    def serve_forever(self) -> None:
        self._server.serve_forever()

    def close(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], replay: Replay) -> None:
        self.replay = replay
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hangs up is no news; anything else is.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    server_version = "replay"
    sys_version = ""
    # Headers and body go out in two writes: without this, each reply waits for the client's delayed
    # acknowledgement.
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        self._serve(None)

    def do_HEAD(self) -> None:
        self._serve(None)

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST_BODY:
            self.close_connection = True
            self._send(Reply(b"The body is too large.\n", "text/plain; charset=utf-8", 413), None)
            return
        self._serve(self.rfile.read(length))

    def _serve(self, posted: bytes | None) -> None:
        replay = self.server.replay
        replay.requests.append((self.command, self.path))
        failure = replay.failure_of(self.path)
        if failure is not None and failure.delay:
            time.sleep(failure.delay)
        if failure is not None and failure.drop:
            self.close_connection = True
            return
        self._send(self._reply(posted, failure), failure)

    def _reply(self, posted: bytes | None, failure: Failure | None) -> Reply:
        if failure is not None and failure.status is not None:
            body = f"The replay was asked to fail with {failure.status}.\n".encode()
            return Reply(
                failure.body or body, failure.content_type or "text/plain; charset=utf-8", failure.status
            )
        address = urlsplit(self.path)
        try:
            parameters = _parameters(address.query, posted)
        except ValueError as error:
            message = json.dumps(f"Bad request - JSON Error: {error}").encode()
            return Reply(message, "application/json;charset=utf-8", 400)
        reply = self.server.replay.answer(unquote(address.path), parameters, self._base())
        if failure is not None:
            reply.body = reply.body if failure.body is None else failure.body
            reply.content_type = failure.content_type or reply.content_type
        return reply if reply.status != 200 else reply.negotiated(self.headers)

    def _base(self) -> str:
        host = self.headers.get("Host", "")
        return f"http://{host}" if HOST.fullmatch(host) else self.server.replay.url("")

    def _send(self, reply: Reply, failure: Failure | None) -> None:
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        body = reply.body
        if failure is not None and failure.keep_bytes is not None:
            body = body[: failure.keep_bytes]
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        if self.server.replay.log is not None:
            when = datetime.now(UTC).isoformat(timespec="seconds")
            self.server.replay.log(f"{when} {self.address_string()} {printable(format % args)}")


def printable(text: str) -> str:
    """One line of log stays one line, whatever the client sent."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def _parameters(query: str, posted: bytes | None) -> dict[str, Any]:
    """What CKAN makes of a request: a posted JSON object, else a posted form, else the query string."""
    if posted:
        text = posted.decode("utf-8")
        if text.lstrip().startswith("{"):
            return json.loads(text)
        query = text
    found = parse_qs(query, keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
