"""Every outgoing request of ours goes through here.

Promises, whoever the address came from (a harvest source, a person, a redirect, a catalogue's next page):
- only http and https, and only public addresses or those of `participation.fetch.allow`; the address that was checked is
  the one connected to, so a name that changes its mind between check and connection gains nothing;
- one deadline over everything: connecting, redirects, headers and body, however slowly they drip;
- bytes are counted after decompression, and reading stops at the limit;
- credentials stay with the host they were meant for; proxies of the environment are not used;
- errors are `FetchError`s, each with a sentence for a report row that says nothing about the network inside.

The name lookup is the system's: its own timeout (resolv.conf) comes on top of the deadline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ckanext.participation import config
from ckanext.participation.common import connecting, decoding
from ckanext.participation.common.addresses import parse_allowed
from ckanext.participation.common.marking import N_

MAX_REDIRECTS = 5
CHUNK = 64 * 1024
USER_AGENT = "ckanext-participation"
# What may follow a redirect to another host; everything else could be a secret.
_PUBLIC_HEADERS = frozenset({"accept", "accept-encoding", "accept-language", "connection", "user-agent"})
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})


class FetchError(requests.RequestException):
    """A request that brought nothing; `sentence` is for a person's eyes and names no inner address."""

    sentence = N_("The address could not be read.")

    def __init__(self, sentence: str | None = None) -> None:
        self.sentence = sentence or self.sentence
        super().__init__(self.sentence)


class FetchRefused(FetchError):
    """The address is not one that may be asked."""

    sentence = N_("The address is not a public web address, so it was not asked.")


class FetchTooLarge(FetchError):
    """The answer is larger than the limit."""

    sentence = N_("The answer is larger than this site reads.")


class FetchTimedOut(FetchError):
    """The whole request took longer than its deadline."""

    sentence = N_("The answer took too long.")


class FetchFailed(FetchError):
    """No connection, no certificate, a broken answer, or too many redirects."""

    sentence = N_("The server could not be reached, or its answer broke off.")


class FetchBrokeOff(FetchFailed):
    """The answer began, and the connection ended before it did; `came` has what came until then."""

    def __init__(self, came: requests.Response) -> None:
        self.came = came
        super().__init__()


@dataclass(frozen=True)
class Reply:
    """What an address answered, whole but for one that `broke_off`."""

    status: int
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    broke_off: bool = False

    @property
    def ok(self) -> bool:
        """Whether there is content to read (a 304 brings none)."""
        return 200 <= self.status < 300

    @property
    def not_modified(self) -> bool:
        """Whether the server said that nothing changed since `conditional`."""
        return self.status == 304

    @property
    def etag(self) -> str:
        """The server's mark for this version, or an empty text."""
        return self.headers.get("ETag", "")

    @property
    def last_modified(self) -> str:
        """The server's date of this version, or an empty text."""
        return self.headers.get("Last-Modified", "")

    @property
    def content_type(self) -> str:
        """The media type alone, in small letters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The content as text, whatever its server forgot to say about it; unreadable bytes are marked."""
        return decoding.text_of(self.content, self.headers.get("Content-Type", ""))


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    conditional: tuple[str, str] | None = None,
    accept: str | None = None,
    seconds: float | None = None,
    max_bytes: int | None = None,
    resolve: connecting.Resolve | None = None,
    session: requests.Session | None = None,
    in_part: bool = False,
) -> Reply:
    """Ask one address and return its whole answer, whatever its status.

    :param conditional: (ETag, Last-Modified) of the version at hand; the answer is then `not_modified` when it still holds
    :param seconds: deadline over the whole request; `participation.fetch.seconds` when left out
    :param max_bytes: most bytes after decompression; `participation.fetch.max_bytes` when left out
    :param session: one of `guarded_session`, whose connections and limits are used instead of fresh ones, and stay open
    :param in_part: of an answer that breaks off, what came is wanted
    :raises FetchError: FetchRefused, FetchTooLarge, FetchTimedOut or FetchFailed; never anything else for a bad answer
    """
    asked = dict(headers or {})
    if accept:
        asked["Accept"] = accept
    if conditional:
        asked |= {name: value for name, value in zip(("If-None-Match", "If-Modified-Since"), conditional, strict=True) if value}
    if session is None:
        with guarded_session(seconds=seconds, max_bytes=max_bytes, resolve=resolve) as own:
            return fetch(url, method=method, headers=asked, max_bytes=max_bytes, session=own, in_part=in_part)
    try:
        return _reply(session.request(method, url, headers=asked), max_bytes)
    except FetchBrokeOff as problem:
        if not in_part:
            raise
        return replace(_reply(problem.came, max_bytes), broke_off=True)


