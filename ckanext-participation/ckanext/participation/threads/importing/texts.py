"""The peers' texts as ours: plain text or their Markdown becomes the Markdown that `common.text` renders, and nothing is lost.

Plain text is escaped, so that it reads as it did. What is longer than a message may be is split into several.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ckanext.participation.common import text

# Words that the import itself writes into the conversations, in the language that the operator named.
WORDS = {
    "en": {"no_text": "(no text)", "anonymous": "Anonymous", "abuse": "Marked as abuse on the former site.",
           "rejected": "Declined on the former site.", "done": "Done on the former site.", "closed": "Closed on the former site."},
    "fr": {"no_text": "(sans texte)", "anonymous": "Anonyme", "abuse": "Signalé comme abusif sur l’ancien site.",
           "rejected": "Refusé sur l’ancien site.", "done": "Traité sur l’ancien site.", "closed": "Fermé sur l’ancien site."},
}

TITLE_LETTERS = 80
# Cleaning limits what people send; what is stored elsewhere already is taken whole.
ANY_SIZE = 1 << 30

_URL = r"https?://[^\s<>\"'`\\^{|}\[\]]+"
_INLINE = re.compile(rf"(?P<url>{_URL})|(?P<entity>&(?=#?\w+;))|(?P<mark>[\\`*\[\]<~|])|(?P<under>_)")
_BLOCK = re.compile(r"^(?:(?P<digits>\d{1,9})(?P<dot>[.)])|(?P<mark>[#>+\-=:]))")
_LEAD = re.compile(r"^[ \t]+")
# In Markdown: code is left alone, pictures (which we do not show) become links, bare addresses become links as CKAN made them.
_MARKED = re.compile(
    r"(?P<code>```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)"
    r"|(?P<picture>!\[(?P<alt>[^\]]*)\]\(\s*<?(?P<source>[^\s)>]+)>?[^)]*\))"
    r"|(?P<link>\[[^\]]*\]\([^)]*\)|<https?://[^>\s]+>)"
    r"|<a\s[^>]*?href=[\"'](?P<href>https?://[^\"'>\s]+)[\"'][^>]*>(?P<words>[^<]*)</a>"
    r"|(?P<tag></?(?:b|strong|i|em|br|p)\s*/?>)"
    rf"|(?<![\w(\[\"'=/])(?P<url>{_URL})", re.DOTALL | re.IGNORECASE)
_TAGS = {"b": "**", "strong": "**", "i": "*", "em": "*", "br": "\\\n", "p": "\n\n"}


def cleaned(raw: str | None) -> str:
    """Return the text without what no text may hold; "" when nothing is left."""
    try:
        return text.clean(raw or "", ANY_SIZE)
    except text.TextError:
        return ""


def from_plain(words: str) -> str:
    """Return Markdown that reads as the cleaned plain text `words` does: line breaks kept, nothing taken for a mark, addresses linked."""
    lines = [_plain_line(line) for line in words.split("\n")]
    return "\n".join(line + "\\" if line and following else line for line, following in zip(lines, [*lines[1:], ""], strict=True))


def _plain_line(line: str) -> str:
    line = line.rstrip()
    lead = _LEAD.match(line)
    if lead:
        # Spaces at the beginning of a line would make code of it.
        return "\u00a0" * len(lead.group().expandtabs(4)) + _plain_line(line[lead.end():])
    start = _BLOCK.match(line)
    if start is None:
        return _INLINE.sub(_escape, line)
    if start["digits"]:
        return f"{start['digits']}\\{start['dot']}" + _INLINE.sub(_escape, line[start.end():])
    return f"\\{start['mark']}" + _INLINE.sub(_escape, line[start.end():])


def _escape(found: re.Match[str]) -> str:
    if found["url"]:
        address, rest = _address(found["url"])
        return f"<{address}>{_INLINE.sub(_escape, rest)}"
    if found["under"]:
        before, after = found.string[max(0, found.start() - 1):found.start()], found.string[found.end():found.end() + 1]
        return "_" if before.isalnum() and after.isalnum() else "\\_"
    return "\\" + found.group()


def _address(found: str) -> tuple[str, str]:
    """Return an address and the end of the sentence that stuck to it."""
    address = found.rstrip(".,;:!?*_~")
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(".,;:!?*_~")
    return address, found[len(address):]


def from_markdown(words: str) -> str:
    """Return CKAN's Markdown as ours: pictures and bare addresses become links, the simplest HTML its marks; the rest is the same."""
    return _MARKED.sub(_remark, words)


def _remark(found: re.Match[str]) -> str:
    if found["picture"]:
        return f"[{found['alt']}](<{found['source']}>)" if found["alt"].strip() else f"<{found['source']}>"
    if found["href"]:
        return f"[{found['words']}](<{found['href']}>)" if found["words"].strip() else f"<{found['href']}>"
    if found["tag"]:
        return _TAGS[re.sub(r"[</>\s]", "", found["tag"]).lower()]
    if found["url"]:
        address, rest = _address(found["url"])
        return f"<{address}>{rest}"
    return found.group()


def bodies(raw: str | None, *, marked: bool, most: int, without: str) -> list[str]:
    """Return the text as one message, or as several when it is longer than `most` bytes; `without` stands for an empty one."""
    words = cleaned(raw)
    found = _pieces(words, from_markdown if marked else from_plain, most, fences=marked) if words else []
    return found or [without]


def _pieces(words: str, convert: Callable[[str], str], most: int, *, fences: bool) -> list[str]:
    body = cleaned(convert(words))
    if len(body.encode()) <= most or len(words) < 2:
        return [body] if body else []
    place = _boundary(words)
    first, rest = words[:place].strip("\n"), words[place:].strip("\n")
    if fences and len(re.findall(r"^```", first, re.MULTILINE)) % 2:
        first, rest = first + "\n```", "```\n" + rest
    return _pieces(first, convert, most, fences=fences) + _pieces(rest, convert, most, fences=fences)


def _boundary(words: str) -> int:
    """Return the best place to cut in two: between paragraphs, lines, sentences or words, in the middle half of the text."""
    low, high, middle = len(words) // 4, -(-len(words) * 3 // 4), len(words) // 2
    for mark in ("\n\n", "\n", ". ", " "):
        places = [found.end() for found in re.finditer(re.escape(mark), words[low:high])]
        if places:
            return low + min(places, key=lambda place: abs(low + place - middle))
    return max(1, middle)


def title_of(raw: str | None, *, most: int, without: str) -> str:
    """Return a title for a text that has none: the beginning of its first line."""
    words = cleaned(raw)
    line = " ".join(words.split("\n", 1)[0].split())
    return _cut(line, most, letters=TITLE_LETTERS) if line else without


def fitting_title(raw: str | None, *, most: int, without: str) -> tuple[str, str | None]:
    """Return a given title, cut where it is longer than `most` bytes, and then the whole of it, which belongs into the message."""
    line = " ".join(cleaned(raw).split())
    if not line:
        return without, None
    if len(line.encode()) <= most:
        return line, None
    return _cut(line, most, letters=len(line)), line


def _cut(line: str, most: int, *, letters: int) -> str:
    if len(line) <= letters and len(line.encode()) <= most:
        return line
    kept = line[:letters].encode()[:most - len("…".encode())].decode(errors="ignore")
    words = kept.rsplit(" ", 1)[0]
    return (words if len(words) > len(kept) // 2 else kept).rstrip(" ,;:.") + "…"
