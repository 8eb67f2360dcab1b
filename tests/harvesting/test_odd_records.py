"""Records of portals of all ages and makes: what can be kept of them is kept, and the rest is named."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.participation.harvesting import values
from ckanext.participation.harvesting.engine.dcat_reading import data_json_page
from ckanext.participation.harvesting.from_ckan import from_ckan
from ckanext.participation.harvesting.from_data_json import from_data_json, guid_of, tell_apart
from ckanext.participation.harvesting.record import Mapper

ROW: dict[str, Any] = {"id": "1", "name": "roads", "title": "Roads"}


def test_extras_of_older_catalogues_are_one_dictionary(mapper: Mapper) -> None:
    record = from_ckan({**ROW, "extras": {"issued": "2020-01-02", "spatial-text": "Sherbrooke"}}, mapper)
    assert record.dataset["issued"] == "2020-01-02"
    assert record.remote.extras["spatial-text"] == "Sherbrooke"


@pytest.mark.parametrize("tags", [["Water", "Land use"], "Water; Land use", [{"name": "Water"}, {"display_name": "Land use"}, None, 5]])
def test_keywords_are_kept_however_they_are_listed(tags: Any, mapper: Mapper) -> None:
    assert from_ckan({**ROW, "tags": tags}, mapper).dataset["tags_translated"]["en"][:2] == ["Water", "Land use"]


@pytest.mark.parametrize(("title", "kept"), [
    ({"fr": "Routes", "en": "Roads", "de": "Strassen"}, {"fr": "Routes", "en": "Roads"}),
    ({"de": "Strassen", "it": ""}, {"en": "Strassen"}),
    ("N\x00UL", {"en": "NUL"}),
    ("half \ud800", {"en": "half \ufffd"}),
    (["Roads"], {"en": "Roads"}),
    ([{"@value": "Routes", "@language": "fr-CA"}, {"@value": "Roads", "@language": "en"}], {"fr": "Routes", "en": "Roads"}),
    ({"@value": "Strassen", "@language": "de"}, {"en": "Strassen"}),
    ("x" * 600, {"en": "x" * 499 + "…"}),
])  # fmt: skip
def test_a_title_is_kept_in_every_shape(title: Any, kept: dict[str, str], mapper: Mapper) -> None:
    for record in (from_ckan({**ROW, "title": title}, mapper), from_data_json({"identifier": "1", "title": title}, mapper)):
        assert record.dataset["title_translated"] == kept
        assert record.notes == (["title_translated was cut: it has more than 500 characters."] if len(str(title)) > 500 else [])


def test_a_very_long_description_is_cut_and_not_lost(mapper: Mapper) -> None:
    record = from_ckan({**ROW, "notes": "long " * 10_000}, mapper)
    assert len(record.dataset["notes"]) == 20_000
    assert record.notes == ["notes_translated was cut: it has more than 20000 characters."]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), pytest.param(10**5000, id="huge")])
def test_numbers_that_are_none_say_nothing(number: float) -> None:
    assert values.text(number) == ""


@pytest.mark.parametrize("word", ["New", "search", "Edit!"])
def test_addresses_of_ckans_own_pages_are_no_datasets(word: str) -> None:
    assert values.slug(word) == f"{values.slug(word).removesuffix('-1')}-1"


def test_a_file_with_an_address_that_runs_is_left_out_and_costs_no_dataset(mapper: Mapper) -> None:
    record = from_ckan({**ROW, "resources": [{"url": "javascript:alert(1)"}, {"url": "https://x.example/1.csv"}]}, mapper)
    assert [file["url"] for file in record.dataset["resources"]] == ["https://x.example/1.csv"]
    assert "1 of 2 files were left out: they have no address." in record.notes


def test_a_record_in_the_words_of_schema_org_is_read(mapper: Mapper) -> None:
    said = {"@type": "Dataset", "@id": "https://x.example/1", "name": "Roads", "description": "All", "keywords": ["road"],
            "distribution": [{"@type": "DataDownload", "contentUrl": "https://x.example/1.csv"}]}
    dataset = from_data_json(said, mapper).dataset
    assert (dataset["title"], dataset["tags_translated"], dataset["uri"]) == ("Roads", {"en": ["road"]}, "https://x.example/1")
    assert [file["url"] for file in dataset["resources"]] == ["https://x.example/1.csv"]
    assert guid_of(said) == "https://x.example/1"


def test_prefixes_of_dcat_do_not_hide_a_field(mapper: Mapper) -> None:
    said = {"dct:title": "Roads", "dct:identifier": "1", "dcat:distribution": ["https://x.example/1.csv"]}
    dataset = from_data_json(said, mapper).dataset
    assert (dataset["title"], [file["url"] for file in dataset["resources"]]) == ("Roads", ["https://x.example/1.csv"])


def identifiers(rows: list[Any]) -> list[str]:
    entries = data_json_page({"dataset": rows}, "https://x.example/data.json", guid_of).entries
    tell_apart(entries)
    return [entry.guid for entry in entries]


def test_records_that_share_an_identifier_are_told_apart_by_their_titles_in_any_order() -> None:
    rows = [{"identifier": "none", "title": title} for title in ("Roads", "Trees", "東京")] + [{"identifier": "own", "title": "Roads"}, None]
    found = identifiers(rows)
    assert len(set(found)) == len(rows)
    assert found[:2] == ["none~roads", "none~trees"]
    assert found[3] == "own"
    assert sorted(identifiers(rows[::-1])[1:]) == sorted(found[:4])


def test_an_identifier_of_very_many_records_tells_nothing_apart() -> None:
    assert len(set(identifiers([{"identifier": "1", "title": f"Road {number}"} for number in range(100)]))) == 100
    assert set(identifiers([{"identifier": "1", "title": f"Road {number}"} for number in range(101)])) == {"1"}


def test_the_same_record_twice_is_one() -> None:
    assert identifiers([{"identifier": "1", "title": "Roads"}] * 2) == ["1", "1"]
