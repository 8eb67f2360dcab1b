"""The credit of a dataset in the forms that people paste: plain text, HTML, Markdown, BibTeX, CSL-JSON and JSON-LD.

Every form holds the sentence that the licence asks for, word for word (`rules.credit_line`); version and day of retrieval, which no
licence asks for and every citation does, stand after it. Pure: nothing here imports CKAN.

Sources: the BibTeX type `misc` with `url` and `urldate` (biblatex manual, 2.1.1); CSL-JSON 1.0.2, type `dataset`
(https://docs.citationstyles.org/en/stable/specification.html); schema.org/Dataset with `creditText` and `license`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, Final

from . import rules
from .folding import clean, looks_like_url
from .register.licence import Licence, language

FORMS: Final = ("text", "html", "markdown", "bibtex", "csl_json", "json_ld")

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
# BibTeX counts braces, also behind a backslash: one that is alone would end the entry.
_LATEX: Final = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
                 "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_WORDS: Final = {"en": ("Version", "Retrieved on"), "fr": ("Version", "Données obtenues le")}


@dataclass(frozen=True, slots=True)
class Credited:
    """What is credited. `id` is a name for citations; dates are ISO, in days, months or years, and empty when not known."""

    licence: Licence
    id: str
    publisher: str = ""
    title: str = ""
    published: str = ""
    updated: str = ""
    version: str = ""
    url: str = ""

    @property
    def year(self) -> str:
        """The year of publication, empty when not known."""
        return self.published[:4] if re.fullmatch(r"[0-9]{4}", self.published[:4]) else ""

    def line(self, lang: str, mark: rules.Mark = rules.plain) -> str:
        """Return the licence's own sentence with these values."""
        return rules.credit_line(self.licence, lang, publisher=self.publisher, title=self.title, year=self.year,
                                 updated=self.updated, url=self.url, mark=mark)


def forms(credited: Credited, lang: str, retrieved: date) -> dict[str, str]:
    """Return every form of the credit in one language, by its name in `FORMS`; empty where the licence has no credit line.

    :param retrieved: the day on which the data were obtained
    """
    lang = language(lang)
    if not credited.line(lang):
        return {}
    makers: dict[str, Callable[[Credited, str, date], str]] = {
        "text": text, "html": html, "markdown": markdown, "bibtex": bibtex, "csl_json": csl_json, "json_ld": json_ld}
    return {name: makers[name](credited, lang, retrieved) for name in FORMS}


def text(credited: Credited, lang: str, retrieved: date) -> str:
    """Return plain text."""
    return f"{_ended(credited.line(lang))} {_obtained(credited, lang, retrieved)}"


def html(credited: Credited, lang: str, retrieved: date) -> str:
    """Return one `<p>` with links to the dataset and to the licence; every value is escaped."""

    def mark(name: str, value: str) -> str:
        shown = escape(value)
        if name == "title":
            return f'<cite><a href="{escape(credited.url)}">{shown}</a></cite>' if looks_like_url(credited.url) else f"<cite>{shown}</cite>"
        if name in ("url", "licence_url") and looks_like_url(value):
            return f'<a href="{shown}"{" rel=" + chr(34) + "license" + chr(34) if name == "licence_url" else ""}>{shown}</a>'
        return shown

    line = _ended(credited.line(lang, rules.Mark(mark, escape)))
    return f'<p lang="{lang}">{line} {escape(_obtained(credited, lang, retrieved))}</p>'


def markdown(credited: Credited, lang: str, retrieved: date) -> str:
    """Return Markdown (CommonMark) with links; signs that mean something in it are escaped."""

    def plain(value: str) -> str:
        return _MARKDOWN.sub(r"\\\1", value)

    def mark(name: str, value: str) -> str:
        if name == "title" and _linkable(credited.url):
            return f"[{plain(value)}](<{credited.url}>)"
        if name in ("url", "licence_url") and _linkable(value):
            return f"<{value}>"
        return plain(value)

    return f"{_ended(credited.line(lang, rules.Mark(mark, plain)))} {plain(_obtained(credited, lang, retrieved))}"


def bibtex(credited: Credited, lang: str, retrieved: date) -> str:
    """Return a BibTeX entry of type `misc`; the licence's sentence is its `note`."""
    # A second pair of braces keeps capitals, and an organisation's name from being read as a first name and a surname.
    rows = {
        "title": f"{{{_latex(credited.title)}}}" if credited.title else "",
        "author": f"{{{_latex(credited.publisher)}}}" if credited.publisher else "",
        "year": credited.year, "version": _latex(credited.version), "url": _url(credited.url), "urldate": retrieved.isoformat(),
        "language": {"fr": "french", "en": "english"}[lang], "note": _latex(credited.line(lang))}
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in rows.items() if value)
    return f"@misc{{{re.sub(r'[^a-zA-Z0-9:_-]+', '-', credited.id)[:80] or 'dataset'},\n{lines}\n}}"


def csl_json(credited: Credited, lang: str, retrieved: date) -> str:
    """Return CSL-JSON, a list of one item of type `dataset`, as reference managers take it."""
    item: dict[str, Any] = {
        "id": credited.id, "type": "dataset", "title": credited.title, "publisher": credited.publisher,
        "author": [{"literal": credited.publisher}] if credited.publisher else [], "issued": _parts(credited.published),
        "accessed": _parts(retrieved.isoformat()), "version": credited.version, "URL": credited.url, "language": lang,
        "license": credited.licence.text_url(lang), "note": credited.line(lang)}
    return json.dumps([{name: value for name, value in item.items() if value}], ensure_ascii=False, indent=2)


def json_ld(credited: Credited, lang: str, retrieved: date) -> str:
    """Return JSON-LD: a `schema:Dataset` with its licence and credit text."""
    item: dict[str, Any] = {
        "@context": "https://schema.org/", "@type": "Dataset", "@id": credited.url, "name": credited.title, "url": credited.url,
        "version": credited.version, "datePublished": credited.published, "dateModified": credited.updated,
        "publisher": {"@type": "Organization", "name": credited.publisher} if credited.publisher else None,
        "license": credited.licence.text_url(lang), "creditText": text(credited, lang, retrieved)}
    # `<` could end the script element that this is pasted into.
    return json.dumps({name: value for name, value in item.items() if value}, ensure_ascii=False, indent=2).replace("<", "\\u003c")


def _obtained(credited: Credited, lang: str, retrieved: date) -> str:
    version, on = _WORDS[lang]
    said = f"{version} {clean(credited.version)}. " if clean(credited.version) else ""
    return f"{said}{on} {rules.written(retrieved, lang)}."


def _ended(line: str) -> str:
    """End a sentence that has no end, and leave alone one that closes with an address."""
    return line if line.endswith((".", "!", "?", ">")) or line.rpartition(" ")[2].startswith(("http://", "https://")) else f"{line}."


def _linkable(address: str) -> bool:
    return looks_like_url(address) and not re.search(r"[<>\s]", address)


def _latex(value: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in clean(value))


def _url(value: str) -> str:
    """An address as BibTeX takes it: what could end the field is written as its percent code."""
    return clean(value).replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C").replace(" ", "%20")


def _parts(day: str) -> dict[str, list[list[int]]] | None:
    found = re.match(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", day)
    return {"date-parts": [[int(part) for part in found.groups() if part]]} if found else None
