"""What becomes of a conversation: states, problems, the answer, who is in charge, an organisation's switches, who is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import helpers

from ckanext.participation.common import outbox
from ckanext.participation.common.model import Event, Outbox

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def talk(person: Make, dataset: Make, as_user: Make) -> dict[str, Any]:
    """A dataset with staff, and a way to ask about it."""
    asker, staff = person(), person()
    return {"asker": asker, "staff": staff, "dataset": dataset(staff=staff, resources=[{"url": "https://a.example/x.csv", "name": "x"}])}


@pytest.fixture
def begin(talk: dict[str, Any], as_user: Make) -> Make:
    def make(kind: str = "question", who: str = "asker", **fields: Any) -> dict[str, Any]:
        return as_user(talk[who], "participation_thread_create",
                       **{"subject_id": talk["dataset"]["id"], "title": "Why?", "body": "One.", "lang": "en", "kind": kind, **fields})
    return make


def told(type_: str) -> list[str]:
    """Return the names of the accounts that a mail about the last event of a type goes to."""
    event = model.Session.scalars(sa.select(Event).where(Event.type == type_).order_by(Event.id.desc())).first()
    assert event is not None
    row = model.Session.scalars(sa.select(Outbox).where(Outbox.event_id == event.id, Outbox.kind == "announce")).one()
    outbox._announce(row, event)
    users = model.Session.scalars(sa.select(Outbox.recipient).where(Outbox.event_id == event.id, Outbox.kind == "mail"))
    names = sorted(model.User.get(user).name for user in users)
    assert outbox.compose(event)[1]
    model.Session.rollback()
    return names


def test_who_asked_closes_and_reopens_and_the_page_says_so(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    thread = begin()
    closed = as_user(talk["asker"], "participation_thread_state_set", id=thread["id"], state="closed", reason="Found it myself.")
    assert (closed["state"], closed["state_reason"]) == ("closed", "Found it myself.")
    with pytest.raises(tk.ValidationError):
        as_user(talk["asker"], "participation_comment_create", thread_id=thread["id"], body="More.")
    again = as_user(talk["asker"], "participation_thread_state_set", id=thread["id"], state="open")
    assert (again["state"], again["reopened"]) == ("open", True)
    assert [(step["before"], step["after"]) for step in again["changes"]] == [("open", "closed"), ("closed", "open")]
    assert as_user(talk["asker"], "participation_comment_create", thread_id=thread["id"], body="More.")["seq"] == 2


def test_a_lock_needs_a_reason_and_leaves_everything_as_it_is(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    thread = begin()
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(talk["staff"], "participation_thread_state_set", id=thread["id"], state="locked")
    assert list(refusal.value.error_dict) == ["reason"]
    with pytest.raises(tk.NotAuthorized):
        as_user(talk["asker"], "participation_thread_state_set", id=thread["id"], state="locked", reason="Mine.")
    locked = as_user(talk["staff"], "participation_thread_state_set", id=thread["id"], state="locked", reason="Insults.")
    assert locked["state_reason"] == "Insults."
    for action, fields in (("participation_comment_edit", {"body": "x"}), ("participation_comment_delete", {})):
        with pytest.raises(tk.NotAuthorized):
            as_user(talk["asker"], action, thread_id=thread["id"], seq=1, **fields)
    with pytest.raises(tk.NotAuthorized):
        as_user(talk["asker"], "participation_thread_state_set", id=thread["id"], state="open")
    assert as_user(talk["staff"], "participation_thread_state_set", id=thread["id"], state="open")["reopened"]


def test_a_stranger_decides_nothing(talk: dict[str, Any], begin: Make, person: Make, as_user: Make) -> None:
    thread, problem, stranger = begin(), begin("problem"), person()
    for action, fields in (("state_set", {"state": "closed"}), ("answer_set", {"seq": ""}), ("assign", {"user": ""})):
        with pytest.raises(tk.NotAuthorized):
            as_user(stranger, f"participation_thread_{action}", id=thread["id"], **fields)
    with pytest.raises(tk.NotAuthorized):
        as_user(talk["asker"], "participation_thread_problem_set", id=problem["id"], state="confirmed")


def test_a_problem_goes_from_open_to_fixed_with_dates_and_the_mended_file(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    file = talk["dataset"]["resources"][0]["id"]
    thread = begin("problem", problem={"resource_id": file, "field": "date", "row": "12", "wrong": "9999", "expected": "1999"})
    assert (thread["problem_state"], thread["problem"]["field"]) == ("open", "date")
    as_user(talk["staff"], "participation_thread_problem_set", id=thread["id"], state="confirmed")
    done = as_user(talk["staff"], "participation_thread_problem_set", id=thread["id"], state="fixed", link_resource_id=file)
    assert (done["problem_state"], done["state"]) == ("fixed", "answered")
    assert [step["after"] for step in done["changes"]] == ["confirmed", "fixed"]
    assert done["changes"][1]["link"]["resource_id"] == file
    assert all(step["at"] and step["official"] for step in done["changes"])
    assert told("thread.problem") == [talk["asker"]["name"]]


def test_what_will_not_be_fixed_says_why(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    thread = begin("problem")
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(talk["staff"], "participation_thread_problem_set", id=thread["id"], state="wont_fix")
    assert list(refusal.value.error_dict) == ["reason"]
    as_user(talk["staff"], "participation_thread_problem_set", id=thread["id"], state="wont_fix", reason="That is how it was measured.")
    shown = as_user(None, "participation_thread_show", id=thread["id"])
    assert shown["changes"][0]["reason"] == "That is how it was measured."


def test_a_file_of_another_dataset_is_not_the_mended_one(talk: dict[str, Any], begin: Make, dataset: Make, as_user: Make) -> None:
    other = dataset(resources=[{"url": "https://b.example/y.csv", "name": "y"}])["resources"][0]["id"]
    with pytest.raises(tk.ValidationError) as refusal:
        begin("problem", problem={"resource_id": other})
    assert list(refusal.value.error_dict) == ["problem_resource_id"]
    thread = begin("problem")
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(talk["staff"], "participation_thread_problem_set", id=thread["id"], state="fixed", link_resource_id=other)
    assert list(refusal.value.error_dict) == ["link_resource_id"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.example", "https://a.example/\" onclick", "//a.example", "https://a b"])
def test_only_a_web_address_shows_a_correction(talk: dict[str, Any], begin: Make, as_user: Make, url: str) -> None:
    thread = begin("problem")
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(talk["staff"], "participation_thread_problem_set", id=thread["id"], state="fixed", link_url=url)
    assert list(refusal.value.error_dict) == ["link_url"]


def test_the_asker_marks_the_answer_and_takes_the_mark_away(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    thread = begin()
    said = as_user(talk["staff"], "participation_comment_create", thread_id=thread["id"], body="So.", lang="en")
    marked = as_user(talk["asker"], "participation_thread_answer_set", id=thread["id"], seq=said["seq"])
    assert (marked["answer_seq"], marked["state"]) == (2, "answered")
    rows = as_user(None, "participation_comment_list", thread_id=thread["id"])["results"]
    assert [row["is_answer"] for row in rows] == [False, True]
    assert told("thread.answer") == [talk["staff"]["name"]]
    away = as_user(talk["asker"], "participation_thread_answer_set", id=thread["id"], seq="")
    assert (away["answer_seq"], away["state"]) == (None, "open")


def test_the_question_itself_and_what_is_out_of_sight_are_no_answers(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    thread = begin()
    said = as_user(talk["staff"], "participation_comment_create", thread_id=thread["id"], body="So.", lang="en")
    as_user(talk["staff"], "participation_comment_delete", thread_id=thread["id"], seq=said["seq"])
    for seq in (1, said["seq"]):
        with pytest.raises(tk.ValidationError) as refusal:
            as_user(talk["asker"], "participation_thread_answer_set", id=thread["id"], seq=seq)
        assert list(refusal.value.error_dict) == ["seq"]


def test_a_colleague_in_charge_is_told_and_seen_by_colleagues_only(talk: dict[str, Any], begin: Make, person: Make, as_user: Make) -> None:
    thread, colleague = begin(), person()
    with pytest.raises(tk.ValidationError):
        as_user(talk["staff"], "participation_thread_assign", id=thread["id"], user=colleague["name"])
    helpers.call_action("organization_member_create", id=talk["dataset"]["owner_org"], username=colleague["name"], role="editor")
    shown = as_user(talk["staff"], "participation_thread_assign", id=thread["id"], user=colleague["name"])
    assert shown["assignee"]["account"] == colleague["name"]
    assert told("thread.assigned") == [colleague["name"]]
    for reader in (None, talk["asker"]):
        public = as_user(reader, "participation_thread_show", id=thread["id"])
        assert "assignee" not in public
        assert public["changes"] == []
    mine = as_user(colleague, "participation_thread_overview", id=talk["dataset"]["owner_org"], mine=True)["results"]
    assert [row["id"] for row in mine] == [thread["id"]]
    assert as_user(talk["staff"], "participation_thread_overview", id=talk["dataset"]["owner_org"], mine=True)["results"] == []


def test_the_overview_leaves_private_data_out_of_list_and_counts(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    from ckan.tests import factories

    begin()
    secret = factories.Dataset(owner_org=talk["dataset"]["owner_org"], private=True, title_translated={"en": "Secret", "fr": "Secret"})
    begin(who="staff", subject_id=secret["id"])
    seen = {who: as_user(talk.get(who), "participation_thread_overview", id=talk["dataset"]["owner_org"]) for who in ("nobody", "asker", "staff")}
    assert [(len(page["results"]), page["counts"]["open"]) for page in seen.values()] == [(1, 1), (1, 1), (2, 2)]


def test_an_organisation_switches_conversations_off_for_everyone_but_its_staff(
        talk: dict[str, Any], begin: Make, person: Make, as_user: Make) -> None:
    chief, member, organization = person(), person(), talk["dataset"]["owner_org"]
    for user, role in ((chief, "admin"), (member, "member")):
        helpers.call_action("organization_member_create", id=organization, username=user["name"], role=role)
    thread = begin()
    with pytest.raises(tk.NotAuthorized):
        as_user(talk["staff"], "participation_organization_policy_set", id=organization, threads="off", review="after")
    as_user(chief, "participation_organization_policy_set", id=organization, threads="members", review="after")
    with pytest.raises(tk.ValidationError) as refusal:
        begin()
    assert list(refusal.value.error_dict) == ["organization"]
    assert as_user(member, "participation_comment_create", thread_id=thread["id"], body="I may.", lang="en")["seq"] == 2
    as_user(chief, "participation_organization_policy_set", id=organization, threads="off", review="after")
    with pytest.raises(tk.ValidationError):
        as_user(member, "participation_comment_create", thread_id=thread["id"], body="I may not.", lang="en")
    assert as_user(talk["staff"], "participation_comment_create", thread_id=thread["id"], body="I may.", lang="en")["seq"] == 3
    assert as_user(None, "participation_comment_list", thread_id=thread["id"])["results"], "what was said stays readable"


def test_an_organisation_that_looks_first_shows_texts_itself(talk: dict[str, Any], begin: Make, person: Make, as_user: Make) -> None:
    chief, other, organization = person(), person(), talk["dataset"]["owner_org"]
    helpers.call_action("organization_member_create", id=organization, username=chief["name"], role="admin")
    as_user(chief, "participation_organization_policy_set", id=organization, threads="on", review="before")
    thread = begin()
    assert thread["visibility"] == "held"
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=thread["id"])
    for reader in (other, talk["asker"]):
        with pytest.raises(tk.NotAuthorized):
            as_user(reader, "participation_queue_list", organization_id=organization)
        with pytest.raises(tk.NotAuthorized):
            as_user(reader, "participation_visibility_set", kind="comment", id=f"{thread['id']}#1", state="visible")
    row = as_user(talk["staff"], "participation_queue_list", organization_id=organization)["results"][0]
    with pytest.raises(tk.NotAuthorized):
        as_user(talk["staff"], "participation_visibility_set", kind="comment", id=row["id"], state="removed", reason="x")
    as_user(talk["staff"], "participation_visibility_set", kind="comment", id=row["id"], state="visible")
    assert as_user(None, "participation_thread_show", id=thread["id"])["n_visible"] == 1
    assert told("thread.created") == sorted([talk["staff"]["name"], chief["name"], *_others(organization, talk, chief)])


def _others(organization: str, talk: dict[str, Any], chief: dict[str, Any]) -> list[str]:
    """Return the other speakers: CKAN makes whoever created the organisation its administrator."""
    users = helpers.call_action("organization_show", id=organization, include_users=True)["users"]
    known = {talk["staff"]["name"], chief["name"]}
    return [row["name"] for row in users if row["capacity"] in ("admin", "editor") and row["name"] not in known]


def test_staff_shows_again_what_staff_hid_and_not_what_an_administrator_hid(
        talk: dict[str, Any], begin: Make, person: Make, as_user: Make) -> None:
    admin, text = person(sysadmin=True), f"{begin()['id']}#1"
    as_user(talk["staff"], "participation_visibility_set", kind="comment", id=text, state="hidden", reason="Off topic.")
    as_user(talk["staff"], "participation_visibility_set", kind="comment", id=text, state="visible")
    as_user(admin, "participation_visibility_set", kind="comment", id=text, state="hidden", reason="Against the law.")
    with pytest.raises(tk.NotAuthorized):
        as_user(talk["staff"], "participation_visibility_set", kind="comment", id=text, state="visible")
    as_user(admin, "participation_visibility_set", kind="comment", id=text, state="visible")


@pytest.mark.ckan_config("participation.threads.read_only", True)
def test_while_the_site_only_reads_every_write_says_so(talk: dict[str, Any], begin: Make, as_user: Make, ckan_config: Any) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        begin()
    assert list(refusal.value.error_dict) == ["read_only"]
    ckan_config["participation.threads.read_only"] = False
    thread = begin()
    ckan_config["participation.threads.read_only"] = True
    for action, fields in (("participation_comment_create", {"thread_id": thread["id"], "body": "x"}),
                           ("participation_comment_edit", {"thread_id": thread["id"], "seq": 1, "body": "x"}),
                           ("participation_comment_delete", {"thread_id": thread["id"], "seq": 1}),
                           ("participation_thread_state_set", {"id": thread["id"], "state": "closed"}),
                           ("participation_thread_answer_set", {"id": thread["id"], "seq": ""})):
        with pytest.raises(tk.ValidationError) as refusal:
            as_user(talk["asker"], action, **fields)
        assert list(refusal.value.error_dict) == ["read_only"]
    assert as_user(None, "participation_comment_list", thread_id=thread["id"])["results"]


def test_who_does_not_want_to_be_told_is_not(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    thread = begin()
    as_user(talk["staff"], "participation_comment_create", thread_id=thread["id"], body="So.", lang="en")
    assert told("comment.created") == sorted([talk["asker"]["name"], *_others(talk["dataset"]["owner_org"], talk, talk["asker"])])
    as_user(talk["asker"], "participation_follow_set", target_type="thread", target_id=str(thread["id"]), value=False)
    as_user(talk["staff"], "participation_comment_create", thread_id=thread["id"], body="And so.", lang="en")
    assert talk["asker"]["name"] not in told("comment.created")


def test_what_is_said_about_a_file_shows_with_its_dataset(talk: dict[str, Any], begin: Make, as_user: Make) -> None:
    file = talk["dataset"]["resources"][0]["id"]
    thread = begin(subject_type="resource", subject_id=file)
    listed = as_user(None, "participation_thread_list", subject_id=talk["dataset"]["id"])["results"]
    assert [(row["id"], row["subject"]["type"]) for row in listed] == [(thread["id"], "resource")]
