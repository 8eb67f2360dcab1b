"""B5: every way in which a harvest source, a preview or a file's address could make this server ask an inner address, against a canary.

The canary listens on loopback and, where the machine has one, on its own private address, and counts who connects. Nobody may, by a name, a
spelling, a redirect, a name that changes its mind, a page's next page or a context, unless the address is on the list of
`participation.fetch.allow`: then the same ways must lead to it, or else the canary would be deaf.
Names that no resolver knows are answered in the process that harvests; all sockets are real.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench import report
from bench.orders import Orders
from bench.report import Figure
from bench.server import House, ended_by_signal
from faults.harvest_site import obeying
from faults.portal import CKAN, DCAT
from report import say, step

# In a part of the address space that nobody has been given: public to all who judge by the address, and led nowhere.
PUBLIC = "2e00::1"
INSIDE, CHANGES, BOTH = "inside.example", "changes.example", "both.example"
TURTLE = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
"""


class Canary:
    """Counts who connects to its addresses, all on one port, and hangs up."""

    def __init__(self) -> None:
        self.connections = 0
        self.doors: list[socket.socket] = []
        self.addresses: list[str] = []
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), *_own_addresses()):
            port = self.doors[0].getsockname()[1] if self.doors else 0
            door = socket.socket(family, socket.SOCK_STREAM)
            try:
                door.bind((address, port))
            except OSError as error:
                say(f"  no canary on {address}: {error.strerror}")
                door.close()
                continue
            door.listen(16)
            self.doors.append(door)
            self.addresses.append(address)
            threading.Thread(target=self._count, args=(door,), daemon=True).start()
        self.port = self.doors[0].getsockname()[1]

    def _count(self, door: socket.socket) -> None:
        while True:
            try:
                visitor, _ = door.accept()
            except OSError:
                return
            self.connections += 1
            visitor.close()

    def close(self) -> None:
        """Stop listening."""
        for door in self.doors:
            door.shutdown(socket.SHUT_RDWR)
            door.close()

    def at(self, host: str, path: str = "/") -> str:
        """Its address under a name or a spelling."""
        return f"http://{host}:{self.port}{path}"


def _own_addresses() -> Iterator[tuple[int, str]]:
    """The addresses that this machine would be seen under. Nothing is sent: a datagram's socket only looks at the routes."""
    for family, somewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as door:
            try:
                door.connect((somewhere, 9))
            except OSError:
                continue
            yield family, door.getsockname()[0]


