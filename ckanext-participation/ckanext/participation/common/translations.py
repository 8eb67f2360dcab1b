"""Our texts in a language of one's choice, where no page and so no reader's language is: in mails."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from gettext import translation
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[1] / "i18n"


@lru_cache(maxsize=8)
def translator(lang: str) -> Callable[[str], str]:
    """Return what gives a text of this extension in the language; the text itself where it is not translated."""
    return translation("ckanext-participation", _FOLDER, [lang], fallback=True).gettext
