"""A title in the reader's language, from the `*_translated` values that CKAN's rows carry as JSON. Pure."""

from __future__ import annotations

import json
from typing import Any


def in_language(value: Any, lang: str | None, fallback: str = "") -> str:
    """Return the text in `lang` ("fr", "en", or a locale of it), else `fallback`.

    `value` is a dictionary by language, or the JSON text of one; anything else gives `fallback`.
    """
    texts = value
    if isinstance(value, str) and value.startswith("{"):
        try:
            texts = json.loads(value)
        except ValueError:
            return fallback
    if not isinstance(texts, dict) or not lang:
        return fallback
    found = texts.get(lang.replace("-", "_").split("_")[0])
    return found if isinstance(found, str) and found.strip() else fallback
