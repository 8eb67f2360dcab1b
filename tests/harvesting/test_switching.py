"""Sources of the stock types move to ours: real stock harvesters import a feed, the source is switched, and no dataset is made anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import click
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan
from ckan.tests import factories
from ckan.tests.helpers import call_action
from ckanext.dcat.harvesters import DCATJSONHarvester
from ckanext.harvest.model import HarvestJob, HarvestSource

from ckanext.participation.harvesting import settings, switching, translating
from ckanext.participation.harvesting.running import run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
STOCK = ("ckan_harvester", "dcat_rdf_harvester", "dcat_json_harvester")
LATER = "2031-01-01T00:00:00.000000"


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Load the harvesters of ckanext-harvest and ckanext-dcat.

    The JSON one adds an extra `language` to every dataset, which this site's schema refuses: its own hook takes it out.
    """

    def without_language(_self: Any, package: dict[str, Any], *_more: Any) -> dict[str, Any]:
        package["extras"] = [extra for extra in package["extras"] if extra["key"] != "language" and extra["value"]]
        package["title_translated"] = {"en": package["title"]}
        return package

    monkeypatch.setattr(DCATJSONHarvester, "modify_package_dict", without_language)
    p.load(*STOCK)
    yield
    p.unload(*STOCK)


@pytest.fixture
def portal(allowed: Any) -> Any:
    """Three datasets of the bilingual portal."""
    datasets = allowed.csa.datasets
    for name in sorted(datasets, key=lambda one: datasets[one]["id"])[3:]:
        del datasets[name]
    return allowed.csa


@pytest.fixture
def inventory(allowed: Any) -> list[dict[str, Any]]:
    """Five records of the recorded data.json."""
    allowed.us.datasets[:] = allowed.us.datasets[:5]
    return allowed.us.datasets


