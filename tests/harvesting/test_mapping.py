"""Records of the recorded portals, and odd ones, in our schema."""

from __future__ import annotations

import contextlib
import gzip
import json
from typing import Any

import pytest
from harvesting.conftest import DEMO
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import RDF, Graph

from ckanext.participation.harvesting import rdf_pages, statements
from ckanext.participation.harvesting.from_ckan import from_ckan, organisation
from ckanext.participation.harvesting.from_data_json import from_data_json, guid_of
from ckanext.participation.harvesting.from_rdf import DCAT, from_rdf
from ckanext.participation.harvesting.record import Mapper, Record, Unreadable

FRENCH = "http://publications.europa.eu/resource/authority/language/FRA"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "title", "key", "value", "url", "en", "fr"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def portal() -> list[dict[str, Any]]:
    with gzip.open(DEMO / "recordings/csa/datasets.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def inventory() -> list[dict[str, Any]]:
    with gzip.open(DEMO / "recordings/us/data.json.gz", "rt", encoding="utf-8") as text:
        return json.load(text)["dataset"]


def extra(record: Record, key: str) -> str:
    return next((row["value"] for row in record.dataset["extras"] if row["key"] == key), "")


PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "


def page(text: str) -> statements.Statements:
    said = statements.read(PREFIXES + text, "turtle")
    rdf_pages.repair(said)
    return said


def turtle(text: str) -> Graph:
    """The graph that the profiles get."""
    graph = Graph()
    statements.fill(graph, statements.ntriples(page(text)))
    return graph


def mapped(text: str, mapper: Mapper) -> Record:
    graph = turtle(text)
    return from_rdf(graph, next(graph.subjects(RDF.type, DCAT.Dataset)), {"resources": []}, mapper)


# -- CKAN ------------------------------------------------------------------------------------------------------------


def test_a_bilingual_record_keeps_both_languages_everywhere(portal: list[dict[str, Any]], mapper: Mapper) -> None:
    remote = next(row for row in portal if row["name"] == "00f94aa5-7f43-410f-a812-592cd839eb89")
    record = from_ckan(remote, mapper, "http://origin.example/dataset/1")
    dataset = record.dataset
    assert dataset["title_translated"]["fr"].startswith("Plan de mise en oeuvre")
    assert dataset["title"] == dataset["title_translated"]["en"]
    assert set(dataset["notes_translated"]) == {"en", "fr"}
    assert dataset["tags_translated"] == {"en": ["OGIP"], "fr": ["PMOGO"]}
    assert dataset["resources"][0]["name_translated"] == {"en": "OGIP-2015", "fr": "PMOGO-2015"}
    assert dataset["resources"][0]["language"] == [FRENCH]
    assert dataset["url"] == "http://origin.example/dataset/1"
    assert "name" not in dataset, "a number for machines makes a poor page address"
    assert record.organisation is not None
    assert record.organisation.title_translated == {"en": "Canadian Space Agency", "fr": "Agence spatiale canadienne"}


def test_every_record_of_the_portal_is_mapped_without_a_loss(portal: list[dict[str, Any]], mapper: Mapper) -> None:
    records = [from_ckan(remote, mapper) for remote in portal]
    assert {record.dataset["license_id"] for record in records} == {"OGL-Canada-2.0"}
    assert [note for record in records for note in record.notes] == []
    assert sum(len(record.dataset["resources"]) for record in records) == sum(len(remote["resources"]) for remote in portal)
    formats = {file["format"] for record in records for file in record.dataset["resources"] if "format" in file}
    assert {"PDF", "CSV", "XLSX", "NetCDF", "JPEG"} <= formats
    assert not {"other", "PDF/A-1", "JPG"} & formats


def test_plain_text_is_in_the_language_that_the_record_or_the_source_names(mapper: Mapper) -> None:
    remote = {"id": "1", "name": "routes", "title": "Routes", "tags": [{"name": "a"}, {"display_name": "l'eau"}]}
    assert from_ckan({**remote, "language": "fr-CA"}, mapper).dataset["title_translated"] == {"fr": "Routes"}
    of_quebec = Mapper(mapper.register, mapper.formats, "en", "fr")
    assert from_ckan(remote, of_quebec).dataset["tags_translated"] == {"fr": ["l eau"]}
    assert from_ckan(remote, mapper).dataset["title_translated"] == {"en": "Routes"}


def test_a_licence_that_nobody_knows_is_kept_in_the_sources_words(mapper: Mapper) -> None:
    remote = {
        "id": "1",
        "title": "A",
        "license_id": "house-rules",
        "license_title": "Our own rules",
        "license_url": "http://x.example/rules",
    }
    record = from_ckan(remote, mapper)
    assert record.dataset["license_id"] == "notspecified"
    assert extra(record, "licence_as_published") == "Our own rules · http://x.example/rules · house-rules"
    silent = from_ckan({"id": "1", "title": "A"}, mapper)
    assert silent.dataset["license_id"] == "notspecified"
    assert extra(silent, "licence_as_published") == ""


def test_a_value_that_we_do_not_take_is_left_out_and_named(mapper: Mapper) -> None:
    record = from_ckan({"id": "1", "title": "A", "maintainer_email": "nobody at all", "frequency": "every blue moon"}, mapper)
    assert "maintainer_email" not in record.dataset
    assert any("frequency was left out: “every blue moon”" in note for note in record.notes)


def test_a_file_without_an_address_is_left_out_and_counted(mapper: Mapper) -> None:
    record = from_ckan({"id": "1", "title": "A", "resources": [{"name": "x"}, {"url": "http://x.example/a.csv"}, "odd"]}, mapper)
    assert [file["format"] for file in record.dataset["resources"]] == ["CSV"]
    assert record.notes == ["1 of 2 files were left out: they have no address."]


@pytest.mark.parametrize("remote", [None, [], "text", {}, {"id": "1", "title": ""}, {"title": None}, {"title": {"de": ""}}])
def test_a_record_without_a_title_is_unreadable_in_every_form(remote: Any, mapper: Mapper) -> None:
    with pytest.raises(Unreadable):
        from_ckan(remote, mapper)
    with pytest.raises(Unreadable):
        from_data_json(remote, mapper)


def test_an_organisation_takes_both_names_from_its_own_record(mapper: Mapper) -> None:
    remote = {
        "name": "csa-asc",
        "id": "1",
        "title": "x",
        "title_translated": {"en": "Agency", "fr-CA": "Agence"},
        "description": "a | b",
    }
    found = organisation(remote, mapper)
    assert found is not None
    assert found.title_translated == {"en": "Agency", "fr": "Agence"}


# -- data.json -------------------------------------------------------------------------------------------------------


def test_every_record_of_data_json_is_mapped_with_all_we_have_a_place_for(
    inventory: list[dict[str, Any]], mapper: Mapper
) -> None:
    records = [from_data_json(remote, mapper) for remote in inventory]
    assert len({guid_of(remote) for remote in inventory}) == len(inventory)
    by_id = {record.dataset.get("identifier"): record for record in records}
    mint = by_id["015-USMint-0005"]
    assert mint.dataset["frequency"].endswith("/ANNUAL")
    assert mint.dataset["contact"] == [
        {"name": "United States Mint, Financial Department (CFO) data contact", "email": "contact@treasury.example"}
    ]
    assert mint.dataset["publisher"] == [{"name_translated": {"en": "United States Mint, Financial Department (CFO)"}}]
    assert extra(mint, "publisher_hierarchy").startswith("Department of the Treasury > USMint")
    assert mint.organisation is not None
    assert mint.organisation.name == "department-of-the-treasury"
    fcc = by_id["https://opendata.fcc.gov/api/views/2ah7-n9rk"]
    assert fcc.dataset["license_id"] == "US-Government-Works"
    assert [file["format"] for file in fcc.dataset["resources"]] == ["CSV", "RDF", "JSON", "XML"]
    assert fcc.dataset["resources"][1]["data_dictionary"][0]["url"].endswith("columns.rdf")


def test_licences_of_data_json_are_recognised_or_kept(inventory: list[dict[str, Any]], mapper: Mapper) -> None:
    stated = [remote for remote in inventory if remote.get("license")]
    records = [from_data_json(remote, mapper) for remote in stated]
    unknown = {extra(record, "licence_as_published") for record in records if record.dataset["license_id"] == "notspecified"}
    assert unknown == {"https://gsa.inl.gov/smart/"}


def test_odd_types_in_data_json_cost_a_value_not_the_record(mapper: Mapper) -> None:
    remote = {
        "title": ["A"],
        "identifier": 7,
        "publisher": ["Agency"],
        "distribution": {"downloadURL": "http://x.example/a.csv"},
        "keyword": "a, b; c d",
        "contactPoint": "nobody",
        "license": {"@id": "https://creativecommons.org/publicdomain/zero/1.0/"},
        "modified": "R/P1D",
        "spatial": 3,
    }
    record = from_data_json(remote, mapper)
    assert record.dataset["title"] == "A"
    assert record.dataset["license_id"] == "CC0-1.0"
    assert record.dataset["resources"][0]["format"] == "CSV"
    assert "modified" not in record.dataset


# -- RDF -------------------------------------------------------------------------------------------------------------


def test_titles_and_keywords_keep_their_languages(mapper: Mapper) -> None:
    record = mapped(
        "<http://x/1> a dcat:Dataset ; dct:title 'Roads'@en-GB, 'Routes'@fr, 'Strassen'@de ; dcat:keyword 'snow'@en, 'neige'@fr .",
        mapper,
    )
    assert record.dataset["title_translated"] == {"en": "Roads", "fr": "Routes"}
    assert record.dataset["tags_translated"] == {"en": ["snow"], "fr": ["neige"]}


def test_a_title_in_another_language_is_better_than_none(mapper: Mapper) -> None:
    assert mapped("<http://x/1> a dcat:Dataset ; dct:title 'Strassen'@de .", mapper).dataset["title"] == "Strassen"


def test_the_datasets_own_licence_is_read_in_any_spelling(mapper: Mapper) -> None:
    for stated in (
        "<https://spdx.org/licenses/CC-BY-4.0.html>",
        "'CC-BY-4.0'",
        "[ dct:title 'Creative Commons Attribution 4.0 International' ]",
        "<http://creativecommons.org/licenses/by/4.0>",
    ):
        record = mapped(f"<http://x/1> a dcat:Dataset ; dct:title 'A' ; dct:license {stated} .", mapper)
        assert record.dataset["license_id"] == "CC-BY-4.0", stated


def test_several_licences_are_said_and_none_is_chosen(mapper: Mapper) -> None:
    record = mapped(
        "<http://x/1> a dcat:Dataset ; dct:title 'A' ; dct:license <https://spdx.org/licenses/CC-BY-4.0.html>, "
        "<https://spdx.org/licenses/MIT.html> .",
        mapper,
    )
    assert record.dataset["license_id"] == "notspecified"
    assert extra(record, "licence_as_published") == "CC-BY-4.0 · MIT"


def test_a_licence_that_all_files_share_is_the_datasets(mapper: Mapper) -> None:
    text = (
        "<http://x/1> a dcat:Dataset ; dct:title 'A' ; dcat:distribution <http://x/d> . "
        "<http://x/d> a dcat:Distribution ; dcat:accessURL <http://x/a.csv> ; dct:license <https://creativecommons.org/publicdomain/zero/1.0/> ."
    )
    graph = turtle(text)
    profiled = {"resources": [{"distribution_ref": "http://x/d", "url": "http://x/a.csv", "uri": "http://x/d"}]}
    record = from_rdf(graph, next(graph.subjects(RDF.type, DCAT.Dataset)), profiled, mapper)
    assert record.dataset["license_id"] == "CC0-1.0"
    assert record.dataset["resources"][0]["license"] == "CC0-1.0"


def test_distributions_under_the_misspelt_property_are_found() -> None:
    graph = turtle("<http://x/1> a dcat:Dataset ; dcat:Distribution <http://x/d> . <http://x/d> a dcat:Distribution .")
    assert len(list(graph.objects(None, DCAT.distribution))) == 1


def test_a_blank_node_has_the_same_identity_in_every_run() -> None:
    text = "[] a dcat:Dataset ; dct:title 'Roads' ."
    assert {entry.guid for _ in range(2) for _, entry in rdf_pages.entries(page(text), "http://x/")} == {"roads"}


def test_the_catalogues_language_is_that_of_untagged_text(mapper: Mapper) -> None:
    said = page("<http://x/> a dcat:Catalog ; dct:language <http://publications.europa.eu/resource/authority/language/FRA> .")
    assert rdf_pages.language(said) == "fr"


# -- any -------------------------------------------------------------------------------------------------------------


def test_the_digest_follows_the_content_and_nothing_else(inventory: list[dict[str, Any]], mapper: Mapper) -> None:
    remote = inventory[0]
    same = json.loads(json.dumps(dict(reversed(remote.items()))))
    assert from_data_json(remote, mapper).digest() == from_data_json(same, mapper).digest()
    assert from_data_json(remote, mapper).digest() != from_data_json({**remote, "title": "Other"}, mapper).digest()


CKAN_FIELDS = [
    "title",
    "title_translated",
    "notes",
    "tags",
    "keywords",
    "resources",
    "extras",
    "organization",
    "spatial",
    "language",
    "license_id",
    "theme",
    "temporal_coverage",
    "url",
    "maintainer_email",
    "publisher_translated",
    "name",
]
DATA_JSON_FIELDS = [
    "title",
    "description",
    "keyword",
    "publisher",
    "contactPoint",
    "distribution",
    "spatial",
    "temporal",
    "language",
    "license",
    "references",
    "conformsTo",
    "describedBy",
    "identifier",
    "accrualPeriodicity",
    "rights",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    remote=st.dictionaries(st.sampled_from(CKAN_FIELDS), ANYTHING),
    dcat_us=st.dictionaries(st.sampled_from(DATA_JSON_FIELDS), ANYTHING),
)
def test_whatever_a_record_holds_it_is_mapped_or_unreadable(
    remote: dict[str, Any], dcat_us: dict[str, Any], mapper: Mapper
) -> None:
    for record, reader in ((remote, from_ckan), (dcat_us, from_data_json)):
        with contextlib.suppress(Unreadable):
            json.dumps(reader(record, mapper).dataset)
    guid_of(dcat_us)
