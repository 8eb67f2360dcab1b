"""What people write: cleaned and rendered once, on write.

Markdown is CommonMark without raw HTML (markdown-it-py), then a strict list of tags (nh3). No images, no other schemes than
http, https and mailto. CKAN's own Markdown helper is for publishers' texts: it allows images and can be made to run for seconds.
"""

from __future__ import annotations

import unicodedata

import nh3
from markdown_it import MarkdownIt

# Raised when the rendering changes, so that old texts can be found and rendered again.
TEXT_VERSION = 2

TAGS = {"p", "br", "a", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "h3", "h4", "h5", "h6",
        "table", "thead", "tbody", "tr", "th", "td", "del"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
SCHEMES = {"http", "https", "mailto"}
REL = "nofollow ugc noopener"

# Characters that reorder or hide text: with them a reader sees something else than what is stored (Unicode TR 36, TR 55).
BIDI_CONTROLS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = set("\u200b\u2060\ufeff\u180e\u00ad")

# An address typed as it is becomes a link, but only with its scheme: "data.gov" in a sentence stays a word.
_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 12, "linkify": True}).enable(["table", "strikethrough", "linkify"])
_markdown.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # type: ignore[union-attr]


class TextError(ValueError):
    """The text can't be taken as it is; `code` names why ("empty", "too_long", "characters"), `size` its bytes where it matters."""

    def __init__(self, code: str, size: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.size = size


def clean(raw: str, max_bytes: int, *, single_line: bool = False) -> str:
    """Return `raw` in NFC without control, direction and invisible characters, with unix line ends and no outer white space.

    Raises TextError "empty", "too_long" (more than `max_bytes` in UTF-8) or "characters" (lone surrogates).
    """
    try:
        size = len(raw.encode())
    except UnicodeEncodeError as error:
        raise TextError("characters") from error
    # Measured before the work: normalising a text of 100 MB would take the time that the limit is there to save.
    if size > max_bytes * 2:
        raise TextError("too_long", size)
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(character for character in text
                   if character in "\n\t" or (unicodedata.category(character) != "Cc"
                                              and character not in BIDI_CONTROLS and character not in INVISIBLE))
    # Last: an invisible character between a letter and its accent would keep the two apart.
    kept = unicodedata.normalize("NFC", kept)
    if single_line:
        kept = " ".join(kept.split())
    kept = kept.strip()
    if not kept:
        raise TextError("empty")
    size = len(kept.encode())
    if size > max_bytes:
        raise TextError("too_long", size)
    return kept


def render(text: str) -> str:
    """Return the safe HTML of a cleaned Markdown `text`."""
    html = _markdown.render(text)
    # Headings of a message stay below the page's own, so that its outline holds for those who listen to it.
    html = (html.replace("<h1>", "<h3>").replace("</h1>", "</h3>").replace("<h2>", "<h3>").replace("</h2>", "</h3>"))
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)


def count_links(html: str) -> int:
    """Return how many links the rendered text has."""
    return html.count("<a ")
