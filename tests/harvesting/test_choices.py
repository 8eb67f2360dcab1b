"""What a source's settings add to its records: groups, keywords, extras; and who owns the datasets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import call_action

from ckanext.participation.harvesting import choices, settings
from ckanext.participation.harvesting.from_ckan import from_ckan
from ckanext.participation.harvesting.from_data_json import from_data_json
from ckanext.participation.harvesting.record import Mapper, Record
from ckanext.participation.harvesting.running import run

Make = Callable[..., dict[str, Any]]
HERE = frozenset({"transport", "space", "water"})
REMOTE = {
    "id": "r1", "name": "snow", "title": "Snow", "tags": [{"name": "winter"}], "theme": ["TRAN"],
    "groups": [{"name": "space", "title": "L’espace"}, {"name": "elsewhere", "title": "Eau"}],
    "extras": [{"key": "survey_year", "value": "2020"}, {"key": "survey_team", "value": ["a", "b"]}, {"key": "other", "value": "x"},
               {"key": "guid", "value": "taken"}, {"key": "harvest_source_id", "value": "taken"}, {"key": "language", "value": "en"}],
}


def chosen(mapper: Mapper, record: Record | None = None, **config: Any) -> Record:
    record = record or from_ckan(REMOTE, mapper)
    return choices.applied(record, settings.read(json.dumps(config)), mapper, HERE, {"harvest_source_url": "https://x.example"})


def groups(record: Record) -> list[str]:
    return [row["name"] for row in record.dataset.get("groups", [])]


def extras(record: Record) -> dict[str, str]:
    return {row["key"]: row["value"] for row in record.dataset["extras"]}


def test_without_settings_nothing_is_added(mapper: Mapper) -> None:
    record = chosen(mapper)
    assert groups(record) == []
    assert extras(record) == {}
    assert record.digest() == from_ckan(REMOTE, mapper).digest()


def test_groups_of_the_source_and_themes_are_groups_here_under_the_names_that_the_settings_give(mapper: Mapper) -> None:
    assert groups(chosen(mapper, group_names={"eau": "water", "TRAN": "transport", "unknown": "space"})) == ["transport", "water"]
    assert groups(chosen(mapper, remote_groups="only_local")) == ["space"]
    assert groups(chosen(mapper, remote_groups="only_local", default_groups=["water"])) == ["space", "water"]
    record = from_data_json({"title": "Snow", "identifier": "1", "theme": ["Transport et routes"]}, mapper)
    assert groups(chosen(mapper, record, group_names={"transport et routes": "transport"})) == ["transport"]


def test_a_group_that_is_not_here_is_named_and_the_dataset_comes_without_it(mapper: Mapper) -> None:
    record = chosen(mapper, default_groups=["gone", "space"])
    assert groups(record) == ["space"]
    assert any("“gone”" in note for note in record.notes)


def test_keywords_of_the_settings_come_to_those_of_the_source_once(mapper: Mapper) -> None:
    record = chosen(mapper, default_tags=["Winter", "snow removal"])
    assert record.dataset["tags_translated"] == {"en": ["winter", "snow removal"]}


def test_only_named_fields_of_the_source_are_kept_and_never_ours(mapper: Mapper) -> None:
    assert extras(chosen(mapper, keep_extras=["survey_*"])) == {"survey_year": "2020", "survey_team": '["a", "b"]'}
    assert set(extras(chosen(mapper, keep_extras=["*"]))) == {"survey_year", "survey_team", "other"}
    record = from_data_json({"title": "Snow", "identifier": "1", "agencyCode": 12, "@type": "x"}, mapper)
    assert extras(chosen(mapper, record, keep_extras=["agency*"])) == {"agencyCode": "12"}


def test_extras_of_the_settings_fill_gaps_or_override(mapper: Mapper) -> None:
    more: dict[str, Any] = {"keep_extras": ["other"], "default_extras": {"other": "y", "from": "{harvest_source_url}/{dataset_id}"}}
    assert extras(chosen(mapper, **more)) == {"other": "x", "from": "https://x.example/r1"}
    assert extras(chosen(mapper, **more, override_extras=True))["other"] == "y"


@pytest.mark.parametrize(("config", "words"), [
    ({"group_names": ["x"]}, "a group here"), ({"group_names": {"a": "Not A Name!"}}, "a group here"),
    ({"default_groups": "water"}, "list of names"), ({"default_tags": [1]}, "list of keywords"),
    ({"keep_extras": "*"}, "list of names of fields"), ({"default_extras": {"a": 1}}, "a text for each field"),
    ({"override_extras": True}, "give default_extras too"), ({"remote_groups": "create"}, "only_local"),
    ({"organizations": "all"}, "existing"), ({"was": 1}, "leave it as it was")])
def test_a_setting_that_is_not_understood_is_named_with_what_would_be(config: dict[str, Any], words: str) -> None:
    with pytest.raises(settings.BadSettings) as problem:
        settings.read(json.dumps(config))
    assert words.lower() in str(problem.value).lower()


@pytest.fixture
def portal(allowed: Any) -> Any:
    datasets = allowed.csa.datasets
    for name in sorted(datasets, key=lambda one: datasets[one]["id"])[2:]:
        del datasets[name]
    return allowed.csa


def configure(source: dict[str, Any], **config: Any) -> None:
    model.Session.execute(sa.text("UPDATE harvest_source SET config = :config"), {"config": json.dumps(config)})
    model.Session.commit()


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
class TestRuns:
    """Whole runs with such settings."""

    def test_settings_that_change_map_every_record_anew(self, make_source: Make, portal: Any) -> None:
        factories.Group(name="space")
        source = make_source("csa", config=json.dumps({"default_tags": ["one"]}))
        assert run(source["id"]).counts == {"added": 2}
        assert run(source["id"]).counts == {"not modified": 2}
        configure(source, default_tags=["two"], default_extras={"region": "Estrie"})
        assert run(source["id"]).counts == {"updated": 2}
        assert run(source["id"]).counts == {"not modified": 2}
        for name in portal.datasets:
            shown = call_action("package_show", id=portal.datasets[name]["id"])
            assert {"key": "region", "value": "Estrie"} in shown["extras"]
            assert "two" in {tag["name"] for tag in shown["tags"]}
            assert "one" not in {tag["name"] for tag in shown["tags"]}

    def test_datasets_come_into_the_groups_that_the_settings_name(self, make_source: Make, portal: Any) -> None:
        factories.Group(name="space")
        source = make_source("csa", config=json.dumps({"default_groups": ["space"]}))
        report = run(source["id"])
        assert report.counts == {"added": 2}
        assert not report.sentences
        assert call_action("group_show", id="space")["package_count"] == 2

    def test_settings_with_a_group_that_is_not_here_are_not_saved(self, make_source: Make, portal: Any) -> None:
        with pytest.raises(tk.ValidationError) as problem:
            make_source("csa", config=json.dumps({"default_groups": ["nowhere"]}))
        assert "There is no group nowhere here." in str(problem.value.error_dict["config"])

    def test_existing_organisations_are_filled_and_none_is_made(self, make_source: Make, portal: Any) -> None:
        source = make_source("csa", config=json.dumps({"organizations": "existing"}), owner_org=factories.Organization()["id"])
        run(source["id"])
        rows = model.Session.scalars(sa.select(model.Package.owner_org).where(model.Package.type == "dataset"))
        assert set(rows) == {source["owner_org"]}

    def test_an_organisation_that_a_harvest_made_is_found_again_under_another_name(self, make_source: Make, portal: Any) -> None:
        remote = next(iter(portal.organizations.values()))
        for dataset in portal.datasets.values():
            dataset["organization"] = {**remote, "name": "made-by-harvest"}
        portal.organizations.clear()
        portal.organizations["made-by-harvest"] = {**remote, "name": "made-by-harvest"}
        source = make_source("csa")
        run(source["id"])
        made = model.Group.get("made-by-harvest")
        assert made is not None
        made.name = "called-otherwise-here"
        model.Session.commit()
        configure(source, default_tags=["again"])
        assert run(source["id"]).counts == {"updated": 2}
        assert model.Group.get("made-by-harvest") is None
        owners = set(model.Session.scalars(sa.select(model.Package.owner_org).where(model.Package.type == "dataset")))
        assert owners == {made.id}