def switch(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return tk.get_action("participation_harvest_source_switch")({"user": user}, {"id": source["id"], **more})


def everything() -> dict[str, tuple[str, frozenset[tuple[str, str]]]]:
    """Each active dataset's id, with its name and its files' ids and addresses."""
    model.Session.expire_all()
    files: dict[str, set[tuple[str, str]]] = {}
    for row in model.Session.scalars(sa.select(model.Resource).where(model.Resource.state == "active")):
        files.setdefault(str(row.package_id), set()).add((row.id, row.url))
    rows = model.Session.scalars(sa.select(model.Package).where(model.Package.type == "dataset", model.Package.state == "active"))
    return {row.id: (row.name, frozenset(files.get(row.id, set()))) for row in rows}


def source_row(source: dict[str, Any]) -> Any:
    model.Session.expire_all()
    return HarvestSource.get(source["id"])


def settle(source: dict[str, Any]) -> dict[str, Any]:
    """Switch, and run until nothing is written any more; the datasets must stay the same ones."""
    before = everything()
    assert before
    done = switch(source)
    assert done["switched"]
    assert done["datasets"] == len(before)
    report = run(source["id"])
    assert set(report.counts) <= {"updated", "not modified"}, report
    assert sum(report.counts.values()) == len(before), report
    assert everything() == before
    assert run(source["id"]).counts == {"not modified": len(before)}
    assert everything() == before
    return done


def test_a_ckan_source_keeps_its_datasets_and_then_reads_only_what_changes(make_source: Make, portal: Any, stock: None) -> None:
    source = make_source("csa", source_type="ckan", config=json.dumps({"api_version": 2, "clean_tags": True}))
    assert run(source["id"]).counts == {"added": 3}
    done = settle(source)
    assert (done["source_type"], done["before"], done["lost"]) == ("participation_ckan", "ckan", {})
    assert sorted(done["needless"]) == ["api_version", "clean_tags"]
    assert source_row(source).type == "participation_ckan"
    first = min(portal.datasets.values(), key=lambda row: row["id"])
    first |= {"metadata_modified": LATER, "title_translated": {"en": "Other", "fr": "Autre"}}
    before = everything()
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert everything() == before
    assert call_action("package_show", id=first["id"])["title"] == "Other"


def test_what_a_stock_import_kept_of_groups_and_extras_is_still_there_after_the_switch(
        make_source: Make, portal: Any, stock: None) -> None:
    factories.Group(name="space")
    first = min(portal.datasets.values(), key=lambda row: row["id"])
    first["extras"] = [{"key": "mission", "value": "Alouette"}]
    first["groups"] = [{"name": "space"}]
    source = make_source("csa", source_type="ckan", config=json.dumps({
        "remote_groups": "only_local", "default_extras": {"region": "all of {harvest_source_url}"}, "default_tags": [{"name": "harvested"}]}))
    run(source["id"])

    def kept() -> tuple[Any, ...]:
        shown = call_action("package_show", id=first["id"])
        extras = {row["key"]: row["value"] for row in shown["extras"]}
        return (extras["mission"], extras["region"], [group["name"] for group in shown["groups"]],
                "harvested" in {tag["name"] for tag in shown["tags"]})

    before = kept()
    assert before == ("Alouette", f"all of {source['url'].strip('/')}", ["space"], True)
    settle(source)
    assert kept() == before


NAMED = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
<http://x.example/> a dcat:Catalog ; dcat:dataset <http://x.example/1>, <http://x.example/2>, _:c .
<http://x.example/1> a dcat:Dataset ; dct:title "Snow"@en, "Neige"@fr ; dct:description "One"@en ; dct:identifier "one" ;
  dcat:keyword "winter"@en ; dcat:distribution <http://x.example/1/csv>, [ dcat:downloadURL <http://x.example/1.json> ; dct:format "JSON" ] .
<http://x.example/1/csv> a dcat:Distribution ; dct:title "Table" ; dcat:accessURL <http://x.example/1.csv> ; dct:format "CSV" .
<http://x.example/2> a dcat:Dataset ; dct:title "Trees" ; dct:description "Two" ; dcat:distribution
  [ dct:title "a" ; dcat:downloadURL <http://x.example/all.zip> ], [ dct:title "b" ; dcat:downloadURL <http://x.example/all.zip> ] .
_:c a dcat:Dataset ; dct:title "Paths" ; dct:description "Three" ; dct:identifier "three" ; dcat:landingPage <http://x.example/paths> .
"""


def test_an_rdf_source_keeps_its_datasets(make_source: Make, allowed: Any, stock: None) -> None:
    allowed.psdi.pages["ttl"][:] = [NAMED]
    source = make_source("psdi", source_type="dcat_rdf", config=json.dumps({"rdf_format": "text/turtle"}))
    report = run(source["id"])
    assert report.counts == {"added": 3}, report
    done = settle(source)
    assert done["config"]["rdf_format"] == "text/turtle"
    allowed.psdi.pages["ttl"][0] = NAMED.replace('"Three"', '"Four"')
    before = everything()
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert everything() == before


NAMELESS = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
[] a dcat:Catalog ; dcat:dataset _:a, _:b, _:c, _:d .
_:a a dcat:Dataset ; dct:title "Snow"@en, "Neige"@fr ; dct:description "One" ; dcat:distribution [ dcat:downloadURL <http://x.example/1.csv> ] .
_:b a dcat:Dataset ; dct:title "Trees" ; dct:description "Two" ; dcat:distribution [ dcat:downloadURL <http://x.example/2.csv> ] .
_:c a dcat:Dataset ; dct:title "Trees" ; dct:description "Three" ; dcat:distribution [ dcat:downloadURL <http://x.example/3.csv> ] .
_:d a dcat:Dataset ; dct:title "Paths" ; dct:description "Four" ; dcat:landingPage <http://x.example/paths> .
"""


def test_rdf_datasets_without_uri_and_identifier_are_found_by_what_they_say(make_source: Make, allowed: Any, stock: None) -> None:
    allowed.psdi.pages["ttl"][:] = [NAMELESS]
    source = make_source("psdi", source_type="dcat_rdf", config=json.dumps({"rdf_format": "text/turtle"}))
    assert run(source["id"]).counts == {"added": 4}
    settle(source)
    by_file = {url: notes for notes, url in model.Session.execute(sa.select(model.Package.notes, model.Resource.url).join(
        model.Resource, model.Resource.package_id == model.Package.id).where(model.Package.title == "Trees"))}
    assert by_file == {"http://x.example/2.csv": "Two", "http://x.example/3.csv": "Three"}
    allowed.psdi.pages["ttl"][0] = NAMELESS.replace('"Four"', '"Five"')
    assert run(source["id"]).counts == {"updated": 1, "not modified": 3}
    allowed.psdi.pages["ttl"][0] = NAMELESS.replace(", _:d", "").partition("_:d a")[0]
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 3}


def test_a_data_json_source_keeps_its_datasets(make_source: Make, inventory: list[Any], stock: None) -> None:
    source = make_source("us", source_type="dcat_json", config="")
    assert run(source["id"]).counts == {"added": 5}
    settle(source)
    inventory[0]["title"] = "Another title"
    assert run(source["id"]).counts == {"updated": 1, "not modified": 4}
    inventory.pop()
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 4}


