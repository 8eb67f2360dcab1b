"""What a dataset's search document holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.participation.search import rules


def test_text_of_a_known_language_goes_to_that_language_only() -> None:
    found = rules.dataset_fields({"title": "Eau", "title_translated": {"fr": "Eau", "en": "Water"}})
    assert (found["title_fr"], found["title_en"]) == ("Eau", "Water")


def test_text_of_one_language_is_not_put_into_the_other() -> None:
    found = rules.dataset_fields({"title": "Eau", "title_translated": {"fr": "Eau"}})
    assert found["title_fr"] == "Eau"
    assert "title_en" not in found


def test_text_of_an_unknown_language_goes_to_both() -> None:
    found = rules.dataset_fields({"title": "Eau / Water", "notes": "x"})
    assert found["title_fr"] == found["title_en"] == "Eau / Water"
    assert found["notes_fr"] == found["notes_en"] == "x"


def test_translations_may_be_json_text_and_carry_a_region() -> None:
    found = rules.dataset_fields({"title_translated": json.dumps({"fr-CA": "Eau", "en-CA": "Water"})})
    assert (found["title_fr"], found["title_en"]) == ("Eau", "Water")


def test_keywords_and_tags_are_words_of_both_languages() -> None:
    found = rules.dataset_fields(
        {
            "keywords_translated": {"fr": ["eau"], "en": ["water"]},
            "tags": [{"name": "h2o"}, {"display_name": "Lac"}],
        }
    )
    assert found["tags_fr"] == ["eau", "h2o", "Lac"]
    assert found["tags_en"] == ["water", "h2o", "Lac"]


def test_resources_bring_their_names_and_descriptions() -> None:
    found = rules.dataset_fields(
        {
            "resources": [
                {"name": "a", "description": "b"},
                {"name_translated": {"fr": "c"}},
                None,
                {"name": "a"},
            ]
        }
    )
    assert found["resources_fr"] == ["a", "b", "c"]
    assert found["resources_en"] == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("fr", "fr"),
        ("FRA", "fr"),
        ("fre", "fr"),
        ("fr-CA", "fr"),
        ("fr_CA", "fr"),
        ("Français", "fr"),
        ("eng; CAN", "en"),
        ("http://publications.europa.eu/resource/authority/language/ENG", "en"),
        ("iu", "iu"),
        ("", ""),
        (None, ""),
        ({}, ""),
        ("not a language", ""),
        ("zxx", ""),
        ("spa", "es"),
    ],
)
def test_languages_are_named_by_one_code(value: Any, code: str) -> None:
    assert rules.language_code(value) == code


def test_languages_of_the_files_count_too() -> None:
    found = rules.dataset_fields(
        {"language": '["fra"]', "resources": [{"language": "en"}, {"language": ["fr"]}]}
    )
    assert found["participation_language"] == ["en", "fr"]


def test_extras_that_are_words_are_searched_and_data_is_not() -> None:
    extras = [
        {"key": "a", "value": "Montérégie"},
        {"key": "b", "value": '["un", "deux"]'},
        {"key": "c", "value": '{"type": "Polygon"}'},
        {"key": "d", "value": "https://example.org/x"},
        {"key": "e", "value": "12.5"},
        {"key": "f", "value": "w " * 600},
    ]
    assert rules.dataset_fields({"extras": extras})["words"] == ["Montérégie", "un", "deux"]


def test_a_publishers_extra_cannot_set_a_field_of_ours() -> None:
    document = rules.merged({"participation_openness": "open", "title_fr": "x", "name": "n"}, {}, [])
    assert document == {"name": "n"}


def test_contributed_words_are_added_and_other_values_replace() -> None:
    document = rules.merged(
        {},
        {"words": ["a"], "participation_language": ["fr"]},
        [{"words": ["b", "a"], "participation_threads": 1}],
    )
    assert document == {"words": ["a", "b"], "text_fr": ["a", "b"], "text_en": ["a", "b"], "participation_language": ["fr"],
                        "participation_threads": 1}


def test_each_text_is_read_once_as_french_and_once_as_english() -> None:
    dataset = {"title": "Eau", "title_translated": {"fr": "Eau", "en": "Water"}, "notes": "Deux langues ?", "tags": [{"name": "eau"}],
               "resources": [{"name": "Puits", "name_translated": {"fr": "Puits", "en": "Wells"}}], "author": "Greffe"}
    document = rules.merged({"title": "Eau", "tags": ["eau"]}, rules.dataset_fields(dataset), [])
    assert document["title_exact"] == ["Eau", "Water"]
    assert document["text_fr"] == ["Water", "Wells", "Greffe"]
    assert document["text_en"] == ["Eau", "Puits", "Greffe"]


def test_ckans_own_text_gets_the_translations_that_ckan_does_not_copy_there() -> None:
    dataset = {"title": "Eau", "title_translated": {"fr": "Eau", "en": "Water"}, "tags": [{"name": "eau"}],
               "keywords_translated": {"fr": ["eau"], "en": ["wells"]}}
    document = rules.merged(
        {"title": "Eau", "tags": ["eau"], "title_translated": "{}", "extras_title_translated": "{}", "extras_purpose_translated": "{}",
         "text": "said by a publisher"}, rules.dataset_fields(dataset), [])
    assert document["text"] == ["said by a publisher", "Water", "wells"]
    assert {name for name in document if name.endswith("_translated")} == {"extras_purpose_translated"}


def test_nested_metadata_becomes_json_text() -> None:
    document = rules.accepted_by_solr(
        {
            "contact": [{"name": "é"}],
            "temporal": {"start": "2020"},
            "theme": ["a", "b"],
            "tags": ["a"],
            "vocab_x": ["y"],
        }
    )
    assert document == {
        "contact": '[{"name": "é"}]',
        "temporal": '{"start": "2020"}',
        "theme": '["a", "b"]',
        "tags": ["a"],
        "vocab_x": ["y"],
    }


def test_a_value_too_long_for_a_term_is_left_out_but_long_text_stays() -> None:
    long = "é" * 20_000
    document = rules.accepted_by_solr(
        {"spatial": long, "notes": long, "extras_x": long, "data_dict": long, "res_url": [long, "u"]}
    )
    assert set(document) == {"notes", "extras_x", "data_dict", "res_url"}
    assert document["res_url"] == ["u"]


def test_names_that_are_solrs_own_are_left_out() -> None:
    assert rules.accepted_by_solr({"_version_": "5", "_root_": "x", "views_total": "many", "name": "n"}) == {
        "name": "n"
    }


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_names = st.sampled_from(
    ["title", "notes", "title_translated", "notes_translated", "keywords", "keywords_translated", "tags", "language", "resources", "organization", "groups", "extras", "name", "license_title", "contact", "participation_threads", "res_url", "words"]
)


@settings(deadline=None)
@given(st.dictionaries(_names, _json))
def test_any_dataset_gives_a_document_that_solr_takes(dataset: dict[str, Any]) -> None:
    document = rules.accepted_by_solr(rules.merged(dataset, rules.dataset_fields(dataset), []))
    for name, value in document.items():
        if isinstance(value, list):
            assert rules._is_multi(name)
            assert all(isinstance(item, str | int | bool) for item in value)
        else:
            assert isinstance(value, str | int | bool)
