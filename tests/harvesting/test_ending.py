"""How a job ends: as ckanext-harvest would end it, and without a word to the search where nothing was written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib import search
from ckan.tests.helpers import call_action
from ckanext.harvest.model import HarvestJob, HarvestObject
from letterboxes import a_letterbox

from ckanext.participation.harvesting import consuming
from ckanext.participation.harvesting.engine import batching

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def few_datasets(allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # All in one portion, written by the process that reads.
    monkeypatch.setattr(batching, "PORTION", 100)
    for name in sorted(allowed.csa.datasets)[3:]:
        del allowed.csa.datasets[name]


def user() -> str:
    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


def run(source: dict[str, Any]) -> Any:
    """Harvest as the consumer's process does; the job as it is stored then."""
    identifier = call_action("harvest_job_create", {"user": user()}, source_id=source["id"], run=False)["id"]
    model.Session.execute(sa.update(HarvestJob).where(HarvestJob.id == identifier).values(status="Running"))
    model.Session.commit()
    model.Session.remove()
    consuming.run(identifier)
    model.Session.remove()
    return HarvestJob.get(identifier)


def imported(job: Any) -> datetime | None:
    return model.Session.scalar(sa.select(sa.func.max(HarvestObject.import_finished)).where(HarvestObject.harvest_job_id == job.id))


def versions() -> dict[str, int]:
    """What the search numbers each document's latest writing with."""
    connection = search.common.make_connection()
    connection.commit()
    return {row["name"]: row["_version_"] for row in connection.search("*:*", fl="name,_version_", rows=100).docs}


def test_a_job_ended_when_its_last_record_was_imported(make_source: Make) -> None:
    job = run(make_source("csa"))
    assert job.status == "Finished"
    assert imported(job) is not None
    assert job.finished == imported(job)
    assert job.gather_finished >= job.finished


def test_a_job_that_wrote_nothing_ended_when_its_source_was_read(make_source: Make) -> None:
    source = make_source("csa")
    run(source)
    job = run(source)
    assert (job.status, imported(job)) == ("Finished", None)
    assert job.finished == job.gather_finished


def test_a_run_that_changes_nothing_sends_the_search_nothing(make_source: Make) -> None:
    source = make_source("csa")
    run(source)
    before = versions()
    assert len(before) == 4
    run(source)
    assert versions() == before


def test_a_job_that_a_person_ended_meanwhile_stays_as_it_was_left(make_source: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.participation.harvesting.engine.gathering import Gathering

    finish = Gathering.finish

    def aborted(self: Any, whole: bool) -> list[str]:
        with model.meta.engine.begin() as person:  # type: ignore[union-attr]
            person.execute(sa.update(HarvestJob).where(HarvestJob.id == self.job.id).values(status="Aborted"))
        return finish(self, whole)

    monkeypatch.setattr(Gathering, "finish", aborted)
    job = run(make_source("csa"))
    assert (job.status, job.finished) == ("Aborted", None)
    assert job.gather_finished is not None


def test_the_mails_of_ckanext_harvest_are_sent_where_a_site_wants_them(
        make_source: Make, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source("csa")
    person = call_action("user_create", name="reader", email="reader@portal.example", password="correct horse battery")
    call_action("organization_member_create", {"user": user()}, id=source["owner_org"], username=person["name"], role="admin")
    monkeypatch.setitem(ckan_config, "ckan.harvest.status_mail.all", True)
    with a_letterbox() as box:
        job = run(source)
    assert job.status == "Finished"
    assert [letter["To"] for letter in box.letters] == ["reader <reader@portal.example>"]


def test_how_a_source_stands_is_not_copied_into_the_search(make_source: Make) -> None:
    source = make_source("csa")
    run(source)
    search.rebuild(source["id"])
    row = search.common.make_connection().search("*:*", fq="dataset_type:harvest", fl="*").docs[0]
    assert "status" not in row
    assert all("status" not in json.loads(row[name]) for name in ("data_dict", "validated_data_dict"))
    last = run(source)
    shown = call_action("harvest_source_show", {"user": user()}, id=source["id"])
    assert (shown["status"]["last_job"]["id"], shown["status"]["total_datasets"]) == (last.id, 3)