@pytest.mark.usefixtures("with_request_context")
def test_settings_without_a_counterpart_ask_for_confirmation_and_stay_for_the_way_back(
        make_source: Make, portal: Any, stock: None) -> None:
    user = factories.User()
    # The stock type asks for the person in front of the form.
    tk.g.user = user["name"]
    config = {"user": user["name"], "remote_groups": "create", "organizations_filter_include": ["csa-asc"], "read_only": True}
    source = make_source("csa", source_type="ckan", config=json.dumps(config))
    run(source["id"])
    with pytest.raises(tk.ValidationError) as problem:
        switch(source)
    said = str(problem.value.error_dict["confirm"])
    assert "user: " in said
    assert "remote_groups: " in said
    assert source_row(source).type == "ckan"
    before = everything()
    assert switch(source, confirm=True)["switched"]
    run(source["id"])
    done = switch(source, back=True)
    assert done["switched"]
    assert source_row(source).type == "ckan"
    kept = json.loads(source_row(source).config)
    assert kept["user"] == user["name"]
    assert kept["read_only"] is True
    assert kept["organizations_filter_include"] == ["csa-asc"]
    report = run(source["id"])
    assert not set(report.counts) & {"added", "deleted", "errored"}, report
    assert everything() == before
    settle_again = switch(source, confirm=True)
    assert settle_again["switched"]
    assert set(run(source["id"]).counts) <= {"updated", "not modified"}
    assert everything() == before


def test_nothing_is_switched_while_a_harvest_waits_or_runs(make_source: Make, portal: Any, stock: None) -> None:
    source = make_source("csa", source_type="ckan", config="")
    job = HarvestJob(source=HarvestSource.get(source["id"]), status="Running")
    job.save()
    with pytest.raises(tk.ValidationError) as problem:
        switch(source)
    assert list(problem.value.error_dict) == ["job"]
    job.status = "Finished"
    job.save()
    assert switch(source)["switched"]


def test_a_second_click_changes_nothing(make_source: Make, portal: Any, stock: None) -> None:
    source = make_source("csa", source_type="ckan", config="")
    assert switch(source)["switched"]
    config = source_row(source).config
    assert not switch(source)["switched"]
    assert source_row(source).config == config


def test_only_who_may_edit_the_source_may_switch_it(make_source: Make, portal: Any, stock: None, person: Any, as_user: Any) -> None:
    source = make_source("csa", source_type="ckan", config="")
    stranger, admin = person(), person()
    call_action("organization_member_create", id=source["owner_org"], username=admin["name"], role="admin")
    for reader in (None, stranger):
        with pytest.raises(tk.NotAuthorized):
            as_user(reader, "participation_harvest_source_switch", id=source["id"])
    assert as_user(admin, "participation_harvest_source_switch", id=source["id"])["switched"]


