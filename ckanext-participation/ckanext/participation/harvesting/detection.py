"""Which source type reads an address that a person typed: the address itself is asked, then what usually stands beside it.

People give what they have at hand: a portal's front page, a dataset's page, an API call, a file. Every request is a guarded one
(`common.fetch`), and there are few of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit, urlunsplit

from ckanext.participation.common.fetch import FetchError, Reply, fetch
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import feeds
from ckanext.participation.harvesting.feeds import NotACatalogue

SourceType = Literal["participation_ckan", "participation_dcat"]
CKAN: Final = "participation_ckan"
DCAT: Final = "participation_dcat"

# Where a CKAN's own addresses begin; what stands before is where the catalogue is.
_OF_CKAN: Final = re.compile(r"/(?:[a-z]{2}(?:_[A-Za-z]+)?/)?(?:api(?:/\d)?/action|api|dataset|organization|group|harvest)(?:/.*)?$")
_LANGUAGE: Final = re.compile(r"/[a-z]{2}(?:_[A-Za-z]+)?/?$")
_RDF: Final = frozenset({"text/turtle", "application/rdf+xml", "application/ld+json"})
# Where DCAT-US asks agencies to put their catalogue: https://resources.data.gov/resources/dcat-us/
_DATA_JSON: Final = "/data.json"
MOST_LINKS: Final = 3


class NotFound(ValueError):
    """No catalogue was found; `sentence` says what the address is, `asked` which addresses were tried."""

    def __init__(self, sentence: str, asked: list[str]) -> None:
        self.sentence = sentence
        self.asked = asked
        super().__init__(sentence)


@dataclass(frozen=True)
class Detected:
    """What reads an address: a source type, the address to give it, and the addresses that were asked on the way."""

    source_type: SourceType
    url: str
    asked: tuple[str, ...]


def normal(typed: str) -> str:
    """Return an address as typed by a person, with its scheme and without what stands behind a hash; ValueError when it cannot be one."""
    text = typed.strip()
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        text = f"https://{text}"
    return urlunsplit(urlsplit(text)._replace(fragment=""))


def detect(typed: str) -> Detected:
    """Find out what reads an address.

    :raises NotFound: nothing there is a catalogue that is read here; FetchError: the address itself cannot be asked
    """
    address = normal(typed)
    asked = [address]
    reply = fetch(address, accept=feeds.ACCEPT)
    if reply.ok:
        try:
            feeds.read(reply.text, reply.content_type)
            return Detected(DCAT, address, tuple(asked))
        except NotACatalogue as problem:
            sentence = problem.sentence
    else:
        sentence = N_("The address answered that there is nothing, or that it may not be read.")
    for base in _bases(reply.url):
        if _is_ckan(base, asked):
            return Detected(CKAN, base, tuple(asked))
    for other in [*_alternates(reply), urljoin(reply.url, _DATA_JSON)]:
        if _is_feed(other, asked):
            return Detected(DCAT, other, tuple(asked))
    raise NotFound(sentence, asked)


def _bases(address: str) -> list[str]:
    """Where a CKAN that this address belongs to may begin: above its own paths, above the language, at the host's root."""
    parts = urlsplit(address)
    path = _OF_CKAN.sub("", parts.path) or ""
    found = [path.rstrip("/"), _LANGUAGE.sub("", path.rstrip("/") or path), ""]
    return list(dict.fromkeys(urlunsplit((parts.scheme, parts.netloc, one, "", "")) for one in found))


def _is_ckan(base: str, asked: list[str]) -> bool:
    address = f"{base.rstrip('/')}/api/3/action/package_search?rows=0"
    asked.append(address)
    try:
        answer = json.loads(fetch(address, accept="application/json").text)
    except (FetchError, ValueError, RecursionError):
        return False
    result = answer.get("result") if isinstance(answer, dict) else None
    return isinstance(result, dict) and isinstance(result.get("count"), int)


def _is_feed(address: str, asked: list[str]) -> bool:
    if address in asked:
        return False
    asked.append(address)
    try:
        reply = fetch(address, accept=feeds.ACCEPT)
        return reply.ok and bool(feeds.read(reply.text, reply.content_type))
    except (FetchError, NotACatalogue):
        return False


class _Links(HTMLParser):
    """The addresses that a page names as its catalogue in RDF."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "link" and "alternate" in (said.get("rel") or "").split() and said.get("type") in _RDF and said.get("href"):
            self.found.append(urljoin(self.address, said["href"] or ""))


def _alternates(reply: Reply) -> list[str]:
    if "html" not in reply.content_type:
        return []
    links = _Links(reply.url)
    links.feed(reply.text[:200_000])
    return list(dict.fromkeys(links.found))[:MOST_LINKS]
