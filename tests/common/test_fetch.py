"""Every outgoing request: what is asked, what is refused, and when it ends. Real sockets throughout."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import ckan.plugins.toolkit as tk
import pytest

from ckanext.participation.common import fetch as fetching
from ckanext.participation.common.fetch import (
    FetchError,
    FetchFailed,
    FetchRefused,
    FetchTimedOut,
    FetchTooLarge,
    fetch,
    guarded_session,
)

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A server on loopback that answers as each test says and remembers who connected and what they sent."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    connections: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def sites() -> Iterator[Callable[[], Site]]:
    servers: list[ThreadingHTTPServer] = []

    def start() -> Site:
        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> Any:
                request = super().get_request()
                site.connections.append(request[1])
                return request

            def handle_error(self, *_: object) -> None:
                """A client that hangs up is what these tests are about."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.headers.append({name.lower(): value for name, value in self.headers.items()})
                site.answers.get(self.path, plain(b"well"))(self)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = Server(("127.0.0.1", 0), Handler)
        site = Site(server.server_port)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return site

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("allow", []), ("seconds", 5), ("max_bytes", 1_000_000)):
        monkeypatch.setitem(tk.config, f"participation.fetch.{name}", value)


@pytest.fixture
def site(sites: Callable[[], Site], settings: None, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A server that may be asked."""
    started = sites()
    monkeypatch.setitem(tk.config, "participation.fetch.allow", [f"127.0.0.1:{started.port}"])
    return started


@pytest.fixture
def canary(sites: Callable[[], Site], settings: None) -> Site:
    """A server that may not be asked."""
    return sites()


def plain(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


SPELLINGS = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "127.1",
    "0177.0.0.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::]",
    "LOCALHOST",
    "localhost.",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_loopback_is_refused_in_every_spelling_and_nobody_connects(canary: Site, host: str) -> None:
    with pytest.raises(FetchError) as refused:
        fetch(canary.url(host=host))
    assert canary.connections == []
    assert "127" not in refused.value.sentence
    assert str(canary.port) not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://127.0.0.1:70/",
        "data:,x",
        "//example.org/",
        "/etc/passwd",
        "",
        "http://",
        "http:///x",
        "javascript:alert(1)",
    ],
)
def test_only_web_addresses_are_asked(settings: None, url: str) -> None:
    with pytest.raises(FetchRefused):
        fetch(url)


@pytest.mark.parametrize("url", ["http://%00/", "http://a b/", "http://[::zz]/", "http://x:99999/", "http://" + "a" * 300 + "/"])
def test_a_broken_address_is_a_named_error(settings: None, url: str) -> None:
    with pytest.raises(FetchError):
        fetch(url)


def test_an_allowed_address_is_read_whole(site: Site) -> None:
    site.answers["/a"] = plain("été".encode(), Content_Type="text/plain; charset=utf-8", ETag='"1"')
    reply = fetch(site.url("/a"), accept="text/plain")
    assert (reply.status, reply.text, reply.etag, reply.content_type) == (200, "été", '"1"', "text/plain")
    assert site.headers[0]["accept"] == "text/plain"


def test_a_server_that_has_nothing_new_is_heard(site: Site) -> None:
    site.answers["/a"] = plain(b"", 304)
    reply = fetch(site.url("/a"), conditional=('"1"', "Mon, 01 Jan 2024 00:00:00 GMT"))
    assert reply.not_modified
    assert not reply.ok
    assert site.headers[0]["if-none-match"] == '"1"'
    assert site.headers[0]["if-modified-since"].startswith("Mon")


def test_an_error_status_is_an_answer(site: Site) -> None:
    site.answers["/a"] = plain(b"no", 503)
    assert fetch(site.url("/a")).status == 503


def test_a_redirect_to_an_inner_address_is_not_followed(site: Site, canary: Site) -> None:
    site.answers["/a"] = plain(b"", 302, Location=canary.url("/secret"))
    with pytest.raises(FetchRefused):
        fetch(site.url("/a"))
    assert canary.connections == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://[::1]:9/"])
def test_a_redirect_is_held_to_the_same_rules(site: Site, target: str) -> None:
    site.answers["/a"] = plain(b"", 302, Location=target)
    with pytest.raises(FetchRefused):
        fetch(site.url("/a"))


def test_a_circle_of_redirects_ends(site: Site) -> None:
    site.answers["/a"] = plain(b"", 302, Location="/b")
    site.answers["/b"] = plain(b"", 302, Location="/a")
    with pytest.raises(FetchFailed):
        fetch(site.url("/a"))
    assert len(site.headers) == fetching.MAX_REDIRECTS + 1


def test_credentials_do_not_follow_a_redirect_to_another_host(
    site: Site, sites: Callable[[], Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sites()
    monkeypatch.setitem(tk.config, "participation.fetch.allow", [f"127.0.0.1:{site.port}", f"127.0.0.1:{other.port}"])
    site.answers["/a"] = plain(b"", 302, Location=other.url("/b"))
    fetch(site.url("/a"), headers={"Authorization": "key", "X-CKAN-API-Key": "key", "Cookie": "a=key"}, accept="text/turtle")
    assert site.headers[0]["authorization"] == "key"
    assert "key" not in str(other.headers[0].values())
    assert other.headers[0]["accept"] == "text/turtle"


def test_a_name_that_leads_inside_is_refused(canary: Site) -> None:
    def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
        return socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)

    with pytest.raises(FetchRefused):
        fetch(canary.url(host="rebinding.example"), resolve=resolve)
    assert canary.connections == []


def test_a_name_that_changes_its_mind_is_asked_only_once_per_connection(canary: Site) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with pytest.raises(FetchError):
        fetch(canary.url(host="rebinding.example"), resolve=resolve, seconds=0.5)
    assert asked == ["rebinding.example"]
    assert canary.connections == []


def test_one_inner_address_among_public_ones_is_enough_to_refuse(canary: Site) -> None:
    def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.1", "93.184.216.34")]

    with pytest.raises(FetchRefused):
        fetch(canary.url(host="mixed.example"), resolve=resolve)
    assert canary.connections == []


def test_a_body_that_drips_meets_the_deadline(site: Site) -> None:
    site.answers["/slow"] = drip
    started = time.monotonic()
    with pytest.raises(FetchTimedOut):
        fetch(site.url("/slow"), seconds=0.7)
    assert time.monotonic() - started < 2


def test_headers_that_drip_meet_the_deadline(site: Site) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200:
            handler.wfile.write(bytes([letter]))
            handler.wfile.flush()
            time.sleep(0.1)

    site.answers["/slow"] = answer
    started = time.monotonic()
    with pytest.raises(FetchTimedOut):
        fetch(site.url("/slow"), seconds=0.7)
    assert time.monotonic() - started < 2


def test_slow_redirects_share_one_deadline(site: Site) -> None:
    def slowly(target: str) -> Answer:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            time.sleep(0.4)
            plain(b"", 302, Location=target)(handler)

        return answer

    for number in range(5):
        site.answers[f"/{number}"] = slowly(f"/{number + 1}")
    started = time.monotonic()
    with pytest.raises(FetchTimedOut):
        fetch(site.url("/0"), seconds=0.9)
    assert time.monotonic() - started < 2


def test_a_gzip_bomb_is_stopped_at_the_limit(site: Site) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    site.answers["/bomb"] = plain(bomb, Content_Encoding="gzip")
    assert len(bomb) < 100_000
    with pytest.raises(FetchTooLarge):
        fetch(site.url("/bomb"))


def test_an_announced_length_over_the_limit_is_not_read(site: Site) -> None:
    site.answers["/big"] = plain(b"x" * 2000)
    with pytest.raises(FetchTooLarge):
        fetch(site.url("/big"), max_bytes=1999)
    assert fetch(site.url("/big"), max_bytes=2000).ok


def test_an_endless_body_is_stopped_at_the_limit(site: Site) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    site.answers["/endless"] = endless
    with pytest.raises(FetchTooLarge):
        fetch(site.url("/endless"))


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_a_packing_that_is_not_unpacked_piece_by_piece_is_refused(site: Site, encoding: str) -> None:
    site.answers["/packed"] = plain(b"x", Content_Encoding=encoding)
    with pytest.raises(FetchFailed):
        fetch(site.url("/packed"))


def test_a_body_that_breaks_off_is_a_named_error(site: Site) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    site.answers["/half"] = answer
    with pytest.raises(FetchFailed):
        fetch(site.url("/half"))
    came = fetch(site.url("/half"), in_part=True)
    assert (came.content, came.broke_off, came.status) == (b"half", True, 200)
    site.answers["/whole"] = plain(b"whole")
    assert not fetch(site.url("/whole"), in_part=True).broke_off


def test_a_port_where_nobody_listens_is_a_named_error(settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setitem(tk.config, "participation.fetch.allow", [f"127.0.0.1:{port}"])
    with pytest.raises(FetchFailed):
        fetch(f"http://127.0.0.1:{port}/")


def test_proxies_of_the_environment_are_not_used(site: Site, canary: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", canary.url())
    monkeypatch.setenv("HTTP_PROXY", canary.url())
    assert fetch(site.url()).text == "well"
    assert canary.connections == []


def test_a_session_for_libraries_keeps_the_same_promises(site: Site, canary: Site) -> None:
    with guarded_session(seconds=2) as session:
        assert session.get(site.url()).text == "well"
        with pytest.raises(FetchRefused):
            session.get(canary.url())
        assert session.get(site.url("/again")).status_code == 200
    assert canary.connections == []


@pytest.mark.parametrize(("body", "content_type", "text"), [
    ("é".encode(), "text/plain", "é"),
    ("é".encode("latin-1"), "text/plain; charset=iso-8859-1", "é"),
    (b"\xef\xbb\xbf" + "é".encode(), "text/plain", "é"),
    ("é".encode("utf-16"), "text/plain", "é"),
    (b'<?xml version="1.0" encoding="iso-8859-1"?>' + "é".encode("latin-1"), "application/xml", '<?xml version="1.0" encoding="iso-8859-1"?>é'),
    (b"\xff\xe9a", "text/plain; charset=nonsense", "ÿéa"),
])  # fmt: skip
def test_text_is_read_in_the_charset_it_is_in(site: Site, body: bytes, content_type: str, text: str) -> None:
    site.answers["/a"] = plain(body, Content_Type=content_type)
    assert fetch(site.url("/a")).text == text
