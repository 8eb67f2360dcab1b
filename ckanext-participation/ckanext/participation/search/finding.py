"""Finds conversations for one reader: what the search server says, checked against the tables before anything of it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import labels
from ckanext.participation.common.registry import registry
from ckanext.participation.common.translated import in_language
from ckanext.participation.search import asking, documents, passages, server

KIND = "thread"


@dataclass(frozen=True)
class Asked:
    """A search as the action understood it; `filters` are `(field of the core, value)`."""

    words: str
    lang: str
    sort: str
    start: int
    rows: int
    filters: list[tuple[str, str]] = field(default_factory=list)


def find(context: Context, asked: Asked) -> dict[str, Any]:
    """Return a page of conversations. Raises SearchAway."""
    allowed = labels.of_reader(context)
    shared = asking.shared(
        sort=asked.sort, start=asked.start, rows=asked.rows, filters=[(name, server.phrase(value)) for name, value in asked.filters],
        labels=None if allowed is None else [server.phrase(label) for label in allowed])
    answer, misspelled = _ask(asking.exact(asked.words, asked.lang), shared), False
    if not answer.hits and (guess := asking.nearly(asked.words)):
        nearly = _ask(guess, shared)
        if nearly.hits:
            answer, misspelled = nearly, True
    pairs = [documents.read_reference(document["id"]) for document in answer.docs]
    shown = registry.searchables[KIND].shown(context, pairs) if pairs else {}
    marked = {pair: answer.highlighting.get(documents.key(server.site_id(), KIND, *pair), {}) for pair in pairs}
    results = [_hit(shown[pair], marked[pair]) for pair in pairs if pair in shown]
    following = asked.start + asked.rows
    return {
        # What may not be shown any more was counted by a search that does not know it yet.
        "count": max(0, answer.hits - (len(pairs) - len(results))), "results": results, "misspelled": misspelled,
        "start": asked.start, "next": following if following < min(answer.hits, asking.DEEPEST) else None,
        "organizations": _organisations(answer.facets.get("facet_fields", {}).get("organization", []), asked.lang)}


def _ask(how: dict[str, Any], shared: dict[str, Any]) -> Any:
    return server.ask(how["q"], **{name: value for name, value in {**shared, **how}.items() if name != "q"})


def _hit(shown: dict[str, Any], marked: dict[str, list[str]]) -> dict[str, Any]:
    """Return a hit: the words are shown where they were found, else the beginning of the message."""
    texts: dict[str, str] = shown["texts"]
    lang = next((lang for lang in texts if marked.get(f"body_{lang}")), next(iter(texts)))
    title = next((marked[f"title_{language}"][0] for language in ("fr", "en") if marked.get(f"title_{language}")), None)
    return {"conversation": shown["conversation"], "message": shown["message"], "title": passages.whole(shown["title"], title),
            "passage": passages.passage(texts[lang], (marked.get(f"body_{lang}") or [None])[0]), "lang": lang}


def _organisations(counted: list[Any], lang: str) -> list[dict[str, Any]]:
    """Return `[{"id", "name", "title", "count"}]` of the organisations that answer for what was found, by their titles."""
    counts = dict(zip(counted[::2], counted[1::2], strict=True))
    if not counts:
        return []
    rows = model.Session.scalars(sa.select(model.Group).where(model.Group.id.in_(counts), model.Group.state == model.State.ACTIVE))
    named = [{"id": row.id, "name": row.name, "title": in_language((row.extras or {}).get("title_translated"), lang, row.title or row.name),
              "count": counts[row.id]} for row in rows]
    return sorted(named, key=lambda row: re.sub(r"\W", "", row["title"]).casefold())
