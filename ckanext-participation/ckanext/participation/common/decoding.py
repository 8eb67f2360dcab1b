"""Bytes of an answer as text, whatever its server forgot to say about them. Pure."""

from __future__ import annotations

import re
import zlib

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_PACKED = b"\x1f\x8b\x08"
# What texts of western offices are in where nobody says; it has a character for nearly every byte.
_UNDECLARED = "cp1252"


class TooLarge(ValueError):
    """The unpacked content is larger than the limit."""


def unpacked(content: bytes, most: int) -> bytes:
    """The content of a gzip file that is served as if it were its content, as far as the file goes; anything else as it is.

    :raises TooLarge: when more than `most` bytes come out
    """
    if not content.startswith(_PACKED):
        return content
    unpacking = zlib.decompressobj(wbits=31)
    try:
        found = unpacking.decompress(content, most + 1)
    except zlib.error:
        return content
    if len(found) > most:
        raise TooLarge
    # What breaks off is worth what came until then.
    return found or content


def text_of(content: bytes, declared: str = "") -> str:
    """The content as text: by its byte order mark, as UTF-8, else by what it declares or by how it looks; unreadable bytes are marked.

    :param declared: the `Content-Type` of the answer
    """
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(charset, "replace")
    # A text begins with a sign of ASCII in all forms that are read here: its other half is nothing.
    if content[:1] == b"\x00" != content[1:2]:
        return content.decode("utf-16-be", "replace")
    if content[1:2] == b"\x00" != content[:1]:
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    head = content[:200].decode("ascii", "replace")
    named = re.search(r"charset=[\"']?([\w.:-]+)", declared, re.IGNORECASE) or re.match(r"\s*<\?xml[^>]*encoding=[\"']([\w.:-]+)", head)
    if named and named[1].lower().replace("_", "-") not in {"utf-8", "utf8"}:
        try:
            return content.decode(named[1], "replace")
        except LookupError:
            pass
    marked = content.decode("utf-8", "replace")
    # A few bad bytes among many good characters: UTF-8 with an accident, not another charset.
    beyond = sum(1 for sign in marked if sign > "\x7f")
    return marked if marked.count("\ufffd") * 2 <= beyond - 1 else content.decode(_UNDECLARED, "replace")
