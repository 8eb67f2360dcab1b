"""Sources that change, break, lie or grow: what a run leaves behind. Real services, a few records each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan
from ckan.tests.helpers import call_action
from ckanext.harvest.model import HarvestJob

from ckanext.participation.harvesting.running import Report, run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
HTML = b"<!DOCTYPE html><html><body>Under maintenance</body></html>"
BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><rdf:RDF/>'


@pytest.fixture
def inventory(allowed: Any) -> list[dict[str, Any]]:
    """Six records of the recorded data.json, which a test may change."""
    allowed.us.datasets[:] = allowed.us.datasets[:6]
    return allowed.us.datasets


@pytest.fixture
def catalogue(allowed: Any) -> Any:
    """The RDF catalogue's first two pages."""
    for pages in allowed.psdi.pages.values():
        pages[1] = pages[1].replace("page=3", "page=none")
        del pages[2:]
    return allowed.psdi


def packages(state: str = "active") -> dict[str, str]:
    """Titles of datasets by id, straight from the tables."""
    model.Session.expire_all()
    rows = model.Session.query(model.Package).filter_by(type="dataset", state=state)
    return {row.id: row.title for row in rows}


def said(report: Report, words: str) -> bool:
    return any(words in sentence for sentence in report.sentences)


def test_a_broken_record_costs_only_itself(make_source: Make, inventory: list[Any]) -> None:
    del inventory[0]["title"]
    inventory[1] = ["not", "a", "record"]
    inventory[2]["distribution"] = "nothing like a list"
    report = run(make_source("us")["id"])
    assert report.counts == {"added": 4, "errored": 2}
    assert said(report, "The record has no title.")
    assert said(report, "The record is not a group of fields.")


def test_a_changed_record_is_updated_in_place_and_its_files_keep_their_ids(make_source: Make, inventory: list[Any]) -> None:
    source = make_source("us")
    run(source["id"])
    before = {row["title"]: row for row in (call_action("package_show", id=one) for one in packages())}
    title = inventory[0]["title"]
    inventory[0]["title"] = "Another title"
    inventory[0]["distribution"].reverse()
    report = run(source["id"])
    assert report.counts == {"updated": 1, "not modified": 5}
    after = call_action("package_show", id=before[title]["id"])
    assert (after["title"], after["name"]) == ("Another title", before[title]["name"])
    ids = {row["url"]: row["id"] for row in before[title]["resources"]}
    assert {row["url"]: row["id"] for row in after["resources"]} == ids


def test_a_dataset_that_goes_is_removed_and_comes_back_as_the_same(make_source: Make, inventory: list[Any]) -> None:
    source = make_source("us")
    run(source["id"])
    everything = packages()
    gone = inventory.pop()
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 5}
    assert list(packages("deleted").values()) == [gone["title"]]
    inventory.append(gone)
    assert run(source["id"]).counts == {"updated": 1, "not modified": 5}
    assert packages() == everything
    assert run(source["id"]).counts == {"not modified": 6}


def test_most_datasets_are_not_removed_without_a_person(make_source: Make, inventory: list[Any]) -> None:
    source = make_source("us", config=json.dumps({"remove_up_to": 20}))
    inventory.append({**inventory[0], "identifier": "one-more"})
    run(source["id"])
    del inventory[:6]
    report = run(source["id"])
    assert report.counts == {"not modified": 1}
    assert said(report, "6 of 7 datasets are no longer at the source.")
    assert len(packages()) == 7


def test_a_page_that_is_no_catalogue_changes_nothing_and_is_named(make_source: Make, inventory: list[Any], allowed: Any) -> None:
    source = make_source("us")
    run(source["id"])
    for body, words in (
        (HTML, "web page"),
        (BOMB, "DOCTYPE"),
        (b"", "empty page"),
        (b'{"dataset": []}', "no dataset in it"),
        (b'{"da', "broken at line 1"),
    ):
        allowed.fail("/us/data.json", body=body)
        report = run(source["id"])
        assert report.counts == {}
        assert said(report, words), report.sentences
    allowed.recover()
    assert len(packages()) == 6
    assert run(source["id"]).counts == {"not modified": 6}


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"status": 503}, "the error 503"),
        ({"drop": True}, "could not be reached"),
        ({"keep_bytes": 100}, "broke off"),
    ],
)
def test_a_source_that_fails_is_named_and_loses_nothing(
    make_source: Make, inventory: list[Any], allowed: Any, failure: Any, words: str
) -> None:
    source = make_source("us")
    run(source["id"])
    # An unchanged file would be answered with 304, which has nothing that could break off.
    inventory[0]["title"] = "Another title"
    allowed.fail("/us/data.json", **failure)
    report = run(source["id"])
    assert report.counts == {}
    assert said(report, words), report.sentences
    assert len(packages()) == 6


def test_a_page_that_cannot_be_read_keeps_what_came_before_and_removes_nothing(
    make_source: Make, catalogue: Any, allowed: Any
) -> None:
    source = make_source("psdi")
    run(source["id"])
    whole = packages()
    allowed.fail("/psdi/catalog.ttl?page=2", status=500)
    report = run(source["id"])
    assert said(report, "Page 2 of the catalogue answered with the error 500.")
    assert packages() == whole
    assert set(report.counts) == {"not modified"}


