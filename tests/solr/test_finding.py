"""A dataset goes in as the extension sends it and is found as CKAN asks, in French and in English."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ckanext.participation.search import queries, rules

if TYPE_CHECKING:
    from tests.solr.conftest import RunningSolr

WATER: dict[str, Any] = {
    "id": "11111111-1111-4111-8111-111111111111",
    "name": "qualite-eau-potable",
    "title": "Qualité de l’eau potable des réseaux municipaux",
    "title_translated": {
        "fr": "Qualité de l’eau potable des réseaux municipaux",
        "en": "Drinking water quality",
    },
    "notes_translated": {
        "fr": "Analyses bactériologiques prélevées en été.",
        "en": "Bacteria counts of the women's shelters too.",
    },
    "keywords_translated": {"fr": ["santé publique", "aqueducs"], "en": ["public health", "waterworks"]},
    "language": ["http://publications.europa.eu/resource/authority/language/FRA", "en-CA"],
    "organization": {"name": "ville", "title": "Ville d’Énergie-sur-Mer"},
    "groups": [{"name": "sante", "title": "Santé"}],
    "tags": [{"name": "eau"}],
    "contact": [{"name": "Greffe", "email": "greffe@example.org"}],
    "extras": [
        {"key": "theme", "value": "Approvisionnement"},
        {"key": "participation_openness", "value": "open"},
    ],
    "resources": [
        {
            "name": "EauxUsées_2024",
            "name_translated": {"fr": "EauxUsées_2024"},
            "description": "Par borne-fontaine",
            "format": "CSV",
        }
    ],
}
AIR: dict[str, Any] = {
    "id": "22222222-2222-4222-8222-222222222222",
    "name": "air-quality",
    "title": "Air quality datasets",
    "notes": "Hourly readings.",
    "organization": {"name": "agency", "title": "Environment Agency"},
    "resources": [],
}


def document(dataset: dict[str, Any]) -> dict[str, Any]:
    """What CKAN hands to before_dataset_index, as far as search goes, run through our rules."""
    ckans = {
        "id": dataset["id"],
        "index_id": dataset["id"],
        "site_id": "test",
        "name": dataset["name"],
        "title": dataset["title"],
        "entity_type": "package",
        "dataset_type": "dataset",
        "state": "active",
        "capacity": "public",
        "organization": dataset["organization"]["name"],
        "tags": [tag["name"] for tag in dataset.get("tags", [])],
        "res_format": [resource["format"] for resource in dataset["resources"]],
        "metadata_created": "2026-01-01T00:00:00Z",
        "validated_data_dict": json.dumps(dataset),
        "private": False,
        "contact": dataset.get("contact"),
        "spatial_boundary": "x" * 40_000,
        "data_dict": "y" * 40_000,
        "participation_openness": "open",
        "participation_threads": "many",
    }
    counts = {"participation_threads": 3, "participation_licence": "ogl-canada-2.0"}
    return rules.accepted_by_solr(rules.merged(ckans, rules.dataset_fields(dataset), [counts]))


@pytest.fixture(scope="module", autouse=True)
def _indexed(solr: RunningSolr) -> None:
    solr.core("ckan").add([document(WATER), document(AIR)], commit=True)


def ask(solr: RunningSolr, words: str, lang: str = "fr") -> set[str]:
    """Search as CKAN's PackageSearchQuery does: dismax by default, q.op=AND always, tie and mm its own."""
    params: dict[str, Any] = {"q": words}
    params = queries.query_params(params, lang)
    if ":" not in params["q"]:
        params = {"defType": "dismax", "tie": "0.1", "mm": "2<-1 5<80%"} | params
    params |= {"df": "text", "q.op": "AND", "fl": "name", "fq": ['+site_id:"test"', "+state:active"]}
    return {found["name"] for found in solr.core("ckan").search(**params)}


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(
    "words",
    [
        "qualité de l'eau",
        "qualite de l’eau",
        "eaux potables",
        "L'EAU POTABLE",
        "réseau municipal",
        "reseaux municipaux",
        "analyse bactériologique",
        "été",
        "ete",
        "aqueduc",
        "drinking waters",
        "drinking water quality",
        "women’s shelter",
        "eauxusees 2024",
        "eaux usées 2024",
        "EauxUsées",
        "bornes-fontaines",
        "Énergie sur Mer",
        "santé",
        "sante publique",
        "approvisionnements",
        "qualite-eau-potable",
        "csv eau",
        "eau water",
        "Qualité : eau",
        "« eau potable »",
        '"qualité de l’eau"',
        "the quality of water",
        "name:qualite-eau-potable",
        "tags:eau",
    ],
)
def test_a_dataset_is_found_however_it_is_asked_for(solr: RunningSolr, words: str, lang: str) -> None:
    assert "qualite-eau-potable" in ask(solr, words, lang)


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(
    "words", ["dataset", "air", "environment agencies", "hourly reading", "l'air", "qualities air"]
)
def test_a_dataset_in_english_only_is_found_by_every_reader(solr: RunningSolr, words: str, lang: str) -> None:
    assert "air-quality" in ask(solr, words, lang)


