"""The French catalogue is whole, and no template shows a text that nobody can translate.

The first half reads the catalogue as `make i18n` does; the second half reads our templates without rendering them.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import jinja2
import polib
import pytest

EXTENSION = Path(__file__).resolve().parents[2] / "ckanext-participation"
PACKAGE = EXTENSION / "ckanext" / "participation"

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sdr]|\{\w*\}")
TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*")
WORD = re.compile(r"[^\W\d_]{2,}")
SHOWN_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "label", "data-pt-done"}
NAMES = {"CKAN", "CSV", "DCAT", "JSON", "JSON-LD", "RDF/XML", "Turtle", "API"}
# Seen by administrators only, with invented content in both languages.
SAMPLES = {"styleguide.html"}
# Attributes that a template keeps in a variable, and a class that it writes into a block of its parent.
CODE = re.compile(r'(?: ?(?:[a-z-]+="[^"]*"|required|checked))+|pt-[\w-]+')
# Stands for what an expression will write; a private character that no template holds.
HOLE = "\ue000"


def _i18n() -> ModuleType:
    spec = importlib.util.spec_from_file_location("participation_i18n", EXTENSION / "i18n.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def i18n() -> ModuleType:
    return _i18n()


@pytest.fixture(scope="module")
def catalogue(i18n: ModuleType) -> polib.POFile:
    return i18n.merged(i18n.collected())


def _pairs(entry: polib.POEntry) -> Iterator[tuple[str, str]]:
    if entry.msgid_plural:
        yield from ((entry.msgid_plural, text) for text in entry.msgstr_plural.values())
    else:
        yield entry.msgid, entry.msgstr


def _changed_placeholders(entry: polib.POEntry) -> bool:
    return any(set(PLACEHOLDER.findall(english)) != set(PLACEHOLDER.findall(french)) for english, french in _pairs(entry))


def _changed_tags(entry: polib.POEntry) -> bool:
    return any(Counter(TAG.findall(english)) != Counter(TAG.findall(french)) for english, french in _pairs(entry))


def _wrong_marks(entry: polib.POEntry) -> list[str]:
    """Return the marks of a French text that are not set as in Quebec; code and addresses in it are left alone."""
    found = []
    for _english, french in _pairs(entry):
        text = re.sub(r"<[^>]*>|`[^`]*`|\{[^}]*\}|\[[^\]]*\]", "x", french)
        found += re.findall(r"\w'\w|«(?!\u00a0)|(?<!\u00a0)»|\s[;?!]|(?<!\u00a0):(?=\s|$)", text)
    return found


def test_every_text_has_its_french(i18n: ModuleType, catalogue: polib.POFile) -> None:
    assert i18n.problems(catalogue) == []


def test_the_files_are_what_make_i18n_writes(i18n: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    code = i18n.main(["--check"])
    assert code == 0, capsys.readouterr().out


def test_a_text_without_french_is_a_problem(i18n: ModuleType) -> None:
    texts = polib.POFile()
    texts.append(polib.POEntry(msgid="Ask", msgstr=""))
    texts.append(polib.POEntry(msgid="{n} day", msgid_plural="{n} days", msgstr_plural={0: "{n} jour", 1: ""}))
    texts.append(polib.POEntry(msgid="Search", msgstr="Rechercher", flags=["fuzzy"]))
    assert len(i18n.problems(texts)) == len(texts)


def test_french_keeps_every_placeholder(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if _changed_placeholders(entry)] == []


def test_french_keeps_every_tag(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if _changed_tags(entry)] == []


def test_french_is_set_as_in_quebec(catalogue: polib.POFile) -> None:
    assert [(entry.msgid, marks) for entry in catalogue if (marks := _wrong_marks(entry))] == []


@pytest.mark.parametrize("french", ["{nombre} textes", "textes", "%(number)s textes"])
def test_a_changed_placeholder_is_noticed(french: str) -> None:
    assert _changed_placeholders(polib.POEntry(msgid="{number} texts", msgstr=french))


def test_a_lost_tag_is_noticed() -> None:
    assert _changed_tags(polib.POEntry(msgid='the <a href="%(url)s">API</a>', msgstr="l’API %(url)s"))


@pytest.mark.parametrize("french", ["l'adresse", "« eau »", "Sujet:", "Sujet :", "Vraiment ?"])
def test_a_wrong_mark_is_noticed(french: str) -> None:
    assert _wrong_marks(polib.POEntry(msgid="x", msgstr=french))


class _Page(HTMLParser):
    """Collects what readers would see, or hear, of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style", "code", "pre"}
        values = dict(attrs)
        self.shown += [value for name, value in values.items() if name in SHOWN_ATTRIBUTES and value]
        if tag == "input" and values.get("type") in {"submit", "button", "reset"}:
            self.shown.append(values.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "code", "pre"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.shown.append(data)


def _tokens(source: str) -> list[tuple[str, str]]:
    return [(kind, text) for _line, kind, text in jinja2.Environment(autoescape=True).lexer.tokeniter(source, None)]


def _markup(source: str) -> str:
    """Return a template's own markup: a hole for each expression, nothing for statements and for what is translated."""
    pieces: list[str] = []
    translated = False
    tokens = [(kind, text) for kind, text in _tokens(source) if kind != "whitespace"]
    for (kind, text), (_after, word) in pairwise([*tokens, ("end", "")]):
        if kind == "block_begin" and word in {"trans", "endtrans"}:
            translated = word == "trans"
        elif kind == "data" and not translated:
            pieces.append(text)
        elif kind == "variable_begin" and not translated:
            pieces.append(HOLE)
    return re.sub(f"(</?){HOLE}", r"\1x", "".join(pieces))


def untranslatable(source: str) -> list[str]:
    """Return the words that a template shows without offering them to the translator."""
    page = _Page()
    page.feed(_markup(source))
    page.close()
    shown = [" ".join(text.replace(HOLE, " ").split()) for text in page.shown]
    found = [text for text in shown if WORD.search(text) and text not in NAMES and not CODE.fullmatch(text)]
    tokens = [(kind, text) for kind, text in _tokens(source) if kind != "whitespace"]
    for index, (kind, text) in enumerate(tokens):
        # A capital and a further word, or a sentence: `'Sign in'`, not a name, a key or an address.
        if kind == "string" and re.match(r"['\"][A-ZÀ-Ý][\w’']* [\w“(]", text):
            before = [word for _kind, word in tokens[max(0, index - 4):index]]
            if not (before[-2:] == ["_", "("] or "ungettext" in before):
                found.append(text)
    return found


TEMPLATES = sorted(path for path in PACKAGE.rglob("*.html") if path.name not in SAMPLES)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_template_shows_only_texts_that_can_be_translated(path: Path) -> None:
    assert untranslatable(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("source", [
    "<p>Ask a question</p>",
    "<p>{{ number }} days left</p>",
    "<h{{ level }} class='x'>Files</h{{ level }}>",
    "{% if late %}<span>late</span>{% endif %}",
    '<img src="{{ url }}" alt="A map">',
    '<input type="search" placeholder="Search here">',
    '<nav aria-label="Pages of {{ title }}"></nav>',
    '<input type="submit" value="Save">',
    "{{ ui.notice('info', 'Sign in first') }}",
])
def test_a_text_that_cannot_be_translated_is_found(source: str) -> None:
    assert untranslatable(source)


@pytest.mark.parametrize("source", [
    "<p>{{ _('Ask a question') }}</p>",
    "{# Only for people who read templates. #}",
    "{% trans name=name %}started by {{ name }}{% endtrans %}",
    "{{ ungettext('One day left', 'Many days left', n) }} · (+{{ n }})",
    "<{{ tag }} class='pt-tag pt-tag--{{ kind }}'>{{ text }}</{{ tag }}>",
    "<a{% if open %} aria-current=\"page\"{% endif %} href=\"{{ url }}\">CKAN</a>",
])
def test_a_text_that_can_be_translated_is_left_alone(source: str) -> None:
    assert untranslatable(source) == []
