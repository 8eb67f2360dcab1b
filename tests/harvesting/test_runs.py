"""Whole harvest jobs against the recorded portals, in this process, on real services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan.tests.helpers import call_action

from ckanext.participation.harvesting.running import run
from ckanext.participation.harvesting.values import is_opaque

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]


def datasets() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = call_action("package_search", rows=1000, start=len(found), fq="dataset_type:dataset")
        found += page["results"]
        if not page["results"] or len(found) >= page["count"]:
            return found


def test_every_dataset_of_the_bilingual_portal_arrives_and_a_second_run_changes_nothing(make_source: Make, allowed: Any) -> None:
    source = make_source("csa")
    report = run(source["id"])
    assert report.counts == {"added": 136}, report.sentences
    assert report.sentences == []
    found = datasets()
    assert len(found) == 136
    assert all(set(dataset["title_translated"]) == {"en", "fr"} for dataset in found)
    assert {dataset["license_id"] for dataset in found} == {"OGL-Canada-2.0"}
    assert {dataset["organization"]["name"] for dataset in found} == {"csa-asc"}
    assert not any(is_opaque(dataset["name"]) for dataset in found)
    before = {dataset["id"]: dataset["metadata_modified"] for dataset in found}

    assert run(source["id"]).counts == {"not modified": 136}
    assert {dataset["id"]: dataset["metadata_modified"] for dataset in datasets()} == before


def test_every_record_of_data_json_arrives_with_its_licence_and_agency(make_source: Make, allowed: Any) -> None:
    source = make_source("us")
    report = run(source["id"])
    assert report.counts["added"] == len(allowed.us.datasets)
    found = datasets()
    licences = {dataset["license_id"] for dataset in found}
    assert {"CC0-1.0", "US-Government-Works", "notspecified"} <= licences
    treasury = [dataset for dataset in found if dataset["organization"]["name"] == "department-of-the-treasury"]
    assert len(treasury) > 10
    assert run(source["id"]).counts == {"not modified": len(allowed.us.datasets)}


def test_every_dataset_of_the_paged_rdf_catalogue_arrives_and_a_second_run_changes_nothing(
    make_source: Make, allowed: Any
) -> None:
    source = make_source("psdi")
    expected = sum(len(page) for page in allowed.psdi.datasets)
    report = run(source["id"])
    assert report.counts["added"] == expected, report.sentences
    found = datasets()
    assert len(found) == expected
    assert {"CC-BY-4.0", "CC0-1.0"} <= {dataset["license_id"] for dataset in found}
    assert sum(len(dataset["resources"]) for dataset in found) > expected / 2
    assert run(source["id"]).counts == {"not modified": expected}


def test_a_record_that_the_queue_delivers_twice_is_written_once(make_source: Make, allowed: Any) -> None:
    from ckan import model
    from ckan.plugins import get_plugin
    from ckanext.harvest.model import HarvestObject

    source = make_source("psdi")
    run(source["id"])
    count = len(datasets())
    for row in model.Session.query(HarvestObject).filter_by(current=True).limit(3):
        assert get_plugin("participation_harvest_dcat").import_stage(row) is True
    model.Session.remove()
    assert len(datasets()) == count