class Front:
    """A server that may be asked, and says what a way needs it to say: `answers` by path, each a status, a type, headers and a body."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, dict[str, str], str]] = {}
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, headers, body = front.answers.get(self.path.partition("?")[0], (404, "text/plain", {}, "Nothing here."))
                self.send_response(status)
                for name, value in {"Content-Type": kind, "Content-Length": str(len(body.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body.encode())

            do_HEAD = do_GET  # noqa: N815  http.server's name

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()

    def at(self, path: str) -> str:
        """One of its addresses."""
        return f"http://127.0.0.1:{self.port}{path}"

    def says(self, path: str, body: str, kind: str = "text/turtle", status: int = 200, **headers: str) -> str:
        """Answer so at this path from now on; its address."""
        self.answers[path] = (status, kind, headers, body)
        return self.at(path)


@dataclass
class Way:
    """A way to the canary. `go` takes it and gives what was said; `leads`: with the address allowed it must lead there."""

    name: str
    go: Callable[[str], list[str]]
    leads: bool = True
    refused: int = 0
    allowed: int = 0
    said: list[str] = field(default_factory=list)


def main() -> int:
    """Take every way, first with the canary out of bounds, then with it allowed."""
    house = House.open()
    ini = house.ours(**{"participation.fetch.seconds": "3", "participation.links.per_day": "1000", "participation.links.host_pause": "0"})
    with closing(Canary()) as canary, closing(Front()) as front, obeying(house, ini) as orders:
        say(f"canary on {', '.join(canary.addresses)}\n")
        ways = list(all_ways(canary, front, orders))
        inner = [f"{_bracketed(address)}:{canary.port}" for address in canary.addresses]
        named = [f"{name}:{canary.port}" for name in (INSIDE, CHANGES, BOTH)]
        for allowed, title in ((False, "Ways to an address that may not be asked"), (True, "The same, with the address allowed")):
            orders.give("allow", addresses=[f"127.0.0.1:{front.port}", *([*inner, *named] if allowed else [])])
            with step(title) as progress:
                for way in ways:
                    progress(way.name)
                    with counted(canary) as count:
                        # Connections go to the first address: allowed, that is the one that answers.
                        both = ["127.0.0.1", PUBLIC] if allowed else [PUBLIC, "127.0.0.1"]
                        orders.give("names", answers={INSIDE: [["127.0.0.1"]], CHANGES: [[PUBLIC], ["127.0.0.1"]], BOTH: [both]})
                        said = way.go("allowed" if allowed else "refused")
                    if allowed:
                        way.allowed = count()
                    else:
                        way.refused, way.said = count(), said
        return report.closing(judge(ways, canary))


@contextmanager
def counted(canary: Canary) -> Iterator[Callable[[], int]]:
    """Count who connects within the block."""
    before = canary.connections
    # Who connected was put down by the time that what connected has its answer: the canary hangs up only after counting.
    yield lambda: canary.connections - before


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def all_ways(canary: Canary, front: Front, orders: Orders) -> Iterator[Way]:
    """Every way, as sources of either type, previews and addresses of files."""
    numbers = iter(range(1, 10_000))

    def harvests(url: str, *kinds: str, times: int = 1) -> Callable[[str], list[str]]:
        def go(word: str) -> list[str]:
            said = []
            for kind in kinds or (CKAN, DCAT):
                source = orders.give("source", name=f"{word}-{next(numbers)}", kind=kind, url=url)
                for _ in range(times):
                    said += orders.give("harvest", source=source)
            return said
        return go

    def previews(url: str, *kinds: str) -> Callable[[str], list[str]]:
        return lambda word: [sentence for kind in kinds or ("", CKAN, DCAT) for sentence in orders.give(
            "preview", url=url, kind=kind, name=f"{word}-{next(numbers)}")]

    def files(*urls: str) -> Callable[[str], list[str]]:
        return lambda word: orders.give("check_links", urls=[f"{url}?{next(numbers)}" for url in urls], name=f"{word}-{next(numbers)}")

    for spelling in spellings(canary):
        yield Way(f"source at {spelling}", harvests(canary.at(spelling)))
    yield Way("source at a name for loopback", harvests(canary.at(INSIDE)))
    yield Way("source at a name for a public address and loopback", harvests(canary.at(BOTH)))
    yield Way("source at a name that changes from public to loopback", harvests(canary.at(CHANGES), times=2))
    for status in (301, 302, 303, 307, 308):
        yield Way(f"redirect ({status})", harvests(front.says(f"/redirect{status}", "", status=status, Location=canary.at("127.0.0.1")), DCAT))
    yield Way("redirect of a CKAN's API", harvests(
        front.says("/api/3/action/package_search", "", status=302, Location=canary.at("127.0.0.1")).partition("/api")[0], CKAN))
    yield Way("redirect to a name", harvests(front.says("/to-name", "", status=302, Location=canary.at(INSIDE)), DCAT))
    yield Way("redirect to a redirect", harvests(front.says("/twice", "", status=302, Location=front.at("/redirect301")), DCAT))
    for name, statement in (("hydra:next", "hydra:next <{}>"), ("hydra:nextPage", "hydra:nextPage '{}'")):
        page = f"{TURTLE}<{front.at('/')}> a hydra:PagedCollection ; {statement.format(canary.at('127.0.0.1', '/2'))} ."
        yield Way(f"next page ({name})", harvests(front.says(f"/{name}", page), DCAT))
    # These are never asked, wherever they are: contexts, document types and imports.
    context = canary.at("127.0.0.1", "/context.jsonld")
    for name, document in (
            ("@context", {"@context": context, "@type": "dcat:Dataset"}),
            ("@context in a list", {"@context": [{"dcat": "http://www.w3.org/ns/dcat#"}, context], "@type": "dcat:Dataset"}),
            ("@context inside", {"@context": {"dcat": "http://www.w3.org/ns/dcat#"}, "@graph": [{"@context": context, "@type": "dcat:Dataset"}]}),
            ("@import", {"@context": {"@import": context}, "@type": "dcat:Dataset"})):
        yield Way(f"JSON-LD {name}", harvests(front.says(f"/{name.replace(' ', '-')}", json.dumps(document), "application/ld+json"), DCAT), False)
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF>'
    for name, document in (
            ("external document type", f'<!DOCTYPE r SYSTEM "{canary.at("127.0.0.1", "/r.dtd")}">{rdf.format("")}'),
            ("external entity", f'<!DOCTYPE r [<!ENTITY a SYSTEM "{canary.at("127.0.0.1", "/a")}">]>{rdf.format("&a;")}'),
            ("import", rdf.format(f'<rdf:Description xmlns:owl="http://www.w3.org/2002/07/owl#"><owl:imports rdf:resource="'
                                  f'{canary.at("127.0.0.1", "/i")}"/></rdf:Description>'))):
        yield Way(f"XML {name}", harvests(front.says(f"/xml-{name.replace(' ', '-')}", document, "application/rdf+xml"), DCAT), False)
    yield Way("preview of a new source", previews(canary.at("127.0.0.1")))
    yield Way("preview of a redirect", previews(front.at("/redirect301"), DCAT))
    yield Way("preview of a page that names a catalogue", previews(front.says(
        "/page", f'<!DOCTYPE html><link rel="alternate" type="text/turtle" href="{canary.at("127.0.0.1")}"><p>Data</p>', "text/html"), ""))
    yield Way("a file's address, looked at by the link check", files(*(canary.at(one) for one in ("127.0.0.1", INSIDE))))
    yield Way("a file's redirect, looked at by the link check", files(front.at("/redirect302")))


def spellings(canary: Canary) -> Iterator[str]:
    """How the canary's addresses can be written."""
    yield from ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1")
    if "::1" in canary.addresses:
        yield from ("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]")
    yield from (_bracketed(address) for address in canary.addresses if address not in {"127.0.0.1", "::1"})


