"""Removals that wait for a person: who may decide, what the next run makes of it, and taking it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from harvesting.healthy import hold, run, source, under_way

from ckanext.participation.common.model import Event, now
from ckanext.participation.harvesting import running
from ckanext.participation.harvesting.engine.model import HarvestHeld, HarvestRun

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
Data = dict[str, Any]


@pytest.fixture
def asked(person: Make, as_user: Make) -> Data:
    """A source whose removal of two datasets waits: `staff`, `source`, `id`; people talk about the second one."""
    staff = person()
    owner = factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}])["id"]
    datasets = [factories.Dataset(owner_org=owner, title_translated={"en": title, "fr": title}, title=title) for title in ("Ice", "Snow")]
    as_user(staff, "participation_thread_create", subject_id=datasets[1]["id"], title="Why?", body="Words.", lang="en")
    about = source(organization=owner)
    return {"staff": staff, "source": about, "id": hold(about, datasets), "datasets": datasets}


def settle(as_user: Make, asked: Data, decision: str = "confirmed", who: Any = None) -> Data:
    return as_user(who or asked["staff"], "participation_harvest_held_settle", id=asked["id"], decision=decision)


def events() -> list[str]:
    return list(model.Session.scalars(sa.select(Event.type).where(Event.type.like("harvest.held%")).order_by(Event.id)))


def test_what_would_go_is_shown_with_what_people_said_first(as_user: Make, asked: Data) -> None:
    shown = as_user(asked["staff"], "participation_harvest_held_show", id=asked["id"])
    assert [(one["title"], one["threads"]) for one in shown["datasets"]] == [("Snow", 1), ("Ice", 0)]
    assert (shown["gone"], shown["before"], shown["count"], shown["talked_about"], shown["state"]) == (2, 10, 2, 1, "open")
    assert [one["title"] for one in as_user(asked["staff"], "participation_harvest_held_show", id=asked["id"], limit=1, offset=1)["datasets"]] == ["Ice"]


@pytest.mark.parametrize("action", ["show", "settle", "reopen"])
def test_only_who_may_change_the_source_sees_and_decides(as_user: Make, asked: Data, person: Make, action: str) -> None:
    member, stranger = person(), person()
    tk.get_action("organization_member_create")({"ignore_auth": True, "user": ""}, {
        "id": asked["source"]["owner_org"], "username": member["name"], "role": "member"})
    for who in (None, member, stranger):
        with pytest.raises(tk.NotAuthorized):
            as_user(who, f"participation_harvest_held_{action}", id=asked["id"], decision="refused")
    assert as_user(person(sysadmin=True), f"participation_harvest_held_{action}", id=asked["id"], decision="refused")


def test_the_list_has_what_waits_at_ones_own_sources(as_user: Make, asked: Data, person: Make) -> None:
    assert [one["id"] for one in as_user(asked["staff"], "participation_harvest_held_list")["results"]] == [asked["id"]]
    assert as_user(person(), "participation_harvest_held_list")["results"] == []
    assert as_user(person(), "participation_harvest_held_list", source="snow")["results"] == []
    settle(as_user, asked)
    assert as_user(asked["staff"], "participation_harvest_held_list")["results"] == []
    assert as_user(asked["staff"], "participation_harvest_held_list", source="snow")["results"][0]["state"] == "confirmed"


@pytest.mark.parametrize("decision", ["confirmed", "refused"])
def test_a_decision_keeps_who_and_when_and_twice_is_once(as_user: Make, asked: Data, decision: str) -> None:
    for _ in range(2):
        done = settle(as_user, asked, decision)
        assert (done["state"], done["decided_by"], done["may_undo"]) == (decision, asked["staff"]["fullname"], True)
        assert done["decided_at"]
    assert events() == ["harvest.held_settled"]


def test_another_answer_meanwhile_is_named(as_user: Make, asked: Data) -> None:
    settle(as_user, asked, "refused")
    with pytest.raises(tk.ValidationError):
        settle(as_user, asked, "confirmed")
    assert model.Session.get(HarvestHeld, asked["id"]).state == "refused"


@pytest.mark.parametrize("decision", ["", "perhaps", None, 1])
def test_only_two_answers_are_answers(as_user: Make, asked: Data, decision: Any) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        as_user(asked["staff"], "participation_harvest_held_settle", id=asked["id"], decision=decision)
    assert "decision" in refused.value.error_dict


def test_it_can_be_taken_back_until_a_run_acted(as_user: Make, asked: Data) -> None:
    settle(as_user, asked)
    for _ in range(2):
        assert as_user(asked["staff"], "participation_harvest_held_reopen", id=asked["id"])["state"] == "open"
    settle(as_user, asked)
    assert events() == ["harvest.held_settled", "harvest.held_reopened", "harvest.held_settled"]
    job = run(asked["source"], timedelta(), started=now() + timedelta(seconds=1), gone=2)
    shown = as_user(asked["staff"], "participation_harvest_held_show", id=asked["id"])
    assert (shown["acted"], shown["may_undo"]) == ({"job": job, "gone": 2}, False)
    with pytest.raises(tk.ValidationError):
        as_user(asked["staff"], "participation_harvest_held_reopen", id=asked["id"])


def test_a_run_that_failed_has_acted_on_nothing(as_user: Make, asked: Data) -> None:
    settle(as_user, asked)
    run(asked["source"], timedelta(), started=now() + timedelta(seconds=1), whole=False)
    assert as_user(asked["staff"], "participation_harvest_held_reopen", id=asked["id"])["state"] == "open"


def test_one_that_settled_itself_is_not_decided_any_more(as_user: Make, asked: Data) -> None:
    model.Session.get(HarvestHeld, asked["id"]).state = "passed"
    model.Session.commit()
    for action in ("settle", "reopen"):
        with pytest.raises(tk.ValidationError):
            as_user(asked["staff"], f"participation_harvest_held_{action}", id=asked["id"], decision="confirmed")


def test_nobody_decides_while_the_source_is_being_read(as_user: Make, asked: Data) -> None:
    under_way(asked["source"])
    with pytest.raises(tk.ValidationError):
        settle(as_user, asked)
    row = model.Session.query(HarvestRun).one()
    row.beat = now() - timedelta(minutes=11)
    model.Session.commit()
    # That run was cut off: nobody waits for it.
    assert settle(as_user, asked)["state"] == "confirmed"


@pytest.mark.parametrize(("decision", "left"), [("confirmed", 3), ("refused", 9)])
def test_the_next_run_does_what_was_said(
        make_source: Make, allowed: Any, as_user: Make, person: Make, decision: str, left: int) -> None:
    """From a real source that loses most of its datasets to a real run that acts on the answer."""
    listed = allowed.csa.datasets
    for name in sorted(listed, key=lambda one: listed[one]["id"])[3:]:
        del listed[name]
    first = next(iter(listed.values()))
    for number in range(6):
        one = f"00000000-0000-4000-8000-00000000000{number}"
        listed[f"more-{number}"] = {**first, "id": one, "name": f"more-{number}", "resources": []}
    about, office = make_source("csa", config=json.dumps({"remove_up_to": 0})), person(sysadmin=True)
    running.run(about["id"])
    for name in [name for name in listed if name.startswith("more-")]:
        del listed[name]
    running.run(about["id"])
    shown = as_user(office, "participation_harvest_health_show", id=about["id"])
    assert (shown["state"], shown["held"]["gone"], shown["held"]["before"]) == ("held", 6, 9)
    asked = as_user(office, "participation_harvest_held_show", id=shown["held"]["id"])
    assert len(asked["datasets"]) == 6
    as_user(office, "participation_harvest_held_settle", id=asked["id"], decision=decision)
    running.run(about["id"])
    assert model.Session.query(model.Package).filter_by(type="dataset", state="active").count() == left
    done = as_user(office, "participation_harvest_held_show", id=asked["id"])
    assert done["acted"]["gone"] == 9 - left
    assert as_user(None, "participation_harvest_health_show", id=about["id"])["state"] == "healthy"
