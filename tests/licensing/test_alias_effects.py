"""What a name of a licence changes once an administrator gave it: pages, the search, harvests, reports; and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.lib import search
from harvesting.conftest import allowed, make_source, replay  # noqa: F401 (fixtures)
from statements import statements

from ckanext.participation.common.model import now
from ckanext.participation.harvesting.running import run
from ckanext.participation.licensing import aliases, counting, policies
from ckanext.participation.licensing.model import LicenceChange
from ckanext.participation.licensing.records import LicenceAlias

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
WORDS = "The rules of our house"


@pytest.fixture
def name(root: dict[str, Any], as_user: Make) -> Make:
    """Give a name to a licence: `name("County terms", "CC-BY-4.0")`; gives its number."""
    return lambda text, licence: as_user(root, "participation_licence_alias_create", text=text, licence=licence)["id"]


@pytest.fixture
def take_back(root: dict[str, Any], as_user: Make) -> Make:
    """Take a name back by its number."""
    return lambda number: as_user(root, "participation_licence_alias_delete", id=number)


@pytest.fixture(autouse=True)
def no_walk() -> None:
    """No walk of another test is under way."""
    counting._under_way.clear()


def facet(dataset_id: str) -> str:
    """What the search holds of a dataset's licence."""
    # The walk does not wait until the search shows what it was sent.
    search.make_connection().commit(waitSearcher=True)
    return search.query_for(model.Package).run({"q": f"id:{dataset_id}", "fl": "id,participation_licence"})["results"][0]["participation_licence"]


def changes() -> list[tuple[str, str, str]]:
    return [(row.kind, row.before, row.after) for row in model.Session.scalars(sa.select(LicenceChange).order_by(LicenceChange.id))]


def test_the_page_and_the_api_know_a_new_name_and_forget_it_when_it_is_taken_back(
        saying: Make, name: Make, take_back: Make, as_user: Make, make_app: Make) -> None:
    about = saying(WORDS)
    address = f"/dataset/{about['name']}"

    def shown() -> str:
        return BeautifulSoup(make_app().get(address).body, "html.parser").select_one(".pt-licence").get_text(" ", strip=True)

    assert "Attribution 4.0" not in shown()
    number = name(WORDS, "CC-BY-4.0")
    assert "Attribution 4.0" in shown()
    assert as_user(None, "participation_licence_credit", id=about["id"])["licence"] == "CC-BY-4.0"
    assert as_user(None, "participation_licence_recognise", title=WORDS.upper())["id"] == "CC-BY-4.0"
    assert as_user(None, "participation_licence_compatibility", id=about["id"])["verdict"] == "allowed"
    take_back(number)
    assert "Attribution 4.0" not in shown()


def test_a_dataset_page_asks_nothing_more_for_it(saying: Make, name: Make, make_app: Make) -> None:
    about = saying(WORDS)
    name(WORDS, "CC-BY-4.0")
    app = make_app()
    app.get(f"/dataset/{about['name']}")
    with statements() as seen:
        app.get(f"/dataset/{about['name']}")
    assert not [statement for statement in seen if "alias" in statement]


def test_the_search_is_told_of_the_datasets_concerned_and_of_no_others(saying: Make, name: Make, take_back: Make) -> None:
    about, address, other = saying(WORDS), saying("See https://county.example/terms?page=2"), saying("Other rules")
    first, second = name(WORDS, "CC-BY-4.0"), name("https://county.example/terms", "CC0-1.0")
    assert facet(about["id"]) == "unrecognised"
    assert counting.everything().indexed == 2
    assert [facet(row["id"]) for row in (about, address, other)] == ["CC-BY-4.0", "CC0-1.0", "unrecognised"]
    assert counting.everything().indexed == 0
    take_back(first)
    take_back(second)
    assert counting.everything().indexed == 2
    assert [facet(row["id"]) for row in (about, address)] == ["unrecognised"] * 2


