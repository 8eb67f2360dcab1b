"""What templates ask about the whole catalogue's files, and how they write a duration and a share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_percent

from ckanext.participation.harvesting import frequencies, sentences
from ckanext.participation.harvesting.offering import files
from ckanext.participation.metadata import fields

__all__ = ["harvest_frequencies", "participation_duration", "participation_feeds", "participation_has_come", "participation_said",
           "participation_share", "participation_short_day"]

_NAMES = {"data.json": "DCAT-US data.json", "data.ttl": "DCAT-AP Turtle", "data.jsonld": "DCAT-AP JSON-LD"}

# One digit after the point, as each language writes a share.
_FINE = {"fr_CA": "#,##0.#\u00a0%", "en_CA": "#,##0.#%"}


@tk.chained_helper
def harvest_frequencies(original: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the choices of ckanext-harvest's form, in whole words."""
    words = frequencies.words()
    return [{**choice, "text": words.get(choice["value"], choice["text"])} for choice in original()]


def participation_feeds() -> list[dict[str, str]]:
    """Return the files of the whole catalogue: `url`, `type` (media type) and `title`."""
    return [{"url": tk.url_for(f"participation_feeds.{name.replace('.', '_')}", locale="default", qualified=True),
             "type": kind.partition(";")[0], "title": _NAMES[name]} for name, kind in files.FEEDS.items()]


def participation_duration(seconds: float) -> str:
    """Return a time span in the reader's words, such as "3 minutes"."""
    return format_timedelta(max(1, round(seconds)), threshold=1.5, locale=_locale())


def participation_has_come(written: str) -> bool:
    """Say whether a moment (ISO text) is past."""
    return datetime.fromisoformat(written) <= datetime.now(UTC)


def participation_said(text: str) -> dict[str, str]:
    """Return a sentence of a report: `{"text": in the reader's language where it is one of ours, "lang": its own where it is not}`."""
    if str(tk.h.lang() or "en")[:2] == "en":
        return {"text": text, "lang": ""}
    ours = sentences.told(text, tk._, lambda written: str(tk.h.localised_number(int(written))), _label)
    return {"text": text if ours is None else ours, "lang": "en" if ours is None else ""}


def participation_share(share: float) -> str:
    """Return a share (0 to 1) in per cent; one that is not nothing is never written as 0 %, nor one that is not all as 100 %."""
    shown = min(max(share, 0.001), 0.999) if 0 < share < 1 else share
    fine = 0 < shown < 0.1 or 0.99 < shown < 1
    return format_percent(shown, _FINE[_locale()] if fine else None, locale=_locale())


def participation_short_day(written: str) -> str:
    """Return the day of a moment (ISO text) as it fits under a bar."""
    return format_skeleton("MMMd", datetime.fromisoformat(written).astimezone(tk.h.get_display_timezone()), locale=_locale())


def _label(name: str) -> str:
    """Return what a field is called on the forms; its own name where no form has it."""
    found = fields.definitions("dataset").get(name) or fields.definitions("resource").get(name)
    return tk.h.scheming_language_text(found["label"]) if found and "label" in found and "scheming_language_text" in tk.h else name


def _locale() -> str:
    return {"fr": "fr_CA", "en": "en_CA"}.get(str(tk.h.lang() or "en")[:2], "en_CA")
