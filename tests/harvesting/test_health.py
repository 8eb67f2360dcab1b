"""How sources stand, by the API: what everybody sees, what only staff sees, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import call_action
from harvesting.healthy import error, failed, hold, run, source, under_way
from statements import statements

from ckanext.participation.harvesting.engine.model import HarvestRun

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
DAY = timedelta(days=1)


@pytest.fixture
def city(person: Make) -> dict[str, Any]:
    """An organisation with an editor, `staff`."""
    staff = person()
    return {**factories.Organization(title="Snow City", users=[{"name": staff["name"], "capacity": "editor"}]), "staff": staff}


def states(as_user: Make, who: Any = None, **asked: Any) -> dict[str, str]:
    found = as_user(who, "participation_harvest_health_list", **asked)
    return {one["name"]: one["state"] for one in found["results"]}


def test_each_source_has_a_state_and_what_needs_a_person_comes_first(as_user: Make, city: dict[str, Any]) -> None:
    made = {name: source(name, organization=city["id"]) for name in ("well", "fresh", "broken", "slow", "asks", "busy")}
    for name in ("well", "broken", "asks", "busy"):
        run(made[name], 2 * DAY if name == "broken" else timedelta(hours=2))
    run(made["slow"], 5 * DAY)
    failed(made["broken"])
    hold(made["asks"], [factories.Dataset(owner_org=city["id"])])
    under_way(made["busy"])
    found = states(as_user)
    assert found == {"asks": "held", "broken": "failing", "slow": "late", "fresh": "never", "busy": "running", "well": "healthy"}
    assert list(found) == ["asks", "broken", "slow", "fresh", "busy", "well"]


def test_numbers_of_a_source_come_from_its_last_whole_run(as_user: Make) -> None:
    about = source()
    run(about, 2 * DAY, listed=250, errors=2)
    failed(about)
    shown = as_user(None, "participation_harvest_health_show", id="snow")
    assert (shown["records"], shown["failures"], shown["days"], shown["state"]) == (250, 1, 2, "failing")
    assert [one["outcome"] for one in shown["runs"]] == ["failed", "flawed"]


def test_a_source_that_is_suddenly_empty_has_not_been_read_well(as_user: Make) -> None:
    run(source(), listed=0, unchanged=0, new=0, changed=0)
    assert states(as_user) == {"snow": "failing"}


def test_a_run_that_a_person_stopped_is_no_failure(as_user: Make) -> None:
    about = source()
    run(about, timedelta(hours=5))
    run(about, whole=False, stop_asked=True)
    shown = as_user(None, "participation_harvest_health_show", id=about["id"])
    assert (shown["state"], shown["runs"][0]["outcome"]) == ("healthy", "stopped")


def test_words_state_and_order_choose_among_sources(as_user: Make, city: dict[str, Any]) -> None:
    run(source("alpha", organization=city["id"]))
    run(source("beta"), listed=500)
    source("gamma")
    assert list(states(as_user, q="SNOW city")) == ["alpha"]
    assert list(states(as_user, state="never")) == ["gamma"]
    assert list(states(as_user, sort="records")) == ["beta", "alpha", "gamma"]
    assert list(states(as_user, organization=city["name"])) == ["alpha"]
    found = as_user(None, "participation_harvest_health_list", sort="title", limit=1, offset=1)
    assert (found["count"], [one["name"] for one in found["results"]], found["states"]["healthy"]) == (3, ["beta"], 2)
    with pytest.raises(tk.ValidationError):
        as_user(None, "participation_harvest_health_list", state="perfect")


def test_nothing_of_a_configuration_and_no_key_of_an_address_leaves(as_user: Make, city: dict[str, Any], person: Make) -> None:
    about = source(organization=city["id"])
    job = failed(about, said="https://me:word@snow.example/data.json?key=secret did not answer.")
    readers = {None: False, city["staff"]["name"]: True}
    for name, staff in readers.items():
        who = {"name": name} if name else None
        shown = [as_user(who, "participation_harvest_health_show", id="snow"), as_user(who, "participation_harvest_run_show", id=job)]
        assert "secret-key" not in json.dumps(shown)
        assert ("key=secret" in json.dumps(shown)) is staff
    assert "key=secret" not in json.dumps(as_user(city["staff"], "participation_harvest_health_list"))


def test_a_private_source_is_there_for_its_organisation_alone(as_user: Make, city: dict[str, Any], person: Make) -> None:
    about = source(organization=city["id"], private=True)
    job = run(about)
    assert states(as_user) == states(as_user, person()) == {}
    assert list(states(as_user, city["staff"])) == list(states(as_user, person(sysadmin=True))) == ["snow"]
    for action, ref in (("health_show", "snow"), ("run_show", job)):
        with pytest.raises(tk.NotAuthorized):
            as_user(None, f"participation_harvest_{action}", id=ref)
        assert as_user(city["staff"], f"participation_harvest_{action}", id=ref)


def test_a_source_that_is_not_in_use_is_not_listed(as_user: Make, city: dict[str, Any]) -> None:
    about = source(organization=city["id"])
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("harvest_source_delete", {"user": user}, id=about["id"])
    assert states(as_user) == states(as_user, city["staff"]) == {}
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_harvest_health_show", id=about["id"])
    assert as_user(city["staff"], "participation_harvest_health_show", id=about["id"])["active"] is False


def test_a_dataset_is_no_source(as_user: Make, person: Make) -> None:
    other = factories.Dataset()
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_harvest_health_show", id=other["id"])
    with pytest.raises(tk.ObjectNotFound):
        as_user(person(sysadmin=True), "participation_harvest_health_show", id=other["id"])


def test_thirty_sources_cost_as_many_statements_as_three(as_user: Make) -> None:
    owner = factories.Organization()["id"]

    def cost() -> int:
        model.Session.remove()
        with statements() as seen:
            found = as_user(None, "participation_harvest_health_list", limit=100)
        assert all(one["runs"] for one in found["results"])
        return len(seen)

    for number in range(3):
        run(source(f"source-{number}", organization=owner))
    three = cost()
    for number in range(3, 30):
        run(source(f"source-{number}", organization=owner))
    assert cost() == three <= 3


def test_a_report_says_each_thing_once_with_its_number_and_examples(as_user: Make) -> None:
    about = source()
    job = run(about, errors=3)
    for number in range(1, 5):
        error(job, f"record-{number}", f"tags {number}, name was left out: too long")
    error(job, "record-9", "The record has no title.")
    report = as_user(None, "participation_harvest_run_show", id=job)["report"]
    assert [(one["count"], one["text"]) for one in report] == [(4, "tags 1, name was left out: too long"), (1, "The record has no title.")]
    assert [example["guid"] for example in report[0]["examples"]] == ["record-1", "record-2", "record-3"]


def test_what_a_report_says_about_private_datasets_is_for_staff(as_user: Make, city: dict[str, Any]) -> None:
    about = source(organization=city["id"])
    job = run(about)
    hidden, shown = (factories.Dataset(owner_org=city["id"], private=private) for private in (True, False))
    error(job, "hidden", "The hidden record.", hidden["id"])
    error(job, "shown", "The shown record.", shown["id"])
    public = as_user(None, "participation_harvest_run_show", id=job)["report"]
    assert [one["examples"][0]["package"] for one in public] == [shown["name"]]
    assert len(as_user(city["staff"], "participation_harvest_run_show", id=job)["report"]) == 2


def test_how_far_a_run_is(as_user: Make) -> None:
    job = under_way(source())
    shown = as_user(None, "participation_harvest_run_show", id=job)
    far = shown["progress"]
    assert (shown["outcome"], far["step"], far["done"], far["total"], far["quiet"]) == ("running", "reading", 300, 1000, False)
    assert 4.5 <= far["rate"] <= 5.1
    assert 130 <= far["left"] <= 160


def test_stopping_asks_the_engine_and_is_harmless_twice(as_user: Make, city: dict[str, Any], person: Make) -> None:
    job = under_way(source(organization=city["id"]))
    for who in (None, person()):
        with pytest.raises(tk.NotAuthorized):
            as_user(who, "participation_harvest_run_stop", id=job)
    for _ in range(2):
        assert as_user(city["staff"], "participation_harvest_run_stop", id=job)["progress"]["stopping"]
    assert model.Session.query(HarvestRun).one().stop_asked


def test_a_run_that_has_ended_is_left_as_it_is(as_user: Make, city: dict[str, Any]) -> None:
    job = run(source(organization=city["id"]))
    assert as_user(city["staff"], "participation_harvest_run_stop", id=job)["outcome"] == "well"
    assert not model.Session.query(HarvestRun).one().stop_asked


def test_reading_now_is_asked_for_once(as_user: Make, city: dict[str, Any], person: Make) -> None:
    about = source(organization=city["id"])
    with pytest.raises(tk.NotAuthorized):
        as_user(person(), "participation_harvest_run_start", id="snow")
    first, second = (as_user(city["staff"], "participation_harvest_run_start", id="snow") for _ in range(2))
    assert (first["new"], second) == (True, {"job": first["job"], "new": False})
    assert as_user(None, "participation_harvest_health_show", id=about["id"])["runs"][0]["progress"]["step"] == "asked"
    with pytest.raises(tk.ValidationError):
        as_user(city["staff"], "participation_harvest_run_stop", id=first["job"])


def test_staff_may_do_without_mails_and_a_reader_may_ask_for_them(as_user: Make, city: dict[str, Any], person: Make) -> None:
    about = source(organization=city["id"])
    told = lambda who: as_user(who, "participation_harvest_health_show", id=about["id"])["told"]  # noqa: E731
    office = person(sysadmin=True)
    assert (told(city["staff"]), told(office), told(None)) == (True, False, None)
    for who, value in ((city["staff"], False), (office, True)):
        as_user(who, "participation_follow_set", target_type="harvest_source", target_id=about["id"], value=value)
    assert (told(city["staff"]), told(office)) == (False, True)
    assert as_user(office, "participation_follow_list")["results"][0]["title"] == "Data of snow"
