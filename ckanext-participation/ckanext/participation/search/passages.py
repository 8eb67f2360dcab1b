"""The passage of a text in which words were found. No CKAN here.

What the search server marked is shown only where the text of the table says the same; so a text that was changed or taken back since it
was indexed is never shown from the index.
"""

from __future__ import annotations

from ckanext.participation.search.asking import END, FOUND, PASSAGE

Piece = dict[str, str | bool]

# Words before the first one found, so that it is read in its sentence.
AHEAD = 60


def passage(text: str, marked: str | None) -> list[Piece]:
    """Return `[{"text", "found"}]` of the part of `text` that the server marked; the beginning of `text` when it marked nothing of it."""
    place = text.find(_bare(marked)) if marked else -1
    if marked is None or place < 0:
        return [{"text": _beginning(text), "found": False}] if text else []
    pieces = _pieces(marked)
    before, after = text[:place].rstrip(), text[place + len(_bare(marked)):].strip()
    pieces = _shortened(pieces)
    if before:
        pieces.insert(0, {"text": "… ", "found": False})
    if after and not str(pieces[-1]["text"]).endswith("…"):
        pieces.append({"text": " …", "found": False})
    return pieces


def whole(text: str, marked: str | None) -> list[Piece]:
    """Return a short text in pieces, with the words that were found."""
    return _pieces(marked) if marked and _bare(marked) == text else [{"text": text, "found": False}]


def _bare(marked: str) -> str:
    return marked.replace(FOUND, "").replace(END, "")


def _pieces(marked: str) -> list[Piece]:
    pieces: list[Piece] = []
    for number, part in enumerate(marked.split(FOUND)):
        found, end, rest = part.partition(END) if number else ("", "", part)
        if end and found:
            pieces.append({"text": found, "found": True})
        elif number and not end:
            rest = found
        if rest:
            pieces.append({"text": rest, "found": False})
    return pieces


def _shortened(pieces: list[Piece]) -> list[Piece]:
    """A sentence may be as long as a text may be: keep what stands around the words found."""
    first = str(pieces[0]["text"])
    if not pieces[0]["found"] and len(first) > AHEAD * 2:
        kept = first[-AHEAD:]
        pieces = [{"text": f"… {kept.partition(' ')[2] or kept}", "found": False}, *pieces[1:]]
    kept_pieces: list[Piece] = []
    room = PASSAGE * 2
    for piece in pieces:
        words = str(piece["text"])
        if len(words) > room:
            kept_pieces.append({"text": f"{_cut(words, room)} …", "found": piece["found"]})
            break
        kept_pieces.append(piece)
        room -= len(words)
    return kept_pieces


def _beginning(text: str) -> str:
    return text if len(text) <= PASSAGE else f"{_cut(text, PASSAGE)} …"


def _cut(text: str, most: int) -> str:
    short = text[:most]
    return (short.rpartition(" ")[0] or short) if len(text) > most else text
