"""A batch leaves what the same records leave when they are written one by one through CKAN's actions."""

from __future__ import annotations

import copy
from typing import Any

import ckan.lib.search as search
import harvest_batches as both
import pytest
from ckan import model
from ckan.tests.helpers import reset_db

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

# How many records of each feed.
FEEDS = {"csa": 14, "us": 14, "psdi": 14}


# CKAN leaves a dataset that comes back untied from its organisation, although it names it as its owner; a batch ties it again.
RETURNED = "/rows/members/0/1: 'deleted' / 'active'"


def clean() -> None:
    reset_db()
    search.clear_all()


@pytest.mark.parametrize("feed", FEEDS)
def test_new_datasets_are_the_same(feed: str, make_source: both.Make, allowed: Any) -> None:
    source = make_source(feed)
    job, gathered = both.gather(source)
    before = both.left(both.OneByOne().write(source, job, gathered[: FEEDS[feed]], {}))
    assert len(before) == FEEDS[feed]
    for mode in ("fast", "compat"):
        clean()
        source = make_source(feed)
        job, gathered = both.gather(source)
        found = both.left(both.Together(mode).write(source, job, gathered[: FEEDS[feed]], {}))
        assert "\n".join(both.differences(before, found)) == ""


def changed(gathered: list[both.Gathered]) -> list[both.Gathered]:
    """The same records after a year at their source: every part of a dataset that may change does, in one record or another."""
    later = copy.deepcopy(gathered)
    for index, one in enumerate(later):
        dataset, files = one.record.dataset, one.record.dataset["resources"]
        match index % 7:
            case 0:
                dataset["title_translated"] = {"en": f"Another title {index}", "fr": f"Un autre titre {index}"}
                dataset["title"] = dataset["title_translated"]["en"]
            case 1:
                dataset["tags_translated"] = {"en": ["water", "Another, keyword"], "fr": ["eau"]}
            case 2:
                dataset["license_id"] = "CC-BY-4.0" if dataset.get("license_id") != "CC-BY-4.0" else "CC0-1.0"
                dataset.pop("tags_translated", None)
            case 3:
                files.reverse()
            case 4:
                files[1:] = []
                dataset.pop("notes_translated", None)
                dataset.pop("notes", None)
            case 5:
                files.append({"url": f"https://example.org/{index}.csv", "name": "New", "name_translated": {"en": "New"}, "format": "CSV"})
                for file in files:
                    file["description"] = "Described anew"
                    file["description_translated"] = {"en": "Described anew"}
            case 6:
                pass
    return later


def harvested_again(source: dict[str, Any], how: Any) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Write the source's records, then as they are a year later, then remove half of them, then write all of them again."""
    job, gathered = both.gather(source)
    ids = how.write(source, job, gathered[:8], {})
    readings = []
    job, gathered = both.gather(source)
    assert how.write(source, job, changed(gathered[:8]), ids) == ids
    readings.append(both.left(ids))
    how.remove(source, job, dict(list(ids.items())[:3]))
    found = both.searched(ids.values())
    readings.append({guid: (model.Package.get(identifier).state, identifier in found) for guid, identifier in ids.items()})
    assert set(readings[1].values()) == {("active", True), ("deleted", False)}
    job, gathered = both.gather(source)
    assert how.write(source, job, gathered[:8], ids) == ids
    readings.append(both.left(ids))
    return ids, readings


@pytest.mark.parametrize("feed", ["csa", "us"])
def test_changes_removals_and_returns_are_the_same(feed: str, make_source: both.Make, allowed: Any) -> None:
    _, before = harvested_again(make_source(feed), both.OneByOne())
    for mode in ("fast", "compat"):
        clean()
        _, found = harvested_again(make_source(feed), both.Together(mode=mode))
        said = both.differences(before, found)
        assert "\n".join(one for one in said if not one.endswith(RETURNED)) == ""
        assert len([one for one in said if one.endswith(RETURNED)]) == 3
