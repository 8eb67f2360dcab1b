"""Every sentence that a report may hold is found again in it, and told in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harvesting.healthy import error, failed, run, source

from ckanext.participation.common.translations import translator
from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.sentences import Sentence, told

ROOM = Path(sentences.__file__).parent
ALL = {name: one for name, one in vars(sentences).items() if isinstance(one, Sentence)}
NUMBERS = ("number", "total", "status", "page", "line", "row")
FRENCH = translator("fr")

# What is said through these goes into a report or a preview.
SAYING = {"Unreadable", "SourceProblem", "AnsweredError", "NoJSON", "EndedEarly", "NotACatalogue", "FetchFailed", "BadSettings", "say", "_gather_row",
          "Refusal", "missing", "NotFound"}


def filled(one: Sentence, words: str = "“snow: 3%, “é”” {x}") -> dict[str, str]:
    """Return a value for each place of a sentence, as odd as the place may hold."""
    names = list(one.pattern.groupindex)
    return {name: str(12 + place) if name in NUMBERS else "1.5" if name == "minutes" else
            "KeyError" if name in {"error", "field", "column", "key", "one", "other"} else words for place, name in enumerate(names)}


def backwards(text: str) -> str:
    """Stand for a language in which every sentence begins with its places and has them in another order."""
    places = sentences._PLACE.findall(text)
    return "".join(f"<{{{name}}}>" for name in reversed(places)) + "!" if text in {one.text for one in ALL.values()} else text


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_sentence_is_found_again_with_what_was_filled_in(name: str) -> None:
    values = filled(ALL[name])
    assert told(ALL[name](**values), backwards) == "".join(f"<{values[place]}>" for place in reversed(list(values))) + "!"


def test_what_is_no_sentence_of_ours_is_not_told_in_another_language() -> None:
    for text in ("", "Something else.", "x was left in: y", "The record could not be imported: a b c.", "x" * 100_000, "a: b, " * 2000):
        assert told(text, backwards) is None, text[:50]


def test_a_line_of_many_colons_and_quotes_is_read_in_no_time() -> None:
    assert told("title was left out: “" + "” “ : , " * 300, str) is not None
    assert told(": ".join(["a 1, b"] * 400), str) is None


def test_a_value_with_line_ends_stays_on_the_sentences_line() -> None:
    assert "\n" not in sentences.VALUE_LEFT_OUT(field="title", value="a\nb\r\nc")


def test_counts_fields_and_what_validation_said_are_told_too() -> None:
    french = {"{field} was left out: {said}": "{field} omis : {said}", "Missing value": "Valeur manquante",
              "The catalogue refused the record: {said}": "Refusé : {said}", "The record has no title.": "Sans titre.",
              sentences.MANY_RECORDS.text: "Plus de {number} fiches."}
    tell = {"translate": lambda text: french.get(text, text), "number": lambda text: f"{int(text):,}".replace(",", " "),
            "label": {"title": "Titre"}.get}
    tell["label"] = lambda name: {"title": "Titre"}.get(name, name)
    assert told(sentences.MANY_RECORDS(number=500000), **tell) == "Plus de 500 000 fiches."
    assert told(sentences.LEFT_OUT(field="title", said="Missing value"), **tell) == "Titre omis : Valeur manquante"
    assert told(sentences.REFUSED(said="title: Missing value; odd: What? No."), **tell) == "Refusé : Titre: Valeur manquante; odd: What? No."
    assert told("http://x.example/1: The record has no title.", **tell) == "http://x.example/1: Sans titre."


def test_every_sentence_that_is_made_can_be_told_in_another_language() -> None:
    """What is made from pieces at the place where it is said would stay English for ever."""
    unmarked = [f"{path.relative_to(ROOM)}:{call.lineno}" for path in sorted(ROOM.rglob("*.py")) for call in _said(path)
                if any(_is_unmarked(part) for part in call.args)]
    assert unmarked == []


def _said(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            of_notes = name in {"append", "extend"} and "notes" in ast.dump(node.func)
            if name in SAYING or of_notes or (name == "__init__" and "super" in ast.dump(node.func)):
                yield node


def _is_unmarked(part: ast.expr) -> bool:
    written = part.value if isinstance(part, ast.Constant) else None
    if isinstance(part, ast.JoinedStr):
        # `record: sentence` has words of nobody's language.
        return any(isinstance(one, ast.Constant) and " " in str(one.value).strip() for one in part.values)
    return isinstance(written, str) and " " in written


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_sentence_has_its_french(name: str) -> None:
    assert FRENCH(ALL[name].text) != ALL[name].text
    assert told(ALL[name](**filled(ALL[name])), FRENCH)


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
class TestPages:
    @pytest.fixture
    def page(self, app: Any) -> Callable[[str], str]:
        with app.flask_app.test_request_context():
            about = source()
        job = run(about, errors=2)
        error(job, "record-7", "The record has no title.")
        error(job, "record-8", "frequency was left out: “every blue moon” is not a value it takes.\n1 of 2 files were left out: they have no address.")
        error(job, "record-9", "frequency was left out: “never” is not a value it takes.\nSomething that no release says.")
        return lambda prefix: app.get(f"{prefix}/participation/harvest/sources/snow").body

    def test_a_report_is_told_line_by_line(self, page: Callable[[str], str]) -> None:
        body = page("")
        assert body.count("is not a value it takes.") == 1
        assert "2 ×" in body
        assert "1 of 2 files were left out: they have no address." in body

    def test_a_report_is_in_french_but_for_what_is_not_ours(self, page: Callable[[str], str]) -> None:
        body = page("/fr")
        assert "The record has no title." not in body
        assert "is not a value it takes." not in body
        assert FRENCH("The record has no title.") in body
        assert "every blue moon" in body
        assert '<span lang="en">Something that no release says.</span>' in body


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")
def test_a_mail_says_in_french_what_the_last_run_said() -> None:
    from ckan import model

    from ckanext.participation.harvesting import mails

    about = source()
    failed(about, said=sentences.PAGE_ANSWERED_ERROR(page=2, status=500))
    event = {"id": 1, "target_type": "harvest_source", "target_id": about["id"], "recipient": None, "data": {
        "at": "2026-11-22T10:00:00+00:00", "succeeded": None, "sentence": sentences.PAGE_ANSWERED_ERROR(page=2, status=500)}}
    assert model.Package.get(about["id"])
    said = FRENCH(sentences.PAGE_ANSWERED_ERROR.text).format(page=2, status=500)
    assert f"« {said} »" in mails.failing_wording(event, "fr")[1]
    assert "Page 2 of the catalogue answered with the error 500." in mails.failing_wording(event, "en")[1]
