"""Titles in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.participation.common.translated import in_language

BOTH = {"fr": "Neige", "en": "Snow"}


@pytest.mark.parametrize(("value", "lang", "text"), [
    (BOTH, "fr", "Neige"), (BOTH, "en_CA", "Snow"), ('{"fr": "Neige"}', "fr-CA", "Neige"), ('{"fr": "Neige"}', "en", "plain"),
    ({"fr": " "}, "fr", "plain"), ("{broken", "fr", "plain"), (None, "fr", "plain"), (["x"], "fr", "plain"), (BOTH, None, "plain"),
    ({"fr": 7}, "fr", "plain")])
def test_the_readers_language_else_the_plain_title(value: Any, lang: str | None, text: str) -> None:
    assert in_language(value, lang, "plain") == text
