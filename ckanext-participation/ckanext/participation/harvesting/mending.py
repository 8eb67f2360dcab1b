"""RDF as real catalogues write it, mended before a parser sees it; and of broken Turtle the statements that can be read. Pure.

Nothing is guessed but what the writer cannot have meant otherwise.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from ckanext.participation.harvesting import contexts
from ckanext.participation.harvesting.salvage import Lost
from ckanext.participation.harvesting.values import storable

DCAT = "http://www.w3.org/ns/dcat#"
_MISSPELT = "https://www.w3.org/ns/dcat#"
_MISSPELT_ADDRESS = re.compile(r"(?<=[<\"'])https://www\.w3\.org/ns/dcat#")
_MISSPELT_TERM = re.compile(r"^https://www\.w3\.org/ns/dcat#")
# Possessive throughout: pages of a million blanks or signs take as long as other pages of that length.
_BEGINS_WITH_BASE = re.compile(r"\s*+@?base\s*+<", re.IGNORECASE)
_HAS_BASE = re.compile(r"\n[^\S\n]*+@?base\s*+<", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?RDF\b")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CDATA_OR_SIGN = re.compile(r"(<!\[CDATA\[.*?\]\]>)|&(?:(amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);|(\w+;)?)", re.DOTALL)
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)")
_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_LANGUAGE = re.compile(r"(?<=\s)xml:lang=(\"[^\"]*\"|'[^']*')")
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x20<>\"{}|\\^`]")
# An address that holds what none may; within texts there is much that looks like one.
_ODD_ADDRESS = re.compile(
    r"<(?:[^<>\n \"{}|\\^`]*+[ \"{}|\\^`][^<>\n]*+>|[^<>:/\s][^<>:/\s@]*+@[^<>:/\s]++>|www\.)", re.IGNORECASE)
_TEXT_OR_ADDRESS = re.compile(
    r"""\"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\#[^\n]*|<([^<>\n]*)>""",
    re.DOTALL)
_TEXT_OR_GRAPH = re.compile(
    r"(?:\bgraph\s+)?(?:<[^<>\"\s]*>|[\w.-]*:[\w.-]*|_:\w+|\[\s*\])?\s*\{[ \t]*\n?[ \t]*|\s*\}|(?P<text>" + _TEXT_OR_ADDRESS.pattern + ")",
    re.DOTALL | re.IGNORECASE)
_CODED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_NAMED = re.compile(r"(?<=\s)((?:\w+:)?(?:about|resource)=)(\"[^\"<]*\"|'[^'<]*')")
# Mail and web addresses without what says that they are: read by the letter they would be pages of the catalogue.
_MAIL = re.compile(r"[^\s:/?#@<>]+@[^\s:/?#@<>]+\.[^\s:/?#@<>]+")
_WEB = re.compile(r"www\.[^\s<>@]+", re.IGNORECASE)
_STATEMENT = re.compile(r"(?<=\.)[ \t\r\n]*\n(?=\S)")
_DIRECTIVE = re.compile(r"\s*(@prefix|@base|prefix\s|base\s)", re.IGNORECASE)
_SUBJECT = re.compile(r"\s*(?:<([^<>\s]+)>|(_:\w+))")


def turtle(text: str, address: str) -> str:
    """Turtle whose relative addresses mean something, those of the page, and whose addresses hold nothing that none may."""
    text = _spelt(text)
    if _ODD_ADDRESS.search(text):
        text = _TEXT_OR_ADDRESS.sub(lambda found: f"<{_whole(_meant(found[1]))}>" if found[1] else found[0], text)
    return text if not _is_web(address) or _has_base(text) else f"@base <{_escaped(address)}> . {text}"


def xml(text: str, address: str) -> str:
    """RDF/XML without signs that XML forbids, with the names of signs that only HTML knows put into signs."""
    text = _NOT_XML.sub(" ", _spelt(text))
    if _BARE.search(text):
        text = _CDATA_OR_SIGN.sub(_sign, text)
    text = _NAMED.sub(lambda found: f"{found[1]}{found[2][0]}{_whole(found[2][1:-1])}{found[2][0]}", text)
    text = _LANGUAGE.sub(_language, text)
    if _is_web(address) and "xml:base" not in text[:20_000]:
        text = _ROOT.sub(lambda root: f"{root[0]} xml:base={quoteattr(_escaped(address))}", text, count=1)
    return text


