"""Spelling differences that mean nothing: two strings with the same key name the same licence.

`text_key` is for ids and titles, `url_keys` for addresses. Both accept anything and never raise.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

LONGEST_TEXT: Final = 400
LONGEST_URL: Final = 2_000

_ARTICLES: Final = frozenset({"the", "a", "an", "la", "le", "les", "l"})
_SPELLINGS: Final[dict[str, str]] = {
    "license": "licence",
    "licenses": "licence",
    "licences": "licence",
    "licensed": "licenced",
    "govt": "government",
    "intl": "international",
}
_VERSION: Final = re.compile(r"\b(?:v|ver|vers|version)[\s.]*(?=\d)")
_WORDS: Final = re.compile(r"[^\W_]+", re.UNICODE)
_URL: Final = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'«»()\[\]{}|\\^`]+", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_DEED: Final = re.compile(
    r"/(?:deed|legalcode)(?:[./][a-z]{2,3}(?:[-_][a-z0-9]{2,8})?)?(?:\.(?:txt|html?))?$"
)
_SPDX_FORM: Final = re.compile(r"\.(?:html|json|jsonld|rdf|ttl|nt|txt|xml)$")


def clean(value: object) -> str:
    """The value as one line of text: no control characters, no doubled spaces, no surrounding blanks."""
    if value is None:
        return ""
    return " ".join(_CONTROL.sub(" ", str(value)).split())


def text_key(value: object) -> str:
    """What is left of a title or id without case, accents, punctuation, articles and spellings of 'licence'.

    Empty for anything longer than a name can be.
    """
    text = clean(value)
    if not text or len(text) > LONGEST_TEXT:
        return ""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    plain = _VERSION.sub(" ", plain.replace("_", " "))
    words: list[str] = _WORDS.findall(plain)
    spelled = [_SPELLINGS.get(word, word) for word in words]
    return " ".join(word for word in spelled if word not in _ARTICLES)


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


def urls_in(value: object) -> list[str]:
    """The web addresses that a text holds, in order."""
    text = clean(value)[: 4 * LONGEST_URL]
    return [found.rstrip(".,;:!?") for found in _URL.findall(text)]


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
