"""What reading a CKAN catalogue asks for, and what comes of it: of all ages and with all faults, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import get_plugin
from ckan.tests.helpers import call_action
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestObject, HarvestObjectExtra

from ckanext.participation.harvesting.engine import held, state
from ckanext.participation.harvesting.engine.model import HarvestHeld, HarvestState
from ckanext.participation.harvesting.running import Report, run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
LATER = "2031-01-01T00:00:00.000000"


@pytest.fixture
def portal(allowed: Any) -> Any:
    """The bilingual portal with three datasets, whose answers a test may spoil."""
    datasets = allowed.csa.datasets
    for name in sorted(datasets, key=lambda one: datasets[one]["id"])[3:]:
        del datasets[name]
    return allowed.csa


def rows(portal: Any) -> list[dict[str, Any]]:
    return sorted(portal.datasets.values(), key=lambda row: row["id"])


def searches(allowed: Any) -> list[str]:
    """The calls since the last look."""
    found = [path.rpartition("/")[2] for _, path in allowed.requests if "/action/" in path]
    allowed.requests.clear()
    return found


def spoil(portal: Any, change: Callable[[dict[str, Any]], Any], after: Callable[[Any], Any] = lambda result: result) -> None:
    """Let the portal see other words than were asked, or answer something else."""
    asked = portal.actions["package_search"]

    def search(words: dict[str, Any]) -> Any:
        words = dict(words)
        change(words)
        return after(asked(words))

    portal.actions["package_search"] = search


def packages(state: str = "active") -> set[str]:
    model.Session.expire_all()
    return {row.id for row in model.Session.query(model.Package).filter_by(type="dataset", state=state)}


def objects() -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(HarvestObject)) or 0


def said(report: Report, words: str) -> bool:
    return any(words in sentence for sentence in report.sentences)


def gather(source: dict[str, Any], job: Any = None) -> tuple[Any, list[str]]:
    """Only the first stage, as the gather process does it."""
    if job is None:
        user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
        job = HarvestJob.get(call_action("harvest_job_create", {"user": user}, source_id=source["id"], run=False)["id"])
    return job, queue.gather_stage(get_plugin("participation_harvest_ckan"), job)


def test_what_is_unchanged_costs_one_request_for_all_and_no_row(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    assert run(source["id"]).counts == {"added": 3}
    searches(allowed)
    before = objects()
    assert run(source["id"]).counts == {"not modified": 3}
    asked = searches(allowed)
    assert len(asked) == 1
    assert "fl=id" in asked[0]
    assert objects() == before
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    status = call_action("harvest_source_show_status", {"user": user}, id=source["id"])
    assert status["last_job"]["stats"]["not modified"] == 3
    assert call_action("harvest_job_show", {"user": user}, id=status["last_job"]["id"])["stats"]["not modified"] == 3


def test_only_what_differs_is_fetched(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    first, second, _ = rows(portal)
    first |= {"metadata_modified": LATER, "title_translated": {"en": "Other", "fr": "Autre"}}
    second["metadata_modified"] = LATER
    searches(allowed)
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert len(searches(allowed)) == 2
    assert run(source["id"]).counts == {"not modified": 3}
    # The second one's new date is known although nothing was written.
    assert len(searches(allowed)) == 1


def test_another_configuration_maps_every_record_anew_and_writes_only_what_that_changes(
        make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    model.Session.execute(sa.text("UPDATE harvest_source SET config = '{\"remove_up_to\": 30}'"))
    model.Session.commit()
    before = objects()
    searches(allowed)
    assert run(source["id"]).counts == {"not modified": 3}
    assert "fl=" not in searches(allowed)[0]
    model.Session.execute(sa.text("UPDATE harvest_source SET config = '{\"remove_up_to\": 31}'"))
    model.Session.commit()
    rows(portal)[0]["title_translated"] = {"fr": "Un"}
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert objects() == before + 1
    assert run(source["id"]).counts == {"not modified": 3}
    assert "fl=" in searches(allowed)[-1]


def test_a_failing_dataset_is_tried_again_alone(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    bad = rows(portal)[0]
    title, bad["title"], bad["title_translated"] = bad["title"], "", {}
    assert run(source["id"]).counts == {"added": 2, "errored": 1}
    for times in (2, 3):
        searches(allowed)
        assert run(source["id"]).counts == {"errored": 1, "not modified": 2}
        assert len(searches(allowed)) == 2
        row = model.Session.scalars(sa.select(HarvestState).where(HarvestState.errors > 0)).one()
        assert (row.guid, row.errors, row.last_error) == (bad["id"], times, "The record has no title.")
        model.Session.rollback()
    bad["title"] = title
    assert run(source["id"]).counts == {"added": 1, "not modified": 2}
    assert run(source["id"]).counts == {"not modified": 3}


def test_an_older_catalogue_that_gives_whole_rows_is_compared_by_content(make_source: Make, portal: Any, allowed: Any) -> None:
    spoil(portal, lambda words: words.pop("fl", None))
    source = make_source("csa")
    run(source["id"])
    rows(portal)[0]["title_translated"] = {"en": "Other", "fr": "Autre"}
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert run(source["id"]).counts == {"not modified": 3}


@pytest.mark.parametrize("ranges", [True, False])
def test_a_catalogue_of_small_pages_is_read_to_its_end(make_source: Make, portal: Any, allowed: Any, ranges: bool) -> None:
    def change(words: dict[str, Any]) -> None:
        words["rows"] = 1
        if not ranges and "TO *]" in words.get("fq", ""):
            del words["fq"]

    source = make_source("csa")
    gone = rows(portal)[1]
    run(source["id"])
    spoil(portal, change)
    del portal.datasets[gone["name"]]
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 2}
    assert packages("deleted") == {gone["id"]}


def test_an_endless_catalogue_ends_and_loses_nothing(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    whole = packages()

    def endless(words: dict[str, Any]) -> None:
        words.pop("start", None)
        words.pop("fq", None)
        words["rows"] = 2

    spoil(portal, endless, lambda result: {**result, "count": 10**9})
    report = run(source["id"])
    assert said(report, "same page again and again")
    assert report.counts == {"not modified": 2}
    assert packages() == whole


def test_a_catalogue_that_gives_fewer_than_it_counts_loses_nothing(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    given = rows(portal)[0]["id"]
    spoil(portal, lambda words: None, lambda result: {**result, "results": [row for row in result["results"] if row["id"] == given]})
    report = run(source["id"])
    assert said(report, "names 3 datasets but gave 1")
    assert len(packages()) == 3


def test_an_empty_catalogue_loses_nothing(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    kept = dict(portal.datasets)
    portal.datasets.clear()
    report = run(source["id"])
    assert said(report, "no dataset in it")
    assert len(packages()) == 3
    portal.datasets |= kept
    assert run(source["id"]).counts == {"not modified": 3}


def test_a_dataset_that_is_listed_and_not_given_is_asked_for_again(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    row = rows(portal)[0]
    row |= {"metadata_modified": LATER, "title_translated": {"en": "Other", "fr": "Autre"}}
    search, show = portal.actions["package_search"], portal.actions["package_show"]
    spoil(portal, lambda words: None, lambda result: {**result, "results": [one for one in result["results"] if "resources" not in one]})
    portal.actions["package_show"] = lambda words: portal.actions["organization_show"]({"id": "nobody"})
    report = run(source["id"])
    assert said(report, "1 datasets are in the catalogue's list, but it does not give them.")
    assert report.counts == {"not modified": 2}
    portal.actions |= {"package_search": search, "package_show": show}
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}


def test_a_catalogue_that_refuses_batches_is_asked_one_by_one(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    for number, row in enumerate(rows(portal)[:2]):
        row |= {"metadata_modified": LATER, "title_translated": {"en": f"Other {number}"}}

    def refuse(words: dict[str, Any]) -> None:
        if "id:(" in words.get("fq", ""):
            words["unknown"] = "1"

    spoil(portal, refuse)
    assert run(source["id"]).counts == {"updated": 2, "not modified": 1}


def test_a_busy_catalogue_is_asked_again_after_the_pause_it_names(make_source: Make, portal: Any, allowed: Any) -> None:
    busy = [{"Retry-After": "1"}, {"Retry-After": "0"}]
    answer = portal.answer

    def now_and_then(*asked: Any) -> Any:
        reply = answer(*asked)
        if busy:
            reply.status, reply.headers = 429, busy.pop()
        return reply

    portal.answer = now_and_then
    job, _ = gather(make_source("csa"))
    assert objects() == 3
    assert job.gather_errors == []


def test_a_harvest_source_in_the_catalogue_is_left_alone_and_not_asked_for_again(make_source: Make, portal: Any, allowed: Any) -> None:
    rows(portal)[0]["type"] = "harvest"
    source = make_source("csa")
    assert run(source["id"]).counts == {"added": 2}
    searches(allowed)
    assert run(source["id"]).counts == {"not modified": 2}
    assert len(searches(allowed)) == 1


def test_a_gathering_that_was_cut_off_is_done_again_without_doubles(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    job, first = gather(source)
    again = gather(source, job)[1]
    assert sorted(again) == sorted(first)
    assert objects() == 3
    for one in first:
        queue.fetch_and_import_stages(get_plugin("participation_harvest_ckan"), HarvestObject.get(one))
    assert len(packages()) == 3


def test_a_source_of_the_stock_type_keeps_its_datasets_when_it_is_switched_over(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    whole = packages()
    # What the stock harvester leaves: harvest objects with the same identifiers, without our mark, and no state.
    model.Session.execute(sa.delete(HarvestObjectExtra).where(HarvestObjectExtra.key == "digest"))
    state.forget(source["id"])
    model.Session.commit()
    gone = rows(portal)[0]
    del portal.datasets[gone["name"]]
    assert run(source["id"]).counts == {"updated": 2, "deleted": 1}
    assert packages() == whole - {gone["id"]}
    assert run(source["id"]).counts == {"not modified": 2}


def test_a_cleared_history_of_jobs_makes_no_second_datasets(make_source: Make, portal: Any, allowed: Any) -> None:
    source = make_source("csa")
    run(source["id"])
    whole = packages()
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("harvest_source_job_history_clear", {"user": user, "model": model, "session": model.Session}, id=source["id"])
    model.Session.remove()
    rows(portal)[0] |= {"metadata_modified": LATER, "title_translated": {"en": "Other"}}
    report = run(source["id"])
    assert report.counts["not modified"] == 2
    assert report.counts.get("errored", 0) == 0
    assert packages() == whole


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_held_removal_waits_for_a_person_and_does_what_they_say(make_source: Make, portal: Any, allowed: Any, confirmed: bool) -> None:
    source = make_source("csa", config=json.dumps({"remove_up_to": 0}))
    first = rows(portal)[0]
    for number in range(6):
        one = f"00000000-0000-4000-8000-00000000000{number}"
        portal.datasets[f"more-{number}"] = {**first, "id": one, "name": f"more-{number}", "resources": []}
    run(source["id"])
    extra = {name: portal.datasets.pop(name) for name in list(portal.datasets) if name.startswith("more-")}
    for _ in range(2):
        report = run(source["id"])
        assert said(report, "6 of 9 datasets are no longer at the source.")
        assert report.counts == {"not modified": 3}
    question = model.Session.scalars(sa.select(HarvestHeld)).one()
    assert (question.gone, question.before, question.state) == (6, 9, "open")
    assert held.settle(question.id, 1, confirmed=confirmed)
    assert not held.settle(question.id, 1, confirmed=not confirmed)
    model.Session.commit()
    back = next(iter(extra))
    portal.datasets[back] = extra[back]
    report = run(source["id"])
    assert report.sentences == []
    if confirmed:
        assert report.counts == {"not modified": 4, "deleted": 5}
        assert len(packages()) == 4
    else:
        assert report.counts == {"not modified": 4}
        assert len(packages()) == 9