def json_ld(document: Any, address: str) -> Any:
    """JSON-LD without what no parser takes: numbers that are none, half characters, languages and addresses that cannot be."""
    mended = _value(document)
    if _is_web(address):
        for row in mended if isinstance(mended, list) else [mended]:
            if isinstance(row, dict):
                before = row.get("@context", [])
                row["@context"] = [{"@base": address}, *(before if isinstance(before, list) else [before])]
    return mended


def _value(value: Any) -> Any:
    # Depth is bounded: the reader of JSON gave up before.
    if isinstance(value, str):
        return _MISSPELT_TERM.sub(DCAT, storable(value)) if value else value
    if isinstance(value, float):
        # As a text it is a value that somebody wrote, which the report can name.
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [_value(one) for one in value]
    if not isinstance(value, dict):
        return value
    mended = {_value(key): _value(one) for key, one in value.items()}
    if isinstance(said := mended.get("@language"), str) and "@value" in mended and not _TAG.fullmatch(said):
        mended = {key: one for key, one in mended.items() if key != "@language"}
    if isinstance(said := mended.get("@id"), str):
        mended["@id"] = _whole(said)
    return mended


def readable(text: str, reads: Callable[[str], bool], *, prefixes: bool) -> tuple[str, Lost]:
    """The statements of broken Turtle or N-Triples that can be read, and what begins each of the others.

    Statements are told apart by lines that end with a full stop before one that begins at the margin, as most programs write them.
    Graphs are taken for one.

    :param reads: whether a parser takes a text
    :param prefixes: whether the form has prefixes, which N-Triples has not
    """
    pieces = _STATEMENT.split(united(text) if prefixes and "{" in text else text)
    # Prefixes that everybody knows are forgotten most easily.
    head = "".join(f"@prefix {short}: <{whole}> .\n" for short, whole in contexts.PREFIXES.items()) if prefixes else ""
    head += "".join(f"{piece}\n" for piece in pieces if _DIRECTIVE.match(piece))
    rest = [piece for piece in pieces if piece.strip() and not _DIRECTIVE.match(piece)]
    if not reads(head):
        return "", Lost()
    good: list[str] = []
    bad: list[str] = []
    # Where a statement is without its end, what is said of its subject may have gone on.
    ends_early = bool(rest) and not text.endswith("\n") and not reads(head + rest[-1])
    abouts = [_beginning(piece) for piece in rest[-2:]] if ends_early else []
    # In halves: most of them are read together.
    waiting = [rest] if rest else []
    while waiting:
        some = waiting.pop()
        if reads(head + "\n".join(some)):
            good += some
        elif len(some) == 1:
            bad.append(_beginning(some[0]))
        else:
            waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
    return head + "\n".join(good), Lost(bad[:-1] if ends_early else bad, ends_early, abouts[-1:] if prefixes else abouts)


def united(text: str) -> str:
    """TriG as Turtle: what its graphs say, without the graphs."""
    return _TEXT_OR_GRAPH.sub(lambda found: found["text"] or (_end_of_graph(found) if found[0].endswith("}") else "\n"), text)


def _end_of_graph(found: re.Match[str]) -> str:
    # The last statement of a graph may do without its full stop.
    before = found.string[: found.start()].rstrip()
    return "\n" if before.endswith((".", "{", "}")) else " .\n"


def _has_base(text: str) -> bool:
    return bool(_BEGINS_WITH_BASE.match(text) or _HAS_BASE.search(text))


def _spelt(text: str) -> str:
    # Looking behind each sign of a page takes as long as all the rest that is looked for in it.
    return _MISSPELT_ADDRESS.sub(DCAT, text) if _MISSPELT in text else text


def _meant(address: str) -> str:
    return _CODED.sub(lambda found: chr(min(int(found[1] or found[2], 16), 0x10FFFF)), address)


def _beginning(piece: str) -> str:
    subject = _SUBJECT.match(piece)
    return subject[1] or subject[2] if subject else " ".join(piece.split())[:80]


def _sign(found: re.Match[str]) -> str:
    if found[1] or found[2]:
        return found[0]
    sign = html.unescape(f"&{found[3]}") if found[3] else ""
    return sign if sign and not sign.startswith("&") else f"&amp;{found[3] or ''}"


def _language(found: re.Match[str]) -> str:
    said = found[1][1:-1].strip().replace("_", "-")
    return f'xml:lang="{said}"' if _TAG.fullmatch(said) else ""


def _whole(address: str) -> str:
    address = _escaped(address.strip())
    return f"mailto:{address}" if _MAIL.fullmatch(address) else f"http://{address}" if _WEB.fullmatch(address) else address


def _escaped(address: str) -> str:
    return _NOT_IN_ADDRESSES.sub(lambda found: f"%{ord(found[0]):02X}", address)


def _is_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False
