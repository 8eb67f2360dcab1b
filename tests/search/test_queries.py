"""What a search asks Solr for."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.participation.search import fields, queries


def test_plain_words_are_searched_in_both_languages() -> None:
    asked = queries.query_params({"q": "eau", "rows": 5}, "fr")
    assert asked["q"] == "eau"
    assert asked["rows"] == 5
    assert {"title_fr^4", "title_en^3.2", "text_fr^0.2", "title_exact^2"} <= set(asked["qf"].split())
    assert {"defType", "q.op", "sow", "pf"}.isdisjoint(asked)


def test_every_searched_field_is_an_analysed_field_of_the_list() -> None:
    types = {field.name: field.type for field in fields.DATASET_FIELDS}
    for part in queries.query_fields("en").split():
        assert types[part.split("^")[0]].startswith("text_")


def test_the_readers_language_leads() -> None:
    assert "title_en^4" in queries.query_fields("en_CA").split()
    assert "title_fr^3.2" in queries.query_fields("en_CA").split()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"q": ""},
        {"q": "*:*"},
        {"q": "name:eau"},
        {"q": "+title:(a b)"},
        {"q": 'eau tags:"x"'},
        {"q": "eau", "qf": "title"},
        {"q": "eau", "defType": "edismax"},
        {"q": "{!term f=name}x"},
        {"fq": "tags:x"},
        {"q": "-name:x"},
        {"q": ["eau"]},
    ],
)
def test_clients_with_a_syntax_of_their_own_are_left_alone(params: dict[str, Any]) -> None:
    assert queries.query_params(params, "fr") == params


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Énergie : eau", "Énergie eau"),
        ("12:30", "12 30"),
        ("https://x.org/eau", "https //x.org/eau"),
        ("eau:", "eau"),
        ('l"eau', "l eau"),
        ('"eau potable" air', '"eau potable" air'),
        ("eau - air", "eau air"),
        ("-eau +air", "-eau +air"),
        ("eau AND", "eau"),
        ("eau OR air", "eau OR air"),
        ("OR", ""),
        ("&& ||", ""),
        ('"', ""),
        ("« eau »", "eau"),
        ("--eau", "eau"),
        ("eau AND OR air", "eau AND air"),
        ('"-" eau', "eau"),
    ],
)
def test_signs_typed_in_passing_are_taken_out(typed: str, asked: str) -> None:
    assert queries.query_params({"q": typed}, "fr")["q"] == asked


def test_a_pasted_page_is_cut_to_so_many_words() -> None:
    assert len(queries.query_params({"q": "mot " * 500}, "fr")["q"].split()) == queries.QUERY_WORDS


def test_the_parameters_given_are_not_changed() -> None:
    params = {"q": "eau : x"}
    queries.query_params(params, "fr")
    assert params == {"q": "eau : x"}
