"""What a search of conversations asks the search server for. No CKAN here: texts in, parameters out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ckanext.participation.search import queries
from ckanext.participation.search.fields import LANGUAGES

RELEVANCE = "relevance"
NEWEST = "newest"
SORTS = (RELEVANCE, NEWEST)

LONGEST = 1000
MOST_ROWS = 50
DEEPEST = 1000
MOST_ORGANISATIONS = 100

# What the search server puts around the words it found: two characters of nobody's alphabet.
FOUND, END = "\ue000", "\ue001"
PASSAGE = 240
SHORTEST_GUESS = 4

_QUOTES = str.maketrans(dict.fromkeys("«»“”„", '"'))
_WEIGHTS = (("title", 4.0), ("body", 1.0), ("text", 0.2))
_OTHER_LANGUAGE = 0.8
# One or two words: all of them; of five and more, two thirds.
_ENOUGH = "2<-1 5<66%"
_EVERY_ORDER = {RELEVANCE: "score desc, created desc, index_id asc", NEWEST: "created desc, index_id asc"}
_BEST = {RELEVANCE: "score desc, created desc", NEWEST: "created desc"}


def words_of(query: str) -> str:
    """Return the query as plain words, "phrases", +must and -not; empty when it holds no word."""
    plain = queries.plain_words(query.replace("{!", " ").translate(_QUOTES))
    return plain if any(map(str.isalnum, plain)) else ""


def exact(words: str, lang: str) -> dict[str, Any]:
    """Return the parameters of the first try. `dismax` has no syntax by which a text could become a command."""
    ahead = lang[:2] if lang[:2] in LANGUAGES else ""
    fields = [f"{name}_{language}^{weight * (1.0 if language == ahead or not ahead else _OTHER_LANGUAGE):g}"
              for name, weight in _WEIGHTS for language in LANGUAGES]
    return {"q": words, "defType": "dismax", "qf": " ".join([*fields, "title_exact^2", "subject_title^0.5"]), "mm": _ENOUGH, "tie": "0.1",
            "pf": "title_fr^8 title_en^8 body_fr^2 body_en^2", "q.op": "OR"}


def nearly(words: str) -> dict[str, Any] | None:
    """Return the parameters of the second try, in which each longer word may be misspelled; None when there is none.

    Made of letters and digits only, so that nothing in it is syntax; field names are not understood (`uf`).
    """
    guessed = []
    for word in re.findall(r"[^\W_]+", words.lower()):
        if len(word) >= SHORTEST_GUESS:
            guessed.append(f"{word}~{1 if len(word) < 8 else 2}")
        elif len(word) > 2:
            guessed.append(word)
    if not any("~" in word for word in guessed):
        return None
    return {"q": " ".join(guessed), "defType": "edismax", "qf": "words title_exact^2", "mm": _ENOUGH, "q.op": "OR", "uf": "-*",
            "lowercaseOperators": "false"}


def shared(*, sort: str, start: int, rows: int, filters: Iterable[tuple[str, str]], labels: list[str] | None) -> dict[str, Any]:
    """Return what both tries have alike: filters (`(field, phrase)`), rights, one hit per conversation, the passage with the words.

    `labels` are the reader's, as phrases; None finds everything. Organisations are counted without the filter on one of them.
    """
    fq = ["type:thread"]
    if labels is not None:
        fq.append(f"permission_labels:({' OR '.join(labels)})")
    fq += [f"{{!tag={field}}}{field}:{value}" for field, value in filters]
    fq.append(f"{{!collapse field=entry sort='{_BEST[sort]}'}}")
    return {
        "fq": fq, "sort": _EVERY_ORDER[sort], "start": start, "rows": rows, "fl": "id", "timeAllowed": 4000,
        "facet": "true", "facet.field": "{!ex=organization}organization", "facet.limit": MOST_ORGANISATIONS, "facet.mincount": 1,
        "hl": "true", "hl.method": "unified", "hl.fl": "title_fr,title_en,body_fr,body_en", "hl.requireFieldMatch": "false",
        "hl.snippets": 1, "hl.fragsize": PASSAGE, "f.title_fr.hl.fragsize": 0, "f.title_en.hl.fragsize": 0, "hl.tag.pre": FOUND,
        "hl.tag.post": END}
