"""What a search asks Solr for, from what a person typed. No CKAN here: dictionaries in, dictionaries out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ckanext.participation.search.fields import LANGUAGES
from ckanext.participation.search.rules import clean_text

# Each word costs a clause per searched field; beyond this a pasted page would be refused instead of answered.
QUERY_WORDS = 50

# Weights hardly matter within reason (measured); the reader's language leads by a little.
_WEIGHTS = (
    ("title", 4.0),
    ("tags", 2.0),
    ("notes", 1.0),
    ("resources", 0.5),
    ("organization", 0.5),
    ("text", 0.2),
)
_OTHER_LANGUAGE = 0.8
_EXACT_TITLE = 2.0

_FIELDED = re.compile(r"(?:^|[\s(+\-!])[A-Za-z_*][\w.\-*]*:(?=\S)(?!//)")
_OPERATORS = ("AND", "OR", "NOT")


def query_params(params: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """Return the parameters of a search, with our fields to search in when it is plain words.

    Stock `dismax` is kept on purpose: CKAN always sends `q.op=AND`, which edismax obeys and dismax ignores,
    and dismax has no syntax that a citizen could break. Untouched: no words, a field name in the query, local
    parameters, and clients that send `qf` or `defType`.
    """
    result = dict(params)
    query = result.get("q")
    if not isinstance(query, str) or query.strip() in ("", "*:*", '""', "''") or "{!" in query:
        return result
    if result.get("qf") or result.get("defType") or _FIELDED.search(query):
        return result
    result["q"] = plain_words(query)
    if result["q"]:
        result["qf"] = query_fields(lang)
    return result


def plain_words(query: str) -> str:
    """Return a query in the little syntax that dismax reads without complaint: "phrases", +must, -not.

    What people type in passing is taken out: a colon between words (French puts one; CKAN would take the
    query for a fielded one), a quotation mark without its partner, dashes and signs standing alone, AND or OR
    with nothing to join.
    """
    text = clean_text(query).replace(":", " ")
    # Segments with an odd index stand between quotation marks; a mark without partner ends in an even count.
    segments = text.split('"')
    if len(segments) % 2 == 0:
        segments = [" ".join(segments)]
    pieces: list[str] = []
    for position, segment in enumerate(segments):
        words = _loose_words(segment) if position % 2 == 0 else segment.split()
        words = words[: max(0, QUERY_WORDS - sum(len(piece.split()) for piece in pieces))]
        if position % 2 and any(any(map(str.isalnum, word)) for word in words):
            pieces.append(f'"{" ".join(words)}"')
        elif position % 2 == 0:
            pieces += words
    while pieces and pieces[0] in _OPERATORS:
        pieces.pop(0)
    while pieces and pieces[-1] in _OPERATORS:
        pieces.pop()
    return " ".join(pieces)


def _loose_words(segment: str) -> list[str]:
    words: list[str] = []
    for word in re.sub(r"&&|\|\|", " ", segment).split():
        signless = word.lstrip("+-")
        if not any(map(str.isalnum, signless)):
            continue
        kept = word if len(word) - len(signless) <= 1 else signless
        if kept in _OPERATORS and words and words[-1] in _OPERATORS:
            continue
        words.append(kept)
    return words


def query_fields(lang: str) -> str:
    """Return Solr's `qf`: the fields to search and their weights, the reader's language slightly ahead."""
    parts = []
    for name, weight in _WEIGHTS:
        for language in LANGUAGES:
            factor = 1.0 if language == lang[:2] or lang[:2] not in LANGUAGES else _OTHER_LANGUAGE
            parts.append(f"{name}_{language}^{weight * factor:g}")
    parts.append(f"title_exact^{_EXACT_TITLE:g}")
    return " ".join(parts)
