"""One request to one address, and what follows from it. No database, so that threads may do it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urldefrag, urljoin, urlsplit

import requests

from ckanext.participation import config
from ckanext.participation.common import connecting, fetch
from ckanext.participation.common.marking import N_
from ckanext.participation.common.user_agent import user_agent
from ckanext.participation.quality.links import rules
from ckanext.participation.quality.links.rules import Answer

# Bodies are never read, so no file is too large to be asked for.
_ANY_SIZE = 2**62


@dataclass(frozen=True, slots=True)
class Errand:
    """The next request for an address: where the redirects led so far, and with which method. `lasting`: all of them were for ever."""

    link_id: int
    url: str
    method: str = "HEAD"
    hops: int = 0
    lasting: bool = True

    @property
    def host(self) -> str:
        """Return whose pause this request has to keep."""
        return (urlsplit(self.url).hostname or "").lower().rstrip(".")


def session(resolve: connecting.Resolve | None = None) -> requests.Session:
    """Return a fresh guarded session: no cookie of one address goes to another."""
    made = fetch.guarded_session(seconds=config.link_seconds(), max_bytes=_ANY_SIZE, resolve=resolve)
    made.headers["User-Agent"] = user_agent("link check")
    return made


def ask(errand: Errand, using: requests.Session) -> Errand | Answer:
    """Make one request; return the next one, or what became of the address."""
    headers = {"Accept": "*/*"} | ({"Range": "bytes=0-0"} if errand.method == "GET" else {})
    with using:
        try:
            with using.request(errand.method, errand.url, headers=headers, allow_redirects=False, stream=True) as response:
                status, found = response.status_code, response.headers
        except fetch.FetchRefused as error:
            return Answer("not-asked", why=error.sentence)
        except fetch.FetchError as error:
            if errand.method == "HEAD" and not isinstance(error, fetch.FetchTimedOut):
                # Some servers hang up on what they do not know.
                return replace(errand, method="GET")
            return Answer("failing", why=error.sentence)
    wait = rules.wait_of(found.get("Retry-After", ""), datetime.now(UTC)) if status in (429, 503) else None
    if status in rules.REDIRECTS and found.get("Location"):
        return _redirected(errand, status, found["Location"])
    if errand.method == "HEAD" and rules.asks_again_with_get(status):
        return replace(errand, method="GET")
    kind = rules.kind_of(status)
    moved = errand.url if kind == "there" and errand.hops and errand.lasting else None
    return Answer(kind, status, moved, wait=wait or (timedelta(hours=1) if status == 429 else None))


def _redirected(errand: Errand, status: int, location: str) -> Errand | Answer:
    try:
        # Header bytes are Latin-1 on the way in, and mostly UTF-8 in truth.
        target = urldefrag(urljoin(errand.url, location.encode("latin-1", "ignore").decode("utf-8", "replace")))[0]
        urlsplit(target)
    except ValueError:
        return Answer("failing", status, why=fetch.FetchFailed.sentence)
    if errand.hops >= rules.MOST_HOPS:
        return Answer("failing", status, why=N_("The address redirects too often."))
    return replace(errand, url=target, method="HEAD", hops=errand.hops + 1, lasting=errand.lasting and status in rules.FOR_EVER)