def judge(ways: Sequence[Way], canary: Canary) -> list[Figure]:
    """Who connected when nobody might, and whether the canary would have noticed."""
    say(report.table("Connections to the canary", ("way", "not allowed", "allowed"), [
        (way.name, way.refused, way.allowed if way.leads else f"{way.allowed} (never asked)") for way in ways]))
    for way in ways:
        for sentence in sorted(set(way.said)):
            say(f"  {way.name}: {sentence[:200]}")
    say()
    silent = [way for way in ways if not way.said]
    # The address of a context is the source's own words; what a name stands for, or where a redirect led, is not.
    telling = [way for way in ways if way.leads and any(str(canary.port) in one or "127.0.0.1" in one or "::1" in one for one in way.said)]
    return [
        Figure("b5-ways", len(ways), ">=", 35),
        Figure("b5-connections-not-allowed", sum(way.refused for way in ways), "<=", 0),
        Figure("b5-deaf-ways", sum(way.allowed == 0 for way in ways if way.leads), "<=", 0),
        Figure("b5-contexts-asked-although-allowed", sum(way.allowed for way in ways if not way.leads), "<=", 0),
        Figure("b5-ways-without-a-word-in-the-report", len(silent), "<=", 0),
        Figure("b5-sentences-that-tell-of-the-inside", len(telling), "<=", 0),
    ]


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