def test_pages_that_go_round_in_a_circle_end(make_source: Make, catalogue: Any) -> None:
    catalogue.pages["ttl"][1] = catalogue.pages["ttl"][1].replace("page=none", "page=1")
    report = run(make_source("psdi")["id"])
    assert report.counts["added"] == len(packages()) > 10
    assert said(report, "go round in a circle") or said(report, "same page under several addresses")


def test_an_address_inside_is_not_asked(
    make_source: Make, allowed: Any, ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_source("us")
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", [])
    report = run(source["id"])
    assert said(report, "not a public web address")
    assert allowed.requests == []


def test_a_catalogue_cannot_send_us_to_a_file_or_an_inner_address(make_source: Make, catalogue: Any) -> None:
    source = make_source("psdi")
    page = catalogue.pages["ttl"][0]
    for address in ("file:///etc/passwd", "http://127.0.0.1:1/"):
        catalogue.pages["ttl"][0] = page.replace('hydra:nextPage "', f'hydra:nextPage "{address}#').replace(
            'hydra:next "', f'hydra:next "{address}#'
        )
        report = run(source["id"])
        assert said(report, "not a public web address"), report.sentences


def test_an_organisation_that_people_made_is_not_filled_by_a_harvest(make_source: Make, inventory: list[Any]) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("organization_create", {"user": user}, name="city-hall", title_translated={"en": "City Hall"})
    for row in inventory:
        row["publisher"] = {"name": "City Hall"}
    report = run(make_source("us")["id"])
    assert said(report, "was made here by people")
    owners = {call_action("package_show", id=one)["organization"]["name"] for one in packages()}
    assert owners == {"us-federal-agencies"}


def test_names_of_organisations_may_be_set_in_the_configuration(make_source: Make, inventory: list[Any]) -> None:
    names = {
        "opendata.fcc.gov": {
            "name": "fcc",
            "title_translated": {"en": "Federal Communications Commission", "fr": "Commission des communications"},
        }
    }
    run(make_source("us", config=json.dumps({"organization_names": names}))["id"])
    made = call_action("organization_show", id="fcc")
    assert made["title_translated"] == names["opendata.fcc.gov"]["title_translated"]
    assert made["package_count"] == 6


def test_everything_goes_to_the_sources_organisation_when_the_configuration_says_so(
    make_source: Make, inventory: list[Any]
) -> None:
    run(make_source("us", config=json.dumps({"organizations": "source"}))["id"])
    owners = {call_action("package_show", id=one)["organization"]["name"] for one in packages()}
    assert owners == {"us-federal-agencies"}


def test_two_sources_with_the_same_identifiers_do_not_touch_each_others_datasets(make_source: Make, inventory: list[Any]) -> None:
    run(make_source("us")["id"])
    mine = packages()
    inventory[0]["title"] = "Taken over"
    report = run(make_source("us", name="other", config='{"force_all": false}')["id"])
    assert report.counts["added"] == 6
    assert {key: title for key, title in packages().items() if key in mine} == mine


def test_a_remote_id_cannot_take_over_a_dataset_made_here(make_source: Make, allowed: Any) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    source = make_source("csa")
    keep = list(allowed.csa.datasets)[:2]
    for name in list(allowed.csa.datasets):
        if name not in keep:
            del allowed.csa.datasets[name]
    target = allowed.csa.datasets[keep[0]]
    call_action(
        "package_create",
        {"user": user},
        id=target["id"],
        name="ours",
        title_translated={"en": "Ours"},
        owner_org=source["owner_org"],
    )
    assert run(source["id"]).counts == {"added": 2}
    assert call_action("package_show", id="ours")["title"] == "Ours"
    assert len(packages()) == 3


def test_a_dataset_that_a_person_deleted_stays_deleted_while_the_source_says_the_same(
    make_source: Make, inventory: list[Any]
) -> None:
    source = make_source("us")
    run(source["id"])
    one = next(iter(packages()))
    call_action("package_delete", id=one)
    assert run(source["id"]).counts == {"not modified": 6}
    assert one in packages("deleted")


def test_a_wrong_configuration_is_refused_with_its_key(make_source: Make) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        make_source("us", config='{"colour": 1}')
    assert "colour" in str(refused.value.error_dict)


def test_a_change_is_written_once_and_then_is_no_change(make_source: Make, inventory: list[Any]) -> None:
    source = make_source("us")
    run(source["id"])
    inventory[0]["title"] = "Another title"
    assert run(source["id"]).counts == {"updated": 1, "not modified": 5}
    assert run(source["id"]).counts == {"not modified": 6}


def test_the_command_runs_a_source_and_says_what_happened(cli: Any, make_source: Make, inventory: list[Any]) -> None:
    source = make_source("us")
    del inventory[0]["title"]
    done = cli.invoke(ckan, ["participation", "harvest", "run", source["name"]])
    assert "5 added, 1 errored" in done.output
    assert "The record has no title." in done.stderr
    assert done.exit_code == 1


def test_the_clock_finishes_a_job_that_is_done(cli: Any, make_source: Make, allowed: Any) -> None:
    source = make_source("us")
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    job = call_action("harvest_job_create", {"user": user}, source_id=source["id"], run=False)
    row = HarvestJob.get(job["id"])
    row.status = "Running"
    row.gather_finished = row.created
    row.save()
    done = cli.invoke(ckan, ["participation", "harvest", "clock", "--once"])
    assert done.exit_code == 0, done.output
    model.Session.expire_all()
    assert HarvestJob.get(job["id"]).status == "Finished"
