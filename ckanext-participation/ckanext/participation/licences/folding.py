"""Spelling differences that mean nothing: two strings with the same key name the same licence.

`text_key` is for ids and titles, `url_keys` for addresses, `sentences` for prose. All accept anything and never raise, and read no
more than a fixed number of characters of it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

LONGEST_TEXT: Final = 400
LONGEST_URL: Final = 2_000
LONGEST_PROSE: Final = 100_000
_MOST_ADDRESSES: Final = 20
_FOLLOWING: Final = 80
_BEFORE: Final = 300

_ARTICLES: Final = frozenset({"the", "a", "an", "la", "le", "les", "l"})
_SPELLINGS: Final[dict[str, str]] = {
    "license": "licence",
    "licenses": "licence",
    "licences": "licence",
    "licensed": "licenced",
    "govt": "government",
    "intl": "international",
}
_VERSION: Final = re.compile(r"\b(?:v|ver|vers|version)[\s.]*(?=\d)", re.IGNORECASE)
_POSSESSIVE: Final = re.compile(r"(?<=\w)['’]s\b", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\W_]+", re.UNICODE)
_URL: Final = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'«»()\[\]{}|\\^`]+", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SENTENCE_ENDS: Final = re.compile(r"[.!?](?=\s|$)|\s\|\s|[\r\n]+")
_APART: Final = frozenset(",;:()[]{}\"“”„«»|<>")
_DEED: Final = re.compile(r"/(?:deed|legalcode)(?:[./][a-z]{2,3}(?:[-_][a-z0-9]{2,8})?)?(?:\.(?:txt|html?))?$")
_SPDX_FORM: Final = re.compile(r"\.(?:html|json|jsonld|rdf|ttl|nt|txt|xml)$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of a sentence, as `text_key` spells them.

    `apart[i]` says whether a comma, a bracket or the like stands before word i, `capital[i]` whether it was written in capitals.
    """

    words: list[str]
    apart: list[bool]
    capital: list[bool]


def clean(value: object) -> str:
    """The value as one line of text: no control characters, no doubled spaces, no surrounding blanks."""
    if value is None:
        return ""
    return " ".join(_CONTROL.sub(" ", str(value)).split())


def _plain(text: str) -> str:
    """The text without accents, and with one spelling of version numbers."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _VERSION.sub(" ", _POSSESSIVE.sub("", text).replace("_", " "))


def text_key(value: object) -> str:
    """What is left of a title or id without case, accents, punctuation, articles and spellings of 'licence'.

    Empty for anything longer than a name can be.
    """
    text = clean(value)
    if not text or len(text) > LONGEST_TEXT:
        return ""
    words: list[str] = _WORDS.findall(_plain(text).casefold())
    spelled = [_SPELLINGS.get(word, word) for word in words]
    return " ".join(word for word in spelled if word not in _ARTICLES)


def sentences(value: object, *, whole: bool = False) -> list[Sentence]:
    """The sentences of a text, addresses left out; `whole` takes it for one, as a name is that holds a full stop."""
    text = _URL.sub(" , ", str(value)[:LONGEST_PROSE])
    parts = [_SENTENCE_ENDS.sub(" , ", text)] if whole else _SENTENCE_ENDS.split(text)
    return [found for part in parts if part and (found := _sentence(_plain(_CONTROL.sub(" ", part)))).words]


def _sentence(text: str) -> Sentence:
    found = Sentence([], [], [])
    apart = True
    end = 0
    for match in _WORDS.finditer(text):
        gap = text[end : match.start()]
        apart = apart or (gap != " " and not _APART.isdisjoint(gap))
        end = match.end()
        raw = match.group()
        word = raw.casefold()
        word = _SPELLINGS.get(word, word)
        if word not in _ARTICLES:
            found.words.append(word)
            found.apart.append(apart)
            found.capital.append(raw.isupper())
            apart = False
    return found


def _split(url: str) -> SplitResult | None:
    if len(url) > LONGEST_URL:
        return None
    if url.casefold().startswith("www."):
        url = "http://" + url
    try:
        parts = urlsplit(url)
        return parts if parts.scheme.casefold() in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def looks_like_url(value: object) -> bool:
    """Whether the whole value is a web address."""
    text = clean(value)
    return " " not in text and _split(text) is not None


@dataclass(frozen=True, slots=True)
class Mention:
    """An address inside a text: what stands before it in its sentence, and some of the text behind it."""

    address: str
    before: str
    behind: str


def mentions(value: object) -> list[Mention]:
    """The first web addresses that a text holds, in order."""
    text = str(value)[:LONGEST_PROSE]
    found = []
    for address in islice(_URL.finditer(text), _MOST_ADDRESSES):
        before = _SENTENCE_ENDS.split(text[max(0, address.start() - _BEFORE) : address.start()])[-1]
        found.append(Mention(address.group().rstrip(".,;:!?"), before, text[address.end() : address.end() + _FOLLOWING]))
    return found


def urls_in(value: object) -> list[str]:
    """The first web addresses that a text holds, in order."""
    return [mention.address for mention in mentions(value)]


def name_key(value: object) -> str:
    """The one key under which a further name of a licence is kept: of an address, or of a name; empty when nothing is left of it."""
    keys = url_keys(value)
    return keys[0] if keys else text_key(value)


def keys_of(value: object) -> list[str]:
    """Every key under which a further name may recognise this value: its own, and those of the addresses that it holds."""
    text = clean(value)
    addresses = urls_in(text) if "/" in text or "www." in text else []
    return [key for key in dict.fromkeys([text_key(text), *(key for one in (text, *addresses) for key in url_keys(one))]) if key]


def url_keys(value: object) -> list[str]:
    """Keys of an address, the most exact first: with query and fragment, with query, bare.

    Scheme, `www.`, port, case, doubled and final slashes, `deed` and `legalcode` with their language go.
    """
    text = clean(value)
    parts = _split(text)
    if parts is None:
        return []
    host = (parts.hostname or "").casefold().removeprefix("www.")
    path = re.sub(r"/{2,}", "/", unquote(parts.path)).casefold().rstrip("/")
    if host.endswith("creativecommons.org"):
        path = _DEED.sub("", path)
    if host.endswith("spdx.org"):
        path = _SPDX_FORM.sub("", path)
    bare = host + path
    query = f"?{parts.query.casefold()}" if parts.query else ""
    fragment = f"#{parts.fragment.casefold().rstrip('/')}" if parts.fragment else ""
    keys = [bare + query + fragment, bare + query, bare]
    return list(dict.fromkeys(keys))