def test_organisations_that_a_stock_harvest_made_go_on_being_filled(make_source: Make, portal: Any, stock: None) -> None:
    remote = next(iter(portal.organizations.values()))
    source = make_source("csa", source_type="ckan", config=json.dumps({"remote_orgs": "create"}), owner_org=factories.Organization()["id"])
    call_action("organization_purge", id=remote["name"]) if model.Group.get(remote["name"]) else None
    run(source["id"])
    made = model.Group.get(remote["name"])
    assert made is not None
    assert made.id == remote["id"]
    assert switch(source)["config"]["organizations"] == "publisher"
    assert not run(source["id"]).sentences
    owners = set(model.Session.scalars(sa.select(model.Package.owner_org).where(model.Package.type == "dataset")))
    assert owners == {made.id}


def test_the_command_switches_and_says_why_it_cannot(make_source: Make, portal: Any, cli: Any) -> None:
    source = make_source("csa")
    source_row(source).type = "ckan"
    model.Session.commit()
    words = ["participation", "harvest", "switch", source["name"]]
    done = cli.invoke(ckan, words)
    assert done.exit_code == 0, done.output
    assert "ckan → participation_ckan" in done.output
    assert "already" in cli.invoke(ckan, words).output
    back = cli.invoke(ckan, [*words, "--back"])
    assert back.exit_code == 1
    assert "no source type ckan any more" in back.output
    assert cli.invoke(ckan, ["participation", "harvest", "switch", "nowhere"]).exit_code == 1


@pytest.mark.parametrize(("stock_type", "config"), [
    ("ckan", {"api_version": "3", "default_tags": ["a", {"name": "b"}], "default_groups": ["g"], "default_group_dicts": [{"id": "x"}],
              "default_extras": {"a": "1", "b": 2}, "override_extras": True, "remote_groups": "only_local", "remote_orgs": "only_local",
              "api_key": "k", "read_only": False, "force_all": True, "organizations_filter_exclude": ["o"], "groups_filter_include": []}),
    ("dcat_rdf", {"rdf_format": "text/turtle"}), ("dcat_rdf", {"rdf_format": "pretty-xml"}), ("dcat_json", {}), ("ckan", {})])
def test_a_translated_configuration_is_one_that_ours_takes(stock_type: str, config: dict[str, Any]) -> None:
    found = translating.forth(stock_type, json.dumps(config))
    assert found.lost == {}
    settings.read(json.dumps(found.config))
    back_type, back = translating.back(json.dumps(found.config))
    assert back_type == stock_type
    assert back.lost == {}


def test_values_that_differ_in_every_run_are_not_taken_over() -> None:
    found = translating.forth("ckan", json.dumps({"default_extras": {"job": "{harvest_job_id}", "x": "y"}, "skip_this": 1}))
    assert set(found.lost) == {"default_extras", "skip_this"}
    assert found.config["default_extras"] == {"x": "y"}


def test_the_command_switches_back_where_the_stock_type_asks_for_the_person_in_front_of_its_form(
        app: Any, make_source: Make, portal: Any, stock: None, capsys: pytest.CaptureFixture[str]) -> None:
    user = factories.User()
    factories.Group(name="space")
    source = make_source("csa", source_type="ckan", config="")
    settings_of = {"user": user["name"], "default_groups": ["space"]}
    source_row(source).config = json.dumps(settings_of)
    model.Session.commit()
    # A whole `ckan` would load the plugins of the settings file, and the stock types are not among them.
    with click.Context(ckan) as around:
        around.meta["flask_app"] = app.flask_app
        switching.switch.main([source["name"], "--confirm"], parent=around, standalone_mode=False)
        switching.switch.main([source["name"], "--back"], parent=around, standalone_mode=False)
    assert "participation_ckan → ckan" in capsys.readouterr().out
    assert source_row(source).type == "ckan"
    kept = json.loads(source_row(source).config)
    assert {key: kept[key] for key in settings_of} == settings_of
    assert [group["name"] for group in kept["default_group_dicts"]] == ["space"]
