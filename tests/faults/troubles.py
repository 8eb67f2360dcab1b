"""What bad harvest sources do: hang, lie, never end; and what a job's report should say of each."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from faults.portal import CKAN, DCAT, Answer, Portal

HTML = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form method=post>Password: <input></form></body></html>"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
_LEVELS = "".join(f'<!ENTITY {one} "{f"&{before};" * 10}">' for one, before in zip("bcdefghij", "abcdefghi", strict=True))
BOMB = (f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "{"ha" * 15}">{_LEVELS}]>'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&j;</rdf:RDF>').encode()
SAME = 1000

Handler = BaseHTTPRequestHandler


@dataclass(frozen=True)
class Trouble:
    """A trouble: `words` are in the report's sentences by kind of source, none at all where there is none. `lasts`: until time is up."""

    name: str
    answer: Answer
    words: Mapping[str, str] = field(default_factory=dict)
    lasts: bool = False


def hangs(portal: Portal, handler: Handler) -> None:
    """Nothing, ever."""
    portal.over.wait()


def drips(portal: Portal, handler: Handler) -> None:
    """The body, a byte now and then."""
    body = portal.body(handler.path)
    portal.send(handler, b"", length=len(body))
    _drip(portal, handler, body)


def drips_headers(portal: Portal, handler: Handler) -> None:
    """Headers, a byte now and then."""
    _drip(portal, handler, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000)


def _drip(portal: Portal, handler: Handler, body: bytes) -> None:
    for byte in body:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        if portal.over.wait(portal.drip):
            return


def redirects(portal: Portal, handler: Handler) -> None:
    """To another address that redirects back."""
    other = "/b" if handler.path.startswith("/a") else "/a"
    portal.send(handler, b"", status=302, Location=portal.address + other)