def test_a_name_that_is_given_again_before_the_search_knew_is_told(saying: Make, name: Make, take_back: Make) -> None:
    about = saying(WORDS)
    take_back(name(WORDS, "CC-BY-4.0"))
    name(WORDS, "CC-BY-4.0")
    counting.everything()
    assert facet(about["id"]) == "CC-BY-4.0"


def test_the_sending_process_waits_until_every_process_knows_the_name(saying: Make, name: Make) -> None:
    about = saying(WORDS)
    counting.run()
    name(WORDS, "CC-BY-4.0")
    assert not counting.is_due()
    model.Session.execute(sa.update(LicenceAlias).values(at=now() - timedelta(seconds=aliases.LIFE + 20)))
    model.Session.commit()
    assert counting.is_due()
    counting.run()
    assert facet(about["id"]) == "CC-BY-4.0"
    assert not counting.is_due()


def test_a_walk_goes_on_in_slices(saying: Make, name: Make) -> None:
    abouts = [saying(WORDS) for _ in range(3)]
    name(WORDS, "CC-BY-4.0")
    walk = counting.Walk(LicenceAlias.pending())
    slices = 1
    while not walk.go_on(0):
        slices += 1
    assert slices > len(abouts)
    assert (slices, walk.indexed, [facet(about["id"]) for about in abouts]) == (7, 3, ["CC-BY-4.0"] * 3)


