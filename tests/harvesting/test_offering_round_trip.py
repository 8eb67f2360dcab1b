"""Our own feeds, harvested by our own reader: what arrives, what the formats cannot carry, and that a second run changes nothing."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ckan.tests.helpers import call_action

from ckanext.participation.harvesting.offering import building, files
from ckanext.participation.harvesting.running import run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]
EU = "http://publications.europa.eu/resource/authority"
ORIGINAL: dict[str, Any] = {
    "title_translated": {"fr": "Chutes de neige", "en": 'Snowfall "2020"'},
    "notes_translated": {"fr": "Mesures quotidiennes.", "en": "Daily measurements.\n\n* one\n* two"},
    "tags_translated": {"fr": ["neige", "météo"], "en": ["snow", "weather"]},
    "license_id": "OGL-Canada-2.0",
    "identifier": "snow-2020",
    "url": "https://city.example/snow",
    "contact": [{"name": "Snow desk", "email": "snow@city.example"}],
    "publisher": [{"name_translated": {"fr": "Ville de Neige", "en": "City of Snow"}}],
    "theme": [f"{EU}/data-theme/ENVI"],
    "frequency": f"{EU}/frequency/DAILY",
    "access_rights": f"{EU}/access-right/PUBLIC",
    "language": [f"{EU}/language/FRA", f"{EU}/language/ENG"],
    "issued": "2020-01-15",
    "modified": "2021-03-04",
    "temporal_coverage": [{"start": "2020-01-01", "end": "2020-12-31"}],
    "spatial_coverage": [{"text": "Québec"}],
    "documentation": ["https://city.example/snow/about"],
    "conforms_to": ["https://standards.example/snow"],
    "provenance": "Measured by the city.",
    "version": "3",
    "resources": [
        {"url": "https://data.example/snow.csv", "name_translated": {"fr": "Neige", "en": "Snow"}, "format": "CSV", "mimetype": "text/csv",
         "description_translated": {"fr": "Tout", "en": "All of it"}, "license": "CC-BY-4.0", "size": 1234, "issued": "2020-01-15",
         "modified": "2021-03-04"},
        {"url": "https://data.example/api", "name_translated": {"fr": "Interface", "en": "Interface"}, "format": "API"},
    ],
}
# What `data.json` has no place for, and why is in docs/feeds.md: here is the list that the test holds it to.
NOT_IN_DATA_JSON = {"provenance", "version"}
ONE_LANGUAGE = {"title_translated", "notes_translated", "tags_translated"}


@pytest.fixture(autouse=True)
def feeds_folder(tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.offering.folder", str(tmp_path / "feeds"))


def harvested(name: str, make_source: Make, allowed: Any) -> tuple[dict[str, Any], Any]:
    """Build, offer the file to our own source, harvest it twice; return the copy."""
    built = building.build(processes=1)
    assert (built.datasets, built.failed) == (1, [])
    current = built.current
    assert current is not None
    allowed.fail("/us/data.json", body=gzip.decompress((files.folder() / current.feeds[name].file).read_bytes()))
    source = make_source("us")
    report = run(source["id"])
    assert report.counts == {"added": 1}, report.sentences
    found = call_action("package_search", fq="dataset_type:dataset", q="*:*", rows=10)["results"]
    copy, = (row for row in found if any(extra["key"] == "harvest_source_id" and extra["value"] == source["id"] for extra in row.get("extras", [])))
    assert run(source["id"]).counts == {"not modified": 1}
    assert call_action("package_show", id=copy["id"])["metadata_modified"] == copy["metadata_modified"]
    return copy, report


def different(copy: dict[str, Any], original: dict[str, Any]) -> dict[str, Any]:
    return {key: copy.get(key) for key, value in original.items() if key != "resources" and _same(copy.get(key)) != _same(value)}


def _same(value: Any) -> Any:
    """Order says nothing, nor does an empty field, nor a name in the site's language beside the names in both."""
    if isinstance(value, list):
        return sorted((_same(one) for one in value), key=repr)
    if isinstance(value, dict):
        return {key: _same(one) for key, one in sorted(value.items()) if one and not (key == "name" and "name_translated" in value)}
    return value


def test_turtle_carries_everything_there_and_back(dataset: Make, make_source: Make, allowed: Any) -> None:
    dataset(**ORIGINAL)
    copy, report = harvested("data.ttl", make_source, allowed)
    assert report.sentences == []
    assert different(copy, ORIGINAL) == {}
    files_ = {row["url"]: row for row in copy["resources"]}
    for wanted in ORIGINAL["resources"]:
        assert different(files_[wanted["url"]], wanted) == {}


def test_json_ld_carries_what_turtle_carries(dataset: Make, make_source: Make, allowed: Any) -> None:
    dataset(**ORIGINAL)
    copy, _report = harvested("data.jsonld", make_source, allowed)
    assert different(copy, ORIGINAL) == {}


def test_data_json_carries_one_language_and_what_it_has_fields_for(dataset: Make, make_source: Make, allowed: Any) -> None:
    dataset(**ORIGINAL)
    copy, report = harvested("data.json", make_source, allowed)
    assert report.sentences == []
    lost = different(copy, ORIGINAL)
    assert set(lost) == NOT_IN_DATA_JSON | ONE_LANGUAGE | {"publisher"}
    # The record names both languages of the data, so the reader takes the site's default for its words, which they are in.
    for name in ONE_LANGUAGE:
        assert copy[name] == {"en": ORIGINAL[name]["en"]}
    assert copy["publisher"][0]["name_translated"] == {"en": "City of Snow"}
    files_ = {row["url"]: row for row in copy["resources"]}
    first, second = (files_[row["url"]] for row in ORIGINAL["resources"])
    assert (first["format"], first["mimetype"], first["license"], first["name"]) == ("CSV", "text/csv", "CC-BY-4.0", "Snow")
    assert (second["format"], second["access_url"]) == ("API", "https://data.example/api")


@pytest.mark.parametrize("name", files.FEEDS)
def test_a_dataset_that_says_little_comes_back_too(dataset: Make, make_source: Make, allowed: Any, name: str) -> None:
    dataset(title_translated={"fr": "Rien"}, license_id="notspecified")
    copy, _report = harvested(name, make_source, allowed)
    assert copy["license_id"] == "notspecified"
    assert "Rien" in copy["title_translated"].values()
