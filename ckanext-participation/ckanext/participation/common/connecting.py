"""The sockets behind `fetch`: addresses checked when connecting, and one deadline on every read. Imports no CKAN."""

from __future__ import annotations

import functools
import http.client
import io
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ckanext.participation.common.addresses import Allowed, may_ask

# (host, port) -> rows as socket.getaddrinfo gives them
Resolve = Callable[[str, int], list[tuple[Any, ...]]]


class AddressRefused(Exception):
    """A name led to an address that may not be asked."""


def system_resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """Ask the system's resolver."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Deadline(threading.local):
    """The moment at which the request of this thread must be over."""

    ends = float("inf")

    def start(self, seconds: float) -> None:
        """Begin a request that may take so long."""
        self.ends = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left, more than zero; raises TimeoutError when there are none."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def passed(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.ends


@dataclass
class Guard:
    """What the connections of one session share."""

    allowed: Allowed
    resolve: Resolve = system_resolve
    deadline: Deadline = field(default_factory=Deadline)

    def connect(self, host: str, port: int) -> socket.socket:
        """Resolve once, check every address, and connect to one of those very addresses."""
        try:
            rows = self.resolve(host, port)
        except UnicodeError as error:
            raise OSError("not a host name") from error
        if any(not may_ask(host, row[4][0], port, self.allowed) for row in rows):
            raise AddressRefused
        failure = OSError("the name has no address")
        for family, kind, protocol, _name, address in rows:
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(self.deadline.left())
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.connect(address)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure


class _TimedReads(io.RawIOBase):
    """A socket's bytes; every read waits only for what is left of the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self.inner: Any = connection.makefile("rb", buffering=0)
        self.connection = connection
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.connection.settimeout(self.deadline.left())
        return self.inner.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self.inner.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedReads(sock, deadline))


class _GuardedConnection:
    """What our http and https connections do instead of urllib3's."""

    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard
        self.response_class = functools.partial(_TimedResponse, deadline=guard.deadline)

    def _new_conn(self) -> socket.socket:
        return self.guard.connect(self._dns_host, self.port)  # type: ignore[attr-defined]


class _GuardedHTTP(_GuardedConnection, HTTPConnection):
    pass


class _GuardedHTTPS(_GuardedConnection, HTTPSConnection):
    pass


def pool_classes(guard: Guard) -> dict[str, type]:
    """urllib3's pools, with connections that obey `guard`."""
    http_connection = functools.partial(_GuardedHTTP, guard=guard)
    https_connection = functools.partial(_GuardedHTTPS, guard=guard)
    return {
        "http": type("GuardedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": staticmethod(http_connection)}),
        "https": type("GuardedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": staticmethod(https_connection)}),
    }
