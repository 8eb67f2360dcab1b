"""Words of templates in the reader's language: which catalogue holds them is asked once per request and language, not once per word.

A page of ours has two hundred words, and Flask-Babel looks for the language, the domain and the catalogue for each of them. What
comes out is the same: a translation is marked safe and formatted as Jinja's own newstyle functions do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from babel.support import NullTranslations
from ckan.types import CKANApp
from flask import g
from flask_babel import get_translations
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from ckanext.participation import config

_KEPT = "participation_catalogue"


def install(app: CKANApp) -> CKANApp:
    """Give the application's templates the cheaper `_`, `gettext` and `ngettext`."""
    words = app.jinja_env.globals
    plain, plural = words["gettext"], words["ngettext"]

    @pass_context
    def gettext(context: Context, message: str, /, **variables: Any) -> str:
        translations = catalogue()
        if translations is None:
            return plain(context, message, **variables)
        if context.eval_ctx.autoescape and not variables and isinstance(message, str):
            return _safe(translations, message)
        return _formatted(context, translations.ugettext(message), variables)

    @pass_context
    def ngettext(context: Context, singular: str, plural_: str, number: int, /, **variables: Any) -> str:
        translations = catalogue()
        if translations is None:
            return plural(context, singular, plural_, number, **variables)
        return _formatted(context, translations.ungettext(singular, plural_, number), {"num": number, **variables})

    words |= {"_": gettext, "gettext": gettext, "ngettext": ngettext}
    return app


def catalogue() -> NullTranslations | None:
    """Return the translations of the language that this request speaks at the moment; None when they are not to be kept."""
    # Flask-Babel's own note about the request: the language in it is replaced when the request changes to another one.
    here = getattr(g, "_flask_babel", None) if g else None
    locale = getattr(here, "babel_locale", None)
    if locale is None:
        return get_translations() if config.pages("words") else None
    kept = getattr(here, _KEPT, None)
    if kept is None or kept[0] is not locale:
        kept = (locale, get_translations() if config.pages("words") else None)
        setattr(here, _KEPT, kept)
    return kept[1]


@lru_cache(maxsize=4096)
def _safe(translations: NullTranslations, message: str) -> Markup:
    return Markup(translations.ugettext(message)) % {}  # noqa: S704 (templates' own words, as Jinja's newstyle functions mark them)


def _formatted(context: Context, text: str, variables: dict[str, Any]) -> str:
    return (Markup(text) if context.eval_ctx.autoescape else text) % variables  # noqa: S704 (as above; the variables are escaped)