def _reply(response: requests.Response, max_bytes: int | None) -> Reply:
    try:
        content = decoding.unpacked(response.content, config.fetch_bytes() if max_bytes is None else max_bytes)
    except decoding.TooLarge:
        raise FetchTooLarge from None
    return Reply(response.status_code, response.url, response.headers, content)


def guarded_session(
    *, seconds: float | None = None, max_bytes: int | None = None, resolve: connecting.Resolve | None = None
) -> requests.Session:
    """A session with all the promises above, for libraries that want one; each `request()` has its own deadline."""
    return _GuardedSession(
        config.fetch_seconds() if seconds is None else seconds,
        config.fetch_bytes() if max_bytes is None else max_bytes,
        connecting.Guard(parse_allowed(config.fetch_allow()), resolve or connecting.system_resolve),
    )


class _GuardedSession(requests.Session):
    def __init__(self, seconds: float, max_bytes: int, guard: connecting.Guard) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = MAX_REDIRECTS
        self.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"})
        self.seconds = seconds
        self.guard = guard
        self.adapters.clear()
        adapter = _GuardedAdapter(guard, max_bytes)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        self.guard.deadline.start(self.seconds)
        try:
            response = super().request(method, url, *args, **kwargs)
        except FetchError:
            raise
        except (requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema, requests.exceptions.InvalidURL) as error:
            raise FetchRefused from error
        except requests.exceptions.TooManyRedirects as error:
            raise FetchFailed(N_("The address redirects too often.")) from error
        except requests.exceptions.SSLError as error:
            raise FetchFailed(N_("The server's certificate could not be verified.")) from error
        except (connecting.AddressRefused, requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _translated(error, self.guard) from error
        if getattr(response, "broke_off", False):
            raise FetchBrokeOff(response)
        return response

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Drop everything that could be a secret when a redirect leaves the host, its port or TLS."""
        if self.should_strip_auth(str(response.request.url), str(prepared_request.url)):
            for name in [name for name in prepared_request.headers if name.lower() not in _PUBLIC_HEADERS]:
                del prepared_request.headers[name]


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, guard: connecting.Guard, max_bytes: int) -> None:
        self.guard = guard
        self.max_bytes = max_bytes
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = connecting.pool_classes(self.guard)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        if not urlsplit(str(request.url)).hostname:
            raise FetchRefused
        kwargs["timeout"] = self.guard.deadline.left()
        kwargs["proxies"] = {}
        response = super().send(request, **kwargs)
        # A server may pack what we did not ask for: only what is unpacked piece by piece is read.
        if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
            response.close()
            raise FetchFailed(N_("The answer is packed in a way that is not read here."))
        declared = response.headers.get("Content-Length", "")
        if request.method != "HEAD" and declared.isdigit() and int(declared) > self.max_bytes:
            response.close()
            raise FetchTooLarge
        is_whole = not kwargs.get("stream")
        response.iter_content = _Counted(response, self.guard, self.max_bytes, keeps=is_whole)  # type: ignore[method-assign]
        return response


class _Counted:
    """`Response.iter_content`, with its bytes counted and its errors named.

    Where an answer breaks off, the response that `keeps` what came is marked instead.
    """

    def __init__(self, response: requests.Response, guard: connecting.Guard, max_bytes: int, *, keeps: bool) -> None:
        self.response = response
        self.keeps = keeps
        self.read = response.iter_content
        self.close = response.close
        self.guard = guard
        self.max_bytes = max_bytes

    def __call__(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        total = 0
        if self.keeps:
            # Else what came of the last piece would be lost.
            self.response.raw.enforce_content_length = False
        try:
            for chunk in self.read(max(chunk_size or 1, CHUNK), decode_unicode):
                total += len(chunk)
                if total > self.max_bytes:
                    raise FetchTooLarge
                yield chunk
        except FetchError:
            self.close()
            raise
        except (requests.RequestException, HTTPError, OSError) as error:
            self.close()
            problem = _translated(error, self.guard)
            if not (self.keeps and total and type(problem) is FetchFailed):
                raise problem from error
            self._break_off()
        else:
            if self.keeps and self.response.raw.length_remaining:
                self.close()
                if not total:
                    raise FetchFailed
                self._break_off()

    def _break_off(self) -> None:
        self.response.broke_off = True  # type: ignore[attr-defined]


def _translated(error: Exception, guard: connecting.Guard) -> FetchError:
    """The named error for whatever requests, urllib3 or the socket raised."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, connecting.AddressRefused):
            return FetchRefused()
        if isinstance(seen, (TimeoutError, requests.Timeout, ReadTimeoutError)):
            return FetchTimedOut()
        seen = seen.__cause__ or seen.__context__
    return FetchTimedOut() if guard.deadline.passed() else FetchFailed()