def resets(portal: Portal, handler: Handler) -> None:
    """Half of it, then a reset."""
    body = portal.body(handler.path)
    portal.send(handler, body[: len(body) // 2], length=len(body))
    # With nothing to linger for, closing resets.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def breaks_off(portal: Portal, handler: Handler) -> None:
    """Less than it says that there is."""
    body = portal.body(handler.path)
    portal.send(handler, body[: len(body) // 2], length=len(body))


def breaks_off_unsaid(portal: Portal, handler: Handler) -> None:
    """Half of it, without having said how much there would be."""
    body = portal.body(handler.path)
    portal.send(handler, body[: len(body) // 2], length=-1)


def other_type(portal: Portal, handler: Handler) -> None:
    """All of it, called something else."""
    portal.send(handler, portal.body(handler.path), kind="image/png")


def other_content(portal: Portal, handler: Handler) -> None:
    """A picture, called a catalogue."""
    portal.send(handler, PNG)


def login(portal: Portal, handler: Handler) -> None:
    """A page that wants a password, where one is sent from every address."""
    if handler.path.startswith("/login"):
        portal.send(handler, HTML, kind="text/html; charset=utf-8")
    else:
        portal.send(handler, b"", status=302, Location=f"{portal.address}/login")


def bomb(portal: Portal, handler: Handler) -> None:
    """RDF/XML of half a kilobyte whose entities grow to thirty gigabytes."""
    portal.send(handler, BOMB, kind="application/rdf+xml")


def endless(portal: Portal, handler: Handler) -> None:
    """Always one more page with one more dataset."""
    if portal.over.wait(0.2):
        return
    if portal.kind == DCAT:
        following = f"{portal.address}/catalog.ttl?page={portal.new()}"
        portal.send(handler, portal.turtle([portal.new()] if portal.steps > 1 else portal.records, following))
        return
    new = portal.new()
    rows = [new] if portal.steps > 1 else portal.records
    portal.send(handler, portal.result([portal.dataset(one, brief="fl=" in handler.path) for one in rows], 1_000_000))


def circle(portal: Portal, handler: Handler) -> None:
    """Two pages, each of which calls the other one the next."""
    half = len(portal.records) // 2
    if portal.kind == DCAT:
        second = handler.path.endswith("b")
        records = portal.records[half:] if second else portal.records[:half]
        portal.send(handler, portal.turtle(records, f"{portal.address}/catalog.ttl" + ("" if second else "?b")))
        return
    portal.steps += 1
    records = portal.records[:half] if portal.steps % 2 else portal.records[half:]
    portal.send(handler, portal.result([portal.dataset(one, brief="fl=" in handler.path) for one in records], 1_000_000))


def same_again(portal: Portal, handler: Handler) -> None:
    """A thousand records with one identifier, then the others."""
    if portal.kind == DCAT:
        rows = [{"identifier": f"{portal.address}/{portal.records[0]}", "title": f"Number {number}", "description": "The same.",
                 "distribution": []} for number in range(SAME)]
        rows += [{"identifier": f"{portal.address}/{one}", "title": f"Title of {one}", "description": "An other."} for one in portal.records[1:]]
        portal.send(handler, json.dumps({"dataset": rows}).encode(), kind="application/json")
        return
    query = dict(parse_qsl(urlsplit(handler.path).query))
    records = [portal.records[0]] * SAME + portal.records[1:]
    if "id:(" in query.get("fq", ""):
        portal.send(handler, portal.search(handler.path, portal.records))
        return
    start = int(query.get("start", "0"))
    rows = [portal.dataset(one, brief="fl" in query) for one in records[start : start + int(query.get("rows", "10"))]]
    portal.send(handler, portal.result(rows, len(records)))


def empty(portal: Portal, handler: Handler) -> None:
    """A sound catalogue without a dataset."""
    portal.send(handler, portal.turtle([]) if portal.kind == DCAT else portal.result([], 0))


def nearly_empty(portal: Portal, handler: Handler) -> None:
    """A sound catalogue with one dataset."""
    some = portal.records[:1]
    portal.send(handler, portal.turtle(some) if portal.kind == DCAT else portal.search(handler.path, some))


def never_full(portal: Portal, handler: Handler) -> None:
    """A body without an end, as fast as it is taken."""
    portal.send(handler, b"[", length=-1)
    while not portal.over.is_set():
        handler.wfile.write(b"{}, " * 16_384)


def is_broken(portal: Portal, handler: Handler) -> None:
    """An error of the server."""
    portal.send(handler, HTML, status=500, kind="text/html")


def is_busy(portal: Portal, handler: Handler) -> None:
    """Too busy, each time that it is asked."""
    portal.send(handler, b"", status=503, **{"Retry-After": "1"})


NO_JSON, TOO_LONG = "its answer is no JSON", "took too long"
# What came is read where a record of it is whole.
BROKE_OFF = "its answer broke off|breaks off before its end|broke off before their end"
ENDS = "Reading the source took longer than"
# Beside each other are made the first two, then the next two, and so on.
TROUBLES = (
    Trouble("accepts and never answers", hangs, {CKAN: TOO_LONG, DCAT: TOO_LONG}, lasts=True),
    Trouble("a byte now and then", drips, {CKAN: TOO_LONG, DCAT: TOO_LONG}, lasts=True),
    Trouble("a byte of the headers now and then", drips_headers, {CKAN: TOO_LONG, DCAT: TOO_LONG}, lasts=True),
    Trouble("endless pages", endless, {CKAN: ENDS, DCAT: ENDS}, lasts=True),
    Trouble("redirects in a circle", redirects, {CKAN: "redirects too often", DCAT: "redirects too often"}),
    Trouble("connection reset in the middle", resets, {CKAN: BROKE_OFF, DCAT: BROKE_OFF}),
    Trouble("body shorter than said", breaks_off, {CKAN: BROKE_OFF, DCAT: BROKE_OFF}),
    Trouble("body cut off, length not said", breaks_off_unsaid, {CKAN: f"{NO_JSON}|{BROKE_OFF}", DCAT: f"The RDF is broken|{BROKE_OFF}"}),
    Trouble("sound, under a wrong content type", other_type),
    Trouble("a picture under the right content type", other_content, {CKAN: NO_JSON, DCAT: "The RDF is broken|not a catalogue"}),
    Trouble("a log-in page", login, {CKAN: NO_JSON, DCAT: "This is a web page"}),
    Trouble(f"entity bomb of {len(BOMB)} bytes", bomb, {CKAN: NO_JSON, DCAT: "DOCTYPE"}),
    Trouble("page A names B, B names A", circle, {CKAN: "the same page again and again", DCAT: "go round in a circle"}),
    Trouble(f"{SAME:,} records with one identifier", same_again,
            {CKAN: "identifier of another|names 1,?0.. datasets but gave", DCAT: "have the identifier of another"}),
    Trouble("no dataset any more", empty, {CKAN: "there is no dataset in it", DCAT: "there is no dataset in it"}),
    Trouble("one dataset left", nearly_empty, {CKAN: "are no longer at the source", DCAT: "are no longer at the source"}),
    Trouble("a body without an end", never_full, {CKAN: "larger than this site reads", DCAT: "larger than this site reads"}),
    Trouble("error 500 each time", is_broken, {CKAN: "the error 500", DCAT: "the error 500"}),
    Trouble("busy each time", is_busy, {CKAN: "the error 503", DCAT: "the error 503"}),
)