def test_while_the_search_is_away_the_name_stays_waiting(saying: Make, name: Make, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    about = saying(WORDS)
    name(WORDS, "CC-BY-4.0")
    model.Session.execute(sa.update(LicenceAlias).values(at=now() - timedelta(seconds=aliases.LIFE + 20)))
    model.Session.commit()
    with monkeypatch.context() as away:
        away.setitem(ckan_config, "solr_url", "http://127.0.0.1:9/solr/ckan")
        counting.run()
        assert counting.is_due()
    counting.run()
    assert facet(about["id"]) == "CC-BY-4.0"
    assert not counting.is_due()


def test_a_dataset_that_is_purged_meanwhile_does_not_stop_the_walk(saying: Make, name: Make) -> None:
    gone, about = saying(WORDS), saying(WORDS)
    name(WORDS, "CC-BY-4.0")
    walk = counting.Walk(LicenceAlias.pending())
    while walk.survey.datasets < 2:
        walk.go_on(0)
    tk.get_action("dataset_purge")({"ignore_auth": True, "user": tk.config["ckan.site_id"]}, {"id": gone["id"]})
    walk.go_on()
    assert facet(about["id"]) == "CC-BY-4.0"


def test_an_organisations_counts_know_the_name(dataset: Make, name: Make) -> None:
    about = dataset()
    model.Session.execute(sa.text("UPDATE package SET license_id = 'house-rules' WHERE id = :id"), {"id": about["id"]})
    model.Session.commit()
    assert policies.used(about["owner_org"]) == {"unrecognised": 1}
    name("House rules", "CC-BY-4.0")
    assert policies.used(about["owner_org"]) == {"CC-BY-4.0": 1}


def test_a_new_name_is_no_change_of_the_licence_at_the_next_edit(saying: Make, name: Make, take_back: Make, change: Make) -> None:
    about = saying(WORDS)
    number = name(WORDS, "CC-BY-4.0")
    change(about, None, notes_translated={"en": "Other", "fr": "Autre"})
    change(about, None, license_id="CC-BY-4.0")
    assert changes() == []
    change(about, None, license_id="CC-BY-NC-4.0")
    assert changes() == [("narrowed", "CC-BY-4.0", "CC-BY-NC-4.0")]
    take_back(number)


@pytest.fixture
def records(allowed: Any) -> dict[str, Any]:  # noqa: F811 (the fixture)
    """Four records of a recorded portal, whose licence nobody recognises; a test may change them."""
    for key in list(allowed.csa.datasets)[4:]:
        del allowed.csa.datasets[key]
    for record in allowed.csa.datasets.values():
        record["license_id"] = "house-rules"
        record["license_title"] = WORDS
        record.pop("license_url", None)
        for file in record["resources"]:
            file["license_id"] = "house-rules"
    return allowed.csa.datasets


@pytest.fixture
def source(make_source: Make, records: dict[str, Any]) -> str:  # noqa: F811 (the fixture)
    """The source after its first harvest."""
    found = make_source("csa")
    assert run(found["id"]).counts == {"added": len(records)}
    return found["id"]


def licences() -> set[tuple[str, str]]:
    model.Session.expire_all()
    return {(row.license_id or "", (row.extras or {}).get("licence_as_published", ""))
            for row in model.Session.scalars(sa.select(model.Package).where(model.Package.type == "dataset", model.Package.state == "active"))}


def test_a_harvest_takes_a_new_name_with_its_next_run_and_calls_nothing_changed(
        source: str, records: dict[str, Any], name: Make, take_back: Make) -> None:
    said = f"{WORDS} · house-rules"
    assert licences() == {("notspecified", said)}
    number = name(WORDS, "CC-BY-4.0")
    assert run(source).counts == {"updated": len(records)}
    assert licences() == {("CC-BY-4.0", said)}
    assert run(source).counts == {"not modified": len(records)}
    take_back(number)
    assert run(source).counts == {"updated": len(records)}
    assert licences() == {("notspecified", said)}
    assert changes() == []


def test_a_source_that_says_something_else_after_a_name_was_given_is_noted(source: str, records: dict[str, Any], name: Make) -> None:
    name(WORDS, "CC-BY-4.0")
    run(source)
    for record in records.values():
        # Dated, as a CKAN does with every edit.
        record.update(license_id="cc-by-nc-4.0", license_title="", metadata_modified="2031-01-01T00:00:00.000000")
    run(source)
    assert changes() == [("narrowed", "CC-BY-4.0", "CC-BY-NC-4.0")] * len(records)


def test_a_name_that_moves_to_another_licence_is_no_change_of_what_the_source_says(
        source: str, records: dict[str, Any], name: Make, take_back: Make) -> None:
    number = name(WORDS, "CC-BY-4.0")
    run(source)
    take_back(number)
    name(WORDS, "CC-BY-NC-4.0")
    assert run(source).counts == {"updated": len(records)}
    assert {licence for licence, _said in licences()} == {"CC-BY-NC-4.0"}
    assert changes() == []


def test_the_report_names_what_a_name_recognised(saying: Make, name: Make, cli: Any) -> None:
    from ckan.cli.cli import ckan

    about = saying(WORDS)
    saying("Other rules", resources=[{"url": "https://example.org/a", "license": WORDS}])
    name(WORDS, "CC-BY-4.0")
    report = cli.invoke(ckan, ["participation", "licences", "report", "--csv"]).output.splitlines()
    assert [line.split(",")[:5] for line in report[1:]] == [
        ["1", "dataset", "unknown", "Other rules", ""], ["1", "dataset", "alias", WORDS, "CC-BY-4.0"], ["1", "file", "alias", WORDS, "CC-BY-4.0"]]
    dry = cli.invoke(ckan, ["participation", "licences", "normalise", "--dry-run"]).output
    assert "1 dataset(s) would change." in dry
    assert "notspecified  CC-BY-4.0  certain" in dry
    assert cli.invoke(ckan, ["participation", "licensing", "aliases"]).output.split("\t")[2:] == ["CC-BY-4.0", f"{WORDS}\n"]
    assert cli.invoke(ckan, ["participation", "licensing", "count"]).output == (
        "2 dataset(s), 1 statement(s) that nobody recognises, 1 dataset(s) indexed again\n")
    assert facet(about["id"]) == "CC-BY-4.0"
