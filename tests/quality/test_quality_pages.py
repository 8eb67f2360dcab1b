"""The to-do list of an organisation: who reads it, what stands in it, in which order."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories, helpers
from quality.conftest import GOOD

from ckanext.participation.quality import computing
from ckanext.participation.quality.model import Link

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

Make = Callable[..., dict[str, Any]]


class Town:
    """An organisation with an editor, and what its pages say."""

    def __init__(self, app: Any, person: Make, as_user: Callable[..., Any]) -> None:
        self.app, self.as_user, self.editor = app, as_user, person()
        self.organization = factories.Organization(
            users=[{"name": self.editor["name"], "capacity": "editor"}], title_translated={"fr": "Ville", "en": "Town"})

    def publish(self, **fields: Any) -> dict[str, Any]:
        return factories.Dataset(**GOOD | {"owner_org": self.organization["id"]} | fields)

    def judge(self) -> None:
        with self.app.flask_app.test_request_context():
            computing.everything()

    def page(self, path: str = "quality", reader: Any = "editor", status: int = 200, lang: str = "") -> str:
        user = self.editor if reader == "editor" else reader
        headers = {"Authorization": user["token"]} if user else {}
        return self.app.get(f"{lang}/participation/organization/{self.organization['name']}/{path}", headers=headers, status=status).body

    def call(self, action: str, /, **data: Any) -> Any:
        with self.app.flask_app.test_request_context():
            return self.as_user(self.editor, action, id=self.organization["id"], **data)


@pytest.fixture
def town(make_app: Any, person: Make, as_user: Callable[..., Any]) -> Town:
    return Town(make_app(), person, as_user)


def test_the_list_groups_what_to_do_and_leads_to_the_form(town: Town) -> None:
    about = town.publish(contact=[], title_translated={"fr": "Déneigement", "en": "Ploughing"})
    town.judge()
    page = town.page()
    assert "1 dataset has no contact" in page
    assert "Give an e-mail address or a web page where people can ask about the data." in page
    assert f"/dataset/edit/{about['name']}" in page
    assert "Ploughing" in page
    assert "Déneigement" in town.page(lang="/fr")


def test_only_staff_reads_it(town: Town, person: Make) -> None:
    town.publish(contact=[], private=True)
    town.judge()
    for reader in (None, person()):
        for path in ("quality", "quality?criterion=contact", "quality.csv"):
            town.page(path, reader, status=404)
    assert "no contact" in town.page(reader=person(sysadmin=True))


def test_the_most_used_come_first(town: Town, person: Make) -> None:
    for number in range(3):
        about = town.publish(contact=[], name=f"d{number}")
        for _follower in range(number):
            helpers.call_action("follow_dataset", context={"user": person()["name"]}, id=about["id"])
    town.judge()
    found = town.call("participation_quality_list", criterion="contact")
    assert [one["name"] for one in found["results"]] == ["d2", "d1", "d0"]
    assert [one["use"]["sum"] for one in found["results"]] == [2, 1, 0]


def test_pages_follow_each_other_without_gap_or_repetition(town: Town) -> None:
    names = {town.publish(contact=[])["name"] for _number in range(5)}
    town.judge()
    seen: list[str] = []
    after = None
    for _page in range(3):
        page = town.call("participation_quality_list", limit=2, **({"after": after} if after else {}))
        seen += [one["name"] for one in page["results"]]
        after = page["next"]
    assert after is None
    assert len(seen) == 5
    assert set(seen) == names


def test_a_harvested_dataset_is_mended_at_its_source(town: Town) -> None:
    from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestSource

    about, source = town.publish(contact=[]), town.publish(title_translated={"fr": "Portail", "en": "Portal"}, title="Portal")
    row = HarvestSource(id=source["id"], url="https://portal.example.org", type="participation_ckan")
    job = HarvestJob(source=row)
    model.Session.add_all([row, job, HarvestObject(package_id=about["id"], current=True, job=job, source=row, guid="x")])
    model.Session.commit()
    town.judge()
    found = town.call("participation_quality_list", criterion="contact")["results"]
    assert found[0]["source"] == {"title": "Portal", "url": "https://portal.example.org"}
    page = town.page()
    assert "comes from “Portal”" in page
    assert "What comes from a source is mended there" in page
    assert f"/dataset/edit/{about['name']}" not in page


def test_dead_addresses_are_shown_where_they_are_to_be_mended(town: Town) -> None:
    town.publish()
    town.judge()
    model.Session.query(Link).update({"state": "dead"})
    model.Session.commit()
    town.judge()
    page = town.page("quality?criterion=links")
    assert "1 dataset has dead links" in page
    assert "https://data.example.org/snow.csv" in page


def test_the_file_holds_every_dataset_and_no_formula(town: Town) -> None:
    town.publish(title_translated={"fr": "=1+1", "en": "=1+1"}, title="=1+1")
    town.publish(contact=[])
    town.judge()
    rows = list(csv.DictReader(io.StringIO(town.page("quality.csv").removeprefix("\ufeff"))))
    assert len(rows) == 2
    assert sorted(row["contact"] for row in rows) == ["met", "not met"]
    assert {row["links"] for row in rows} == {"cannot tell"}
    assert "'=1+1" in {row["title"] for row in rows}


def test_the_panel_stands_on_the_organisations_page_for_staff(town: Town, person: Make) -> None:
    town.publish(contact=[])
    town.judge()
    link = f"/participation/organization/{town.organization['name']}/quality"
    path = f"/organization/{town.organization['name']}"
    assert link in town.app.get(path, headers={"Authorization": town.editor["token"]}).body
    assert link not in town.app.get(path, headers={"Authorization": person()["token"]}).body


@pytest.mark.parametrize("asked", ["criterion=nothing", "criterion=contact&after=x", "criterion=contact&after=1~%00", "criterion=%00"])
def test_a_wrong_address_is_a_named_error(town: Town, asked: str) -> None:
    town.publish()
    town.judge()
    town.page(f"quality?{asked}", status=400)


def test_nothing_judged_yet_is_said(town: Town) -> None:
    assert "Nothing was looked at yet" in town.page()


def test_everything_met_is_said(town: Town) -> None:
    town.publish()
    town.judge()
    page = town.page()
    assert "Nothing is missing that the site can see." in page
    assert "What to do" not in page


def test_readers_of_a_dataset_see_what_it_lacks_but_not_its_use(town: Town, as_user: Callable[..., Any], person: Make) -> None:
    about = town.publish(contact=[])
    hidden = town.publish(private=True)
    town.judge()
    with town.app.flask_app.test_request_context():
        shown = as_user(None, "participation_quality_show", id=about["name"])
        assert shown["criteria"]["contact"] is False
        assert set(shown["advice"]) == {"contact"}
        assert "use" not in shown
        with pytest.raises(Exception, match="may not see it"):
            as_user(None, "participation_quality_show", id=hidden["id"])


def test_a_list_of_many_costs_no_more_statements(town: Town) -> None:
    from statements import statements

    for _number in range(2):
        town.publish(contact=[])
    town.judge()
    town.page()
    with statements() as few:
        town.page()
    for _number in range(6):
        town.publish(contact=[])
    town.judge()
    with statements() as many:
        town.page()
    assert len(many) == len(few)
