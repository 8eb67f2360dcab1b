"""Datasets and organisations through CKAN's own actions: what is taken, what is refused, and how it reads back."""

from __future__ import annotations

import json
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from ckan.tests.helpers import call_action
from rdflib.namespace import DCAT, DCTERMS

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

BOTH = {"fr": "Routes de l’hiver", "en": "Winter roads"}
NOTES = {"fr": "Longue *description*.", "en": "Long *description*."}
FRENCH = "http://publications.europa.eu/resource/authority/language/FRA"


def create(**fields: Any) -> dict[str, Any]:
    return call_action("package_create", **{"name": "winter-roads", "title_translated": BOTH, **fields})


def refusal(**fields: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as error:
        create(**fields)
    return error.value.error_dict


def shown() -> dict[str, Any]:
    return call_action("package_show", id="winter-roads")


def test_both_languages_are_kept_and_the_plain_title_is_the_sites_language() -> None:
    create(notes_translated=NOTES)
    dataset = shown()
    assert dataset["title_translated"] == BOTH
    assert dataset["title"] == "Winter roads"
    assert dataset["notes_translated"] == NOTES
    assert dataset["notes"] == "Long *description*."


def test_one_language_is_enough_outside_a_form_and_the_other_is_counted() -> None:
    create(title_translated={"fr": "Routes"})
    dataset = shown()
    assert dataset["title_translated"] == {"fr": "Routes"}
    assert dataset["title"] == "Routes"
    gaps = tk.h.participation_language_gaps(dataset)
    assert ("title_translated", "en") in gaps
    assert ("title_translated", "fr") not in gaps


def test_the_plain_title_follows_the_sites_default_language(
    ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.locale_default", "fr")
    create()
    assert shown()["title"] == "Routes de l’hiver"


def test_a_plain_title_is_taken_as_the_sites_language() -> None:
    call_action("package_create", name="winter-roads", title="Roads", notes="About roads")
    dataset = shown()
    assert dataset["title_translated"] == {"en": "Roads"}
    assert dataset["notes_translated"] == {"en": "About roads"}


def test_a_dataset_without_any_title_is_refused_on_the_title() -> None:
    with pytest.raises(tk.ValidationError) as error:
        call_action("package_create", name="winter-roads")
    assert list(error.value.error_dict) == ["title_translated"]


def test_a_new_translation_changes_the_plain_title() -> None:
    create()
    call_action("package_patch", id="winter-roads", title_translated={"fr": "Chemins", "en": "Tracks"})
    assert shown()["title"] == "Tracks"


def test_a_form_must_fill_both_languages() -> None:
    errors = refusal(**{"title_translated": None, "title_translated-fr": "Routes", "title_translated-en": " "})
    assert errors["title_translated"] == ["Write this in English too."]


def test_a_form_that_fills_both_languages_is_taken() -> None:
    call_action(
        "package_create",
        **{
            "name": "winter-roads",
            "title_translated-fr": "Routes",
            "title_translated-en": "Roads",
            "notes_translated-fr": "Long",
            "notes_translated-en": "Long",
            "quality_notes_translated-fr": "",
            "quality_notes_translated-en": "",
        },
    )
    dataset = shown()
    assert dataset["title_translated"] == {"fr": "Routes", "en": "Roads"}
    assert "quality_notes_translated" not in dataset


def test_a_form_without_description_is_refused_though_a_harvest_is_not() -> None:
    errors = refusal(**{"notes_translated-fr": "", "notes_translated-en": ""})
    assert errors == {"notes_translated": ["Write this in French and in English."]}
    create()


def test_what_a_form_sends_wins_over_what_was_stored() -> None:
    create(notes_translated=NOTES)
    call_action(
        "package_patch", id="winter-roads", **{"title_translated-fr": "Chemins", "title_translated-en": "Tracks"}
    )
    dataset = shown()
    assert dataset["title_translated"] == {"fr": "Chemins", "en": "Tracks"}
    assert dataset["notes_translated"] == NOTES


FULL: dict[str, Any] = {
    "notes_translated": NOTES,
    "tags_translated": {"fr": ["l'hiver", "routes"], "en": ["winter", "Routes"]},
    "frequency": "R/P1Y",
    "language": ["fr", "en"],
    "theme": ["transport"],
    "issued": "2015-10-27 00:00:00",
    "access_rights": "public",
    "distribution_category": "7",
    "contact": [{"name": "Équipe", "email": "mailto:donnees@example.org"}],
    "publisher": [{"name_translated": {"fr": "Ministère", "en": "Ministry"}, "url": "https://example.org"}],
    "temporal_coverage": [{"start": "2013", "end": "2014-02"}],
    "spatial_coverage": [{"text": "Québec", "geom": {"type": "Point", "coordinates": [-71.2, 46.8]}}],
    "data_dictionary": [{"url": "https://example.org/dictionary"}],
    "documentation": ["https://example.org/doc"],
    "quality": [{"heading": "timeliness", "missing_translated": {"fr": "2019", "en": "2019"}}],
    "resources": [
        {
            "url": "https://example.org/a.csv",
            "name_translated": {"fr": "Fichier", "en": "File"},
            "format": "CSV",
            "language": ["fra"],
            "size": "52 000",
            "hash": "abc",
            "character_encoding": "UTF-8",
            "data_dictionary": [{"url": "https://example.org/columns"}],
        }
    ],
}


def test_every_field_reads_back_in_the_shape_that_dcat_profiles_expect() -> None:
    create(**FULL)
    dataset = shown()
    assert dataset["frequency"] == "http://publications.europa.eu/resource/authority/frequency/ANNUAL"
    assert dataset["language"][0] == FRENCH
    assert dataset["issued"] == "2015-10-27T00:00:00"
    assert dataset["contact"] == [{"name": "Équipe", "email": "donnees@example.org"}]
    assert dataset["publisher"][0]["name_translated"] == {"fr": "Ministère", "en": "Ministry"}
    assert dataset["publisher"][0]["name"] == "Ministry"
    assert dataset["temporal_coverage"] == [{"start": "2013", "end": "2014-02"}]
    assert json.loads(dataset["spatial_coverage"][0]["geom"])["type"] == "Point"
    assert dataset["quality"][0]["missing_translated"]["fr"] == "2019"
    assert sorted(tag["name"] for tag in dataset["tags"]) == ["l hiver", "routes", "winter"]
    resource = dataset["resources"][0]
    assert resource["name_translated"] == {"fr": "Fichier", "en": "File"}
    assert resource["name"] == "File"
    assert resource["size"] == 52000
    assert resource["language"] == [FRENCH]
    assert resource["data_dictionary"] == [{"url": "https://example.org/columns"}]


def test_what_was_shown_can_be_sent_back_unchanged() -> None:
    create(**FULL)
    before = shown()
    call_action("package_update", **before)
    after = shown()
    for dataset in (before, after):
        dataset.pop("metadata_modified")
        for resource in dataset["resources"]:
            resource.pop("metadata_modified")
    assert after == before


def test_a_search_returns_the_same_shape_as_show() -> None:
    create(**FULL)
    found = call_action("package_search", q="*:*")["results"][0]
    dataset = shown()
    for name in ("title_translated", "contact", "publisher", "language", "tags_translated", "quality"):
        assert found[name] == dataset[name]


def test_an_emptied_field_is_gone() -> None:
    create(maintainer="Team", provenance="Field work", language=["fr"])
    call_action("package_patch", id="winter-roads", maintainer="", provenance="", language=[""])
    dataset = shown()
    assert not dataset.get("maintainer")
    assert "provenance" not in dataset
    assert "language" not in dataset


def test_a_form_page_replaces_a_group_and_can_empty_it() -> None:
    create(contact=[{"name": "Old"}], temporal_coverage=[{"start": "2013"}])
    page = {"contact-shown": "1", "contact-0-name": "New", "contact-1-name": "", "contact-1-email": ""}
    call_action("package_patch", id="winter-roads", **page)
    assert shown()["contact"] == [{"name": "New"}]
    assert shown()["temporal_coverage"] == [{"start": "2013"}]
    call_action("package_patch", id="winter-roads", **{"contact-shown": "1", "contact-0-name": ""})
    assert not shown().get("contact")


def test_a_large_but_allowed_description_can_be_indexed() -> None:
    create(notes_translated={"fr": "é" * 20_000, "en": "a" * 20_000}, provenance="x" * 20_000)
    assert call_action("package_search", q="name:winter-roads")["count"] == 1


def test_the_graph_has_the_title_in_both_languages_and_the_rest_as_addresses() -> None:
    from ckanext.dcat.processors import RDFSerializer

    create(**FULL)
    serializer = RDFSerializer(profiles=["euro_dcat_ap_3", "euro_dcat_ap_scheming"])
    dataset = serializer.graph_from_dataset(shown())
    graph = serializer.g
    assert {(title.value, title.language) for title in graph.objects(dataset, DCTERMS.title)} == {
        ("Routes de l’hiver", "fr"),
        ("Winter roads", "en"),
    }
    assert {word.language for word in graph.objects(dataset, DCAT.keyword)} == {"fr", "en"}
    assert str(graph.value(dataset, DCTERMS.accrualPeriodicity)).endswith("/frequency/ANNUAL")
    assert FRENCH in {str(language) for language in graph.objects(dataset, DCTERMS.language)}
    publisher = graph.value(dataset, DCTERMS.publisher)
    assert {str(name) for _, p, name in graph.triples((publisher, None, None)) if str(p).endswith("/name")} == {
        "Ministère",
        "Ministry",
    }
    distribution = graph.value(dataset, DCAT.distribution)
    assert {title.language for title in graph.objects(distribution, DCTERMS.title)} == {"fr", "en"}


def test_a_graph_without_french_has_no_empty_french_title() -> None:
    from ckanext.dcat.processors import RDFSerializer

    create(title_translated={"en": "Roads", "fr": ""})
    serializer = RDFSerializer(profiles=["euro_dcat_ap_3", "euro_dcat_ap_scheming"])
    dataset = serializer.graph_from_dataset(shown())
    assert [title.language for title in serializer.g.objects(dataset, DCTERMS.title)] == ["en"]


def test_an_organisation_speaks_both_languages() -> None:
    call_action(
        "organization_create",
        {"user": factories.Sysadmin()["name"]},
        name="transport",
        title_translated={"fr": "Ministère des Transports", "en": "Ministry of Transport"},
        description_translated={"fr": "Les routes."},
        email="info@example.org",
        remote_identifiers=["https://example.org/orgs/1"],
    )
    organisation = call_action("organization_show", id="transport")
    assert organisation["title"] == "Ministry of Transport"
    assert organisation["title_translated"]["fr"] == "Ministère des Transports"
    assert organisation["description"] == "Les routes."
    assert organisation["remote_identifiers"] == ["https://example.org/orgs/1"]


def test_a_plain_organisation_from_ckans_factory_is_taken() -> None:
    organisation = factories.Organization(title="Transport")
    assert call_action("organization_show", id=organisation["id"])["title_translated"] == {"en": "Transport"}


def test_a_dataset_from_ckans_factory_is_taken() -> None:
    dataset = factories.Dataset(owner_org=factories.Organization()["id"])
    assert dataset["title_translated"] == {"en": dataset["title"]}
