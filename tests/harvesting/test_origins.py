"""What a search document says of a dataset's source is in a batch what ckanext-harvest's own hook would say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ckan import model
from ckan.plugins import get_plugin
from ckan.tests import factories
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

from ckanext.participation.harvesting.batches import origins

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

DATASETS: list[dict[str, Any]] = [
    {"id": "", "title": "Eau", "extras": []},
    {"id": "", "title": "Eau", "extras": [{"key": "guid", "value": "1"}, {"key": "guid", "value": "2"}]},
    {"id": "", "title": "Eau", "extras": [{"key": "harvest_source_id", "value": "old"}, {"key": "é", "value": '"extras": ["'}]},
    {"id": "", "title": "Eau"},
    {"id": "", "title": "Eau", "extras": None},
    {"id": "", "extras": [{"key": "a", "value": "b"}], "title": "Eau"},
    {"id": "", "title": '"extras": [{"key": "x"}]}', "extras": []},
    {"id": "", "harvest_source_title": "own", "extras": []},
    {"id": "", "resources": [{"harvest_object_id": "a file's", "extras": []}], "extras": []},
    {"id": "", "resources": [{"extras": []}]},
]


def document(dataset: dict[str, Any], about: str) -> dict[str, Any]:
    plain, shown = ({**dataset, "id": about, "copy": name} for name in ("plain", "shown"))
    return {"id": about, "harvest_source_title": "of the document", "data_dict": json.dumps(plain), "validated_data_dict": json.dumps(shown)}


@pytest.fixture
def harvested() -> str:
    """A dataset with two harvest objects, the later of them without a moment yet."""
    dataset = factories.Dataset()
    source = HarvestSource(title="Agence spatiale « du Canada »", url="https://example.org/origin", type="ckan", active=True)
    job = HarvestJob(source=source)
    rows = [HarvestObject(guid="x", package_id=dataset["id"], current=True, job=job, source=source) for _ in range(2)]
    model.Session.add_all([source, job, *rows])
    model.Session.flush()
    rows[0].import_finished = source.created
    model.Session.commit()
    return dataset["id"]


def test_the_answer_is_the_one_of_the_hook(harvested: str) -> None:
    plugin: Any = get_plugin("harvest")
    for about in (harvested, factories.Dataset()["id"]):
        known = origins.of([about])
        for dataset in DATASETS:
            for last in (False, True):
                given = document(origins.last(dataset) if last else dataset, about)
                theirs = plugin.before_dataset_index(dict(given))
                with origins.known(known):
                    ours = plugin.before_dataset_index(dict(given))
                for made in (theirs, ours):
                    made |= {name: json.loads(made[name]) for name in ("data_dict", "validated_data_dict")}
                assert ours == theirs, dataset


def test_a_dataset_that_was_not_asked_about_is_asked_about_by_the_hook(harvested: str) -> None:
    plugin: Any = get_plugin("harvest")
    with origins.known({}):
        made = plugin.before_dataset_index(document({"extras": []}, harvested))
    assert made["harvest_source_id"] in made["data_dict"]


def test_the_hook_is_ckanext_harvests_again_afterwards(harvested: str) -> None:
    hook = type(get_plugin("harvest")).before_dataset_index
    with pytest.raises(RuntimeError), origins.known(origins.of([harvested])):
        raise RuntimeError
    assert type(get_plugin("harvest")).before_dataset_index is hook
