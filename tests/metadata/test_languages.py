"""Text in French and English, and the tags made from it, without CKAN."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.metadata import languages
from ckanext.participation.metadata.rules import Refused


def translated(value: Any, language: str = "en") -> dict[str, str]:
    return languages.translated(value, language, 100)


def test_both_languages_are_kept_and_trimmed() -> None:
    assert translated({"fr": " Routes ", "en": "Roads"}) == {"fr": "Routes", "en": "Roads"}


def test_an_empty_language_is_left_out() -> None:
    assert translated({"fr": "", "en": "Roads"}) == {"en": "Roads"}
    assert translated({"fr": "  ", "en": None}) == {}


def test_json_text_is_read_as_the_dictionary_it_holds() -> None:
    assert translated('{"fr": "Routes"}') == {"fr": "Routes"}


def test_plain_text_is_in_the_default_language() -> None:
    assert translated("Routes", "fr_CA") == {"fr": "Routes"}
    assert translated("{not json", "en") == {"en": "{not json"}


def test_regions_and_machine_translations_are_their_base_language() -> None:
    assert translated({"fr-CA": "Routes", "en_US": "Roads"}) == {"fr": "Routes", "en": "Roads"}
    assert translated({"fr-t-en": "Chemins"}) == {"fr": "Chemins"}
    assert translated({"fr-t-en": "Chemins", "fr": "Routes"}) == {"fr": "Routes"}
    assert translated({"fr": "Routes", "fr-t-en": "Chemins"}) == {"fr": "Routes"}


@pytest.mark.parametrize(
    "value",
    [["Routes"], 3, True, {"es": "Calles"}, {"fr": ["Routes"]}, {"fr": {"x": "y"}}, {"fr": "a\x00"}, {"en": "\udfff"},
     {"fr": "a" * 1_000_000}, {3: "a"}, {None: "a"}, {"": "a"}],
)  # fmt: skip
def test_what_is_not_text_by_language_is_refused(value: Any) -> None:
    with pytest.raises(Refused):
        translated(value)


def test_a_refusal_says_in_which_language() -> None:
    with pytest.raises(Refused) as refusal:
        translated({"fr": "a" * 101, "en": "b"})
    assert str(refusal.value).startswith("(fr)")


def test_an_unknown_language_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match="es"):
        translated({"es": "Calles", "fr": "Routes"})


def test_a_reader_gets_their_language_else_the_other() -> None:
    both = {"fr": "Routes", "en": "Roads"}
    assert languages.pick(both, "fr_CA") == ("Routes", "fr")
    assert languages.pick({"en": "Roads"}, "fr") == ("Roads", "en")
    assert languages.pick({}, "fr") == ("", "")
    assert languages.pick(both, "es") == ("Roads", "en")


def test_gaps_are_counted_for_what_is_owed_and_for_what_was_begun() -> None:
    values = {"title_translated": {"fr": "Routes"}, "quality_notes_translated": {"en": "Good"}, "other_translated": {}}
    assert languages.gaps(values, ["title_translated", "notes_translated"]) == [
        ("notes_translated", "en"),
        ("notes_translated", "fr"),
        ("quality_notes_translated", "fr"),
        ("title_translated", "en"),
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("roads", "roads"),
        ("  santé   publique ", "santé publique"),
        ("l'eau potable", "l eau potable"),
        ("R&D; (2026)", "R D 2026"),
        ("a", None),
        ("!", None),
        ("", None),
        (3, None),
        (None, None),
        ("c\x00d", "c d"),
    ],
)
def test_a_tag_is_repaired_not_refused(written: Any, kept: str | None) -> None:
    assert languages.repair_tag(written) == kept


def test_a_long_tag_is_cut_at_a_word() -> None:
    cut = languages.repair_tag("déneigement " * 20)
    assert cut is not None
    assert len(cut) <= 100
    assert cut.endswith("déneigement")


@given(st.text(max_size=300))
def test_every_repaired_tag_is_one_that_ckan_takes(written: str) -> None:
    tag = languages.repair_tag(written)
    if tag is not None:
        assert 2 <= len(tag) <= 100
        assert re.fullmatch(r"[\w \-.]*", tag)
        assert languages.repair_tag(tag) == tag


def test_tags_come_once_whatever_their_case() -> None:
    assert languages.repair_tags(["Roads", "roads", "snow", "!", "Snow"]) == ["Roads", "snow"]


def test_keywords_come_as_lists_or_as_words_between_commas() -> None:
    assert languages.keywords({"fr": ["routes", "neige"], "en": "roads, snow; ice"}, "en") == {
        "fr": ["routes", "neige"],
        "en": ["roads", "snow", "ice"],
    }
    assert languages.keywords("routes, neige", "fr") == {"fr": ["routes", "neige"]}
    assert languages.keywords(["roads"], "en") == {"en": ["roads"]}


@pytest.mark.parametrize("value", [3, {"fr": 3}, {"fr": [{"a": 1}]}, {"es": ["x"]}, {"fr": "a\x00b"}, [["a"]]])
def test_misshapen_keywords_are_refused(value: Any) -> None:
    with pytest.raises(Refused):
        languages.keywords(value, "en")
