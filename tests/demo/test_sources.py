"""``sources.json`` names three sources that the replay server really serves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from replay import Replay

SOURCES = ["canadian-space-agency", "us-federal-agencies", "physical-sciences-data-infrastructure"]


@pytest.fixture
def sources(demo: Path) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads((demo / "sources.json").read_text("utf-8"))["sources"]}


def test_there_are_three_of_two_types(sources: dict[str, dict[str, Any]]) -> None:
    assert list(sources) == SOURCES
    assert [each["source_type"] for each in sources.values()] == [
        "participation_ckan",
        "participation_dcat",
        "participation_dcat",
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_each_is_complete_in_both_languages(sources: dict[str, dict[str, Any]], name: str) -> None:
    source = sources[name]
    organization = source["organization"]
    for text in (
        source["title"],
        source["notes"],
        organization["title_translated"],
        organization["description_translated"],
    ):
        assert text.keys() == {"fr", "en"}
        assert all(text.values())
    assert re.fullmatch(r"[a-z0-9-]{2,100}", organization["name"])
    assert source["frequency"] in {"MANUAL", "MONTHLY", "WEEKLY", "BIWEEKLY", "DAILY", "ALWAYS"}
    assert isinstance(source["config"], dict)


def test_the_counts_are_those_of_the_recordings(sources: dict[str, dict[str, Any]], replay: Replay) -> None:
    ckan, inventory, catalogue = (sources[name] for name in SOURCES)
    found = requests.get(
        replay.url(ckan["path"] + "/api/3/action/package_search"), params={"rows": 0}, timeout=10
    )
    assert found.json()["result"]["count"] == ckan["datasets"]
    assert (
        len(requests.get(replay.url(inventory["path"]), timeout=10).json()["dataset"])
        == inventory["datasets"]
    )
    assert sum(map(len, replay.psdi.datasets)) == catalogue["datasets"]
    assert (
        requests.get(replay.url(catalogue["path"]), timeout=10)
        .headers["Content-Type"]
        .startswith("text/turtle")
    )
    assert sum(each["datasets"] for each in sources.values()) >= 300
