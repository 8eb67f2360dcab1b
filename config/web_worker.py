"""gunicorn's threaded worker for clients that must keep up: who sends slowly, or nothing, is hung up on and holds no thread for long.

The head of a request has three seconds, its body ten, and every 30 kB that arrive earn one more. nginx in front holds heads back until
they are whole, but lets large uploads through as they come; without nginx (`make up`) this is all that stands between a slow client and
the few threads.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers import gthread

HEAD_SECONDS = 3.0
BODY_SECONDS = 10.0
BYTES_PER_SECOND = 30_000
# How long a thread looks whether a new connection says anything; then the connection waits where it costs none.
GLANCE_SECONDS = 0.05
# How long a client may take to hear the last answer and hang up itself. gunicorn waits two seconds, one client after the other, in
# the loop that everybody's requests pass.
GOODBYE_SECONDS = 0.5
GOODBYE_BYTES = 1_000_000


class HurriedUnreader(SocketUnreader):
    """Reads from a socket until the request's time is over; from then on the client counts as gone."""

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self.late = False
        self.deadline = 0.0

    def allow(self, seconds: float) -> None:
        """Give the client so much time from now on."""
        self.deadline = time.monotonic() + seconds

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes, or none when the client has gone or is late."""
        left = self.deadline - time.monotonic()
        if self.late or left <= 0:
            self.late = True
            return b""
        before = self.sock.gettimeout()
        self.sock.settimeout(left if before is None else min(before, left))
        try:
            data = super().chunk(size_hint)  # type: ignore[call-arg]
        except TimeoutError:
            self.late = True
            return b""
        finally:
            self.sock.settimeout(before)
        self.deadline += len(data) / BYTES_PER_SECOND
        return data


class Worker(gthread.ThreadWorker):
    """Serves requests in threads, as gunicorn's own `gthread`, with HurriedUnreader."""

    def handle(self, conn: Any) -> Any:
        """Serve one request of a connection; runs in a thread."""
        if not conn.initialized:
            if not conn.wait_for_data(GLANCE_SECONDS):
                return gthread._DEFER  # type: ignore[attr-defined]
            conn.init()
            conn.parser.unreader = HurriedUnreader(conn.sock)
        conn.parser.unreader.allow(HEAD_SECONDS)
        kept = super().handle(conn)
        if not kept:
            _say_goodbye(conn.sock, GOODBYE_SECONDS if not conn.parser.unreader.late else 0)
        return kept

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head is there."""
        conn.parser.unreader.allow(BODY_SECONDS)
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        # What is left of a late request would be read as the next one.
        return super()._keepalive_after(conn, keepalive) and not conn.parser.unreader.late


def _say_goodbye(line: socket.socket, seconds: float) -> None:
    """End a connection, reading what is still on its way: thrown away unread it would take the answer with it."""
    deadline, read = time.monotonic() + seconds, 0
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_WR)
        while read < GOODBYE_BYTES and (left := deadline - time.monotonic()) > 0:
            line.settimeout(left)
            data = line.recv(65536)
            if not data:
                break
            read += len(data)
    # Whoever closes it now has nothing to wait for.
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