@pytest.mark.parametrize(
    "words", ["fromage", "eau fromage", "qualité air eau-de-vie fromage raclette", "water -drinking"]
)
def test_what_has_nothing_to_do_with_it_is_not_found(solr: RunningSolr, words: str) -> None:
    assert "qualite-eau-potable" not in ask(solr, words)


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "(",
        "eau AND",
        "*",
        "?",
        "eau^",
        "~",
        "a" * 5000,
        "eau " * 5000,
        "McGill " * 60,
        "[* TO *]",
        "\\",
        "\x00eau",
        "/x/",
        "b : d",
        "http://x.org/eau",
        "de la",
        "-",
        "+",
        "&&",
        "12:30",
        "AND",
        "eau OR",
        "NOT eau",
        "eau AND OR air",
        "--",
        "+-eau",
        "a||b",
        '"" eau "',
        '"-"',
        "AND eau",
    ],
)
def test_no_text_that_a_citizen_types_is_an_error(solr: RunningSolr, words: str) -> None:
    ask(solr, words)


def test_readers_of_both_languages_get_the_same_datasets(solr: RunningSolr) -> None:
    for words in ("eau", "water", "quality", "qualité"):
        assert ask(solr, words, "fr") == ask(solr, words, "en") != set()


def test_a_dataset_cannot_set_our_fields_by_itself(solr: RunningSolr) -> None:
    assert solr.core("ckan").search("participation_openness:open").hits == 0
    assert solr.core("ckan").search("participation_threads:3").hits == 2


def test_facets_count_licences_and_languages(solr: RunningSolr) -> None:
    counted = (
        solr.core("ckan")
        .search(
            "*:*", **{"facet": "true", "facet.field": ["participation_licence", "participation_language"]}
        )
        .facets["facet_fields"]
    )
    assert counted["participation_licence"] == ["ogl-canada-2.0", 2]
    assert counted["participation_language"] == ["en", 1, "fr", 1]


def test_a_message_is_found_by_its_words_and_only_with_a_label(solr: RunningSolr) -> None:
    core = solr.core("participation")
    core.add(
        [
            {
                "index_id": "test:thread:9#1",
                "id": "9#1",
                "site_id": "test",
                "type": "thread",
                "entry": "thread:9",
                "about": [f"dataset:{WATER['id']}"],
                "subject_title": WATER["title"],
                "title_fr": "Les réseaux d’aqueduc manquent",
                "body_fr": ["Bonjour, où est l’année 2023 ?"],
                "lang": ["fr"],
                "kind": "problem",
                "state": "open",
                "permission_labels": ["public"],
                "created": "2026-01-01T00:00:00Z",
            }
        ],
        commit=True,
    )
    asked = {"defType": "dismax", "qf": "title_fr^4 title_en^4 text_fr text_en", "q.op": "AND"}
    for words in ("reseau aqueducs", "annees 2023", "qualité eaux", "aqueduc"):
        assert core.search(words, fq='permission_labels:"public"', **asked).hits == 1, words
        assert core.search(words, fq='permission_labels:"member-x"', **asked).hits == 0
