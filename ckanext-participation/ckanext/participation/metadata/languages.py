"""Text in two languages: reading it, filling the plain field beside it, choosing what a reader sees. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ckanext.participation.common.marking import N_
from ckanext.participation.metadata.rules import LANGUAGES, Refused, items, storable, text

TAG_SHORTEST, TAG_LONGEST = 2, 100


@lru_cache(maxsize=256)
def base_language(tag: str) -> str:
    """`fr` for `fr`, `fr_CA`, `fr-CA` and for `fr-t-en` (French translated by machine from English)."""
    return re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]


def translated(value: object, default_language: str, limit: int) -> dict[str, str]:
    """`{"fr": …, "en": …}` with the languages that hold text, from a dictionary, its JSON text, or one plain text.

    A plain text is taken as written in `default_language`. A language we do not keep is refused by its name.
    """
    return {
        language: cleaned
        for language, raw in by_language(value, default_language).items()
        if (cleaned := _text_in(language, raw, limit))
    }


def by_language(value: object, default_language: str) -> dict[str, object]:
    """The raw values by language; a plain `fr` wins over a `fr-CA` or a machine's `fr-t-en`."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        value = _dictionary_in(value, default_language)
    if not isinstance(value, Mapping):
        raise Refused(N_("Write the text by language, for example {\"fr\": \"Routes\", \"en\": \"Roads\"}."))
    found: dict[str, object] = {}
    for tag, raw in value.items():
        if raw is None or raw in ("", []):
            continue
        language = base_language(str(tag))
        if language not in LANGUAGES:
            raise Refused(N_("“%(language)s” is not a language kept here: use “fr” and “en”."), language=str(tag)[:30])
        if language not in found or str(tag).lower() == language:
            found[language] = raw
    return found


def _dictionary_in(written: str, default_language: str) -> dict[str, Any]:
    if written.lstrip().startswith("{"):
        try:
            value = json.loads(written)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            return value
    return {base_language(default_language): written}


def _text_in(language: str, raw: object, limit: int) -> str:
    try:
        return text(raw, limit)
    except Refused as refusal:
        raise Refused(f"%(in_language)s {refusal.message}", in_language=f"({language})", **refusal.values) from None


def in_both(texts: Mapping[str, str]) -> None:
    """Refuse a text that lacks French or English, saying which."""
    if not texts:
        raise Refused(N_("Write this in French and in English."))
    if not texts.get("fr"):
        raise Refused(N_("Write this in French too."))
    if not texts.get("en"):
        raise Refused(N_("Write this in English too."))


def pick(value: Mapping[str, str] | None, language: str) -> tuple[str, str]:
    """The text for a reader of `language` and the language it is in: theirs, else the other, else nothing."""
    texts = value or {}
    for candidate in (base_language(language), *LANGUAGES):
        if texts.get(candidate):
            return texts[candidate], candidate
    return "", ""


def gaps(values: Mapping[str, Any], asked: Iterable[str]) -> list[tuple[str, str]]:
    """`(field, language)` for every text that is missing in a language.

    Fields in `asked` owe both languages; any other translated field owes the second one once it has the first.
    """
    owed = set(asked)
    missing = []
    for field in sorted(owed | {name for name in values if name.endswith("_translated")}):
        value = values.get(field)
        texts = value if isinstance(value, Mapping) else {}
        if field in owed or any(texts.values()):
            missing += [(field, language) for language in LANGUAGES if not texts.get(language)]
    return missing


def repair_tag(name: object) -> str | None:
    """A tag that CKAN takes, as near as possible to what was written; None when too little is left.

    CKAN takes 2 to 100 letters, digits, spaces, hyphens, underscores and dots. A longer tag is cut at a word.
    """
    if not isinstance(name, str):
        return None
    try:
        cleaned = text(name.replace("\x00", " "))
    except Refused:
        return None
    # An apostrophe joins in French (l'eau) and must not glue two words together.
    cleaned = re.sub(r"\s+", " ", re.sub(r"[^\w \-.]", " ", cleaned)).strip(" -.")
    if len(cleaned) > TAG_LONGEST:
        head = cleaned[: TAG_LONGEST + 1].rpartition(" ")[0]
        cleaned = (head if len(head) >= TAG_LONGEST // 2 else cleaned[:TAG_LONGEST]).strip(" -.")
    return cleaned if len(cleaned) >= TAG_SHORTEST else None


def repair_tags(names: Iterable[object]) -> list[str]:
    """The repaired tags, each once (letter case does not make two), in the order they came."""
    kept: dict[str, str] = {}
    for name in names:
        tag = repair_tag(name)
        if tag:
            kept.setdefault(tag.casefold(), tag)
    return list(kept.values())


def keywords(value: object, default_language: str) -> dict[str, list[str]]:
    """`{"fr": […], "en": […]}` of repaired tags, from lists or from text separated by commas or semicolons."""
    found: dict[str, list[str]] = {}
    if isinstance(value, list):
        value = {base_language(default_language): value}
    for language, raw in by_language(value, default_language).items():
        names = re.split(r"[,;\n]", storable(raw)) if isinstance(raw, str) and raw.lstrip()[:1] != "[" else items(raw)
        if any(not isinstance(name, str) for name in names):
            raise Refused(N_("Write the keywords as words separated by commas."))
        if repaired := repair_tags(names):
            found[language] = repaired
    return found
