"""Threads survive what happens to their dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import factories, helpers
from flask import g

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Event, Subject

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


@pytest.fixture
def talked_about(person: Make, dataset: Make, as_user: Make) -> Callable[..., dict[str, Any]]:
    def make(**fields: Any) -> dict[str, Any]:
        about = dataset(**fields)
        thread = as_user(person(), "participation_thread_create", subject_id=about["id"], title="Why?", body="Words.")
        return {"dataset": about, "thread": thread}

    return make


def purge(dataset_id: str) -> None:
    """Remove a dataset as `harvest source clear` does: with raw SQL, and no signal."""
    for table in ("resource", "package_tag", "member"):
        column = "table_id" if table == "member" else "package_id"
        model.Session.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": dataset_id})
    model.Session.execute(sa.text("DELETE FROM package WHERE id = :id"), {"id": dataset_id})
    model.Session.commit()


def recreate(about: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return factories.Dataset(**{"owner_org": about["owner_org"], "title_translated": {"fr": "Neige", "en": "Snow"}, **fields})


def threads_of(as_user: Make, about: dict[str, Any]) -> list[int]:
    return [row["id"] for row in as_user(None, "participation_thread_list", subject_id=about["id"])["results"]]


def test_a_dataset_that_is_gone_is_noted_once(talked_about: Make) -> None:
    purge(talked_about()["dataset"]["id"])
    assert subjects.sweep()["lost"] == 1
    assert subjects.sweep() == {"lost": 0, "returned": 0, "reattached": 0, "orphans": 1}
    assert [event.type for event in model.Session.scalars(sa.select(Event).where(Event.type.like("subject.%")))] == ["subject.lost"]


def test_a_dataset_created_again_under_its_name_gets_its_threads_back(talked_about: Make, as_user: Make) -> None:
    made = talked_about(name="winter-snow")
    purge(made["dataset"]["id"])
    subjects.sweep()
    again = recreate(made["dataset"], name="winter-snow")
    assert subjects.sweep()["reattached"] == 1
    assert threads_of(as_user, again) == [made["thread"]["id"]]


def test_a_dataset_harvested_again_under_another_name_is_found_by_its_uri(talked_about: Make, as_user: Make) -> None:
    made = talked_about(uri="https://data.example/snow")
    purge(made["dataset"]["id"])
    again = recreate(made["dataset"], uri="https://data.example/snow")
    assert subjects.sweep()["reattached"] == 1
    assert threads_of(as_user, again) == [made["thread"]["id"]]


def test_threads_move_when_the_new_dataset_has_threads_of_its_own(talked_about: Make, as_user: Make, person: Make) -> None:
    made = talked_about(uri="https://data.example/snow")
    purge(made["dataset"]["id"])
    again = recreate(made["dataset"], uri="https://data.example/snow")
    newer = as_user(person(), "participation_thread_create", subject_id=again["id"], title="New", body="Words.")
    subjects.sweep()
    assert sorted(threads_of(as_user, again)) == sorted([made["thread"]["id"], newer["id"]])
    assert model.Session.scalar(sa.select(sa.func.count()).where(Subject.merged_into.is_not(None))) == 1


def test_two_datasets_that_could_be_meant_are_left_to_a_person(talked_about: Make) -> None:
    made = talked_about(uri="https://data.example/snow")
    purge(made["dataset"]["id"])
    for _ in range(2):
        recreate(made["dataset"], uri="https://data.example/snow")
    assert subjects.sweep()["reattached"] == 0


def test_a_deleted_dataset_that_comes_back_is_no_longer_lost(talked_about: Make, as_user: Make) -> None:
    made = talked_about()
    helpers.call_action("package_delete", id=made["dataset"]["id"])
    assert subjects.sweep()["lost"] == 1
    helpers.call_action("package_patch", id=made["dataset"]["id"], state="active")
    assert subjects.sweep()["returned"] == 1
    assert threads_of(as_user, made["dataset"]) == [made["thread"]["id"]]


def test_a_lost_subjects_thread_is_told_to_nobody_meanwhile(talked_about: Make, as_user: Make) -> None:
    import ckan.plugins.toolkit as tk

    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=made["thread"]["id"])


def test_administrators_see_the_orphans(talked_about: Make, as_user: Make, person: Make) -> None:
    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    rows = as_user(person(sysadmin=True), "participation_subject_orphans")["results"]
    assert [row["id"] for row in rows] == [made["dataset"]["id"]]


def test_the_sending_process_sweeps_by_itself(talked_about: Make) -> None:
    from click.testing import CliRunner

    from ckanext.participation.common.cli.site import outbox

    purge(talked_about()["dataset"]["id"])
    assert CliRunner().invoke(outbox, ["run", "--once"]).exit_code == 0
    assert model.Session.scalar(sa.select(sa.func.count()).where(Subject.lost_at.is_not(None))) == 1


# --- files, organisations, keys that change ---------------------------------------------------------------------------------------

FILES = [{"url": "https://data.example/a.csv", "name": "A"}, {"url": "https://data.example/b.csv", "name": "B"}]


@pytest.fixture
def about_a_file(person: Make, dataset: Make, as_user: Make) -> Callable[..., dict[str, Any]]:
    def make(**fields: Any) -> dict[str, Any]:
        about = dataset(**{"resources": FILES, **fields})
        thread = as_user(person(), "participation_thread_create", subject_type="resource", subject_id=about["resources"][0]["id"],
                         title="Why?", body="Words.")
        return {"dataset": about, "thread": thread}

    return make


def threads_about(as_user: Make, type_: str, ref: str) -> list[int]:
    return [row["id"] for row in as_user(None, "participation_thread_list", subject_type=type_, subject_id=ref)["results"]]


def files_of(about: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["id"] for row in helpers.call_action("package_show", id=about["id"])["resources"]}


def events_of(type_: str) -> list[dict[str, Any]]:
    return [event.data for event in model.Session.scalars(sa.select(Event).where(Event.type == type_).order_by(Event.id))]


def test_a_file_with_a_new_id_is_found_by_its_address(about_a_file: Make, as_user: Make) -> None:
    made = about_a_file()
    before = made["dataset"]["resources"][0]["id"]
    helpers.call_action("package_patch", id=made["dataset"]["id"], resources=[{"url": row["url"], "name": "New"} for row in FILES[:1]])
    after = files_of(made["dataset"])["New"]
    assert after != before
    assert subjects.sweep()["reattached"] == 1
    assert threads_about(as_user, "resource", after) == [made["thread"]["id"]]
    assert events_of("subject.reattached") == [{"from": before, "to": after, "by": "uri", "from_title": "A"}]


def test_a_file_at_a_new_address_is_found_by_its_name(about_a_file: Make, as_user: Make) -> None:
    made = about_a_file()
    helpers.call_action("package_patch", id=made["dataset"]["id"], resources=[{"url": "https://data.example/moved", "name": "A"}])
    subjects.sweep()
    assert threads_about(as_user, "resource", files_of(made["dataset"])["A"]) == [made["thread"]["id"]]


def test_a_file_that_is_no_longer_there_leaves_its_conversations_to_its_dataset(about_a_file: Make, as_user: Make) -> None:
    made = about_a_file()
    helpers.call_action("package_patch", id=made["dataset"]["id"], resources=[FILES[1]])
    done = subjects.sweep()
    assert (done["reattached"], done["orphans"]) == (1, 0)
    assert threads_of(as_user, made["dataset"]) == [made["thread"]["id"]]
    assert subjects.sweep() == {"lost": 0, "returned": 0, "reattached": 0, "orphans": 0}


def test_files_of_a_dataset_made_again_are_found_although_nobody_spoke_of_the_dataset(about_a_file: Make, as_user: Make) -> None:
    made = about_a_file(uri="https://data.example/snow")
    purge(made["dataset"]["id"])
    lost = subjects.sweep()
    assert lost["lost"] == lost["orphans"] == 2
    again = recreate(made["dataset"], uri="https://data.example/snow", resources=FILES)
    assert subjects.sweep()["reattached"] == 2
    assert threads_about(as_user, "resource", files_of(again)["A"]) == [made["thread"]["id"]]


def test_a_file_of_a_deleted_dataset_waits_with_it(about_a_file: Make, as_user: Make) -> None:
    made = about_a_file()
    helpers.call_action("package_delete", id=made["dataset"]["id"])
    assert subjects.sweep()["lost"] == 2
    helpers.call_action("package_patch", id=made["dataset"]["id"], state="active")
    assert subjects.sweep()["returned"] == 2
    assert threads_about(as_user, "resource", made["dataset"]["resources"][0]["id"]) == [made["thread"]["id"]]


def test_an_organisation_made_again_under_its_name_gets_its_conversations(person: Make, as_user: Make, dataset: Make) -> None:
    former = factories.Organization(name="ministry")
    thread = as_user(person(), "participation_thread_create", subject_type="organization", subject_id=former["id"], title="Why?", body="W.")
    helpers.call_action("organization_purge", id=former["id"])
    assert subjects.sweep()["lost"] == 1
    again = factories.Organization(name="ministry")
    assert subjects.sweep()["reattached"] == 1
    assert threads_about(as_user, "organization", again["id"]) == [thread["id"]]
    assert model.Session.scalar(sa.select(Subject.organization_id)) == again["id"]


def test_a_changed_identifier_with_the_same_uri_keeps_the_conversations_and_learns_the_new_one(talked_about: Make, as_user: Make) -> None:
    made = talked_about(uri="https://data.example/snow", extras=[{"key": "guid", "value": "old"}])
    purge(made["dataset"]["id"])
    recreate(made["dataset"], uri="https://data.example/snow", extras=[{"key": "guid", "value": "new"}])
    subjects.sweep()
    row = model.Session.scalars(sa.select(Subject)).one()
    assert (row.guid, row.uri, row.lost_at) == ("new", "https://data.example/snow", None)
    purge(row.ref)
    third = recreate(made["dataset"], extras=[{"key": "guid", "value": "new"}])
    subjects.sweep()
    assert threads_of(as_user, third) == [made["thread"]["id"]]


def test_keys_that_a_dataset_got_after_it_was_talked_about_count_too(talked_about: Make, as_user: Make) -> None:
    made = talked_about()
    helpers.call_action("package_patch", id=made["dataset"]["id"], uri="https://data.example/later")
    subjects.sweep()
    purge(made["dataset"]["id"])
    again = recreate(made["dataset"], uri="https://data.example/later")
    subjects.sweep()
    assert threads_of(as_user, again) == [made["thread"]["id"]]


def test_two_lost_subjects_that_were_one_dataset_come_together(talked_about: Make, as_user: Make) -> None:
    first = talked_about(uri="https://data.example/snow")
    purge(first["dataset"]["id"])
    subjects.sweep()
    second = talked_about(uri="https://data.example/snow-2")
    purge(second["dataset"]["id"])
    subjects.sweep()
    model.Session.execute(sa.update(Subject).values(uri="https://data.example/snow"))
    model.Session.commit()
    again = recreate(first["dataset"], uri="https://data.example/snow")
    assert subjects.sweep()["reattached"] == 2
    assert sorted(threads_of(as_user, again)) == sorted([first["thread"]["id"], second["thread"]["id"]])


def test_datasets_that_share_a_page_are_told_apart_by_their_name(talked_about: Make, as_user: Make) -> None:
    made = talked_about(name="winter-snow", url="https://data.example/portal")
    purge(made["dataset"]["id"])
    again = recreate(made["dataset"], name="winter-snow", url="https://data.example/portal")
    recreate(made["dataset"], name="winter-ice", url="https://data.example/portal")
    subjects.sweep()
    assert threads_of(as_user, again) == [made["thread"]["id"]]


def test_a_private_datasets_conversation_does_not_come_out_at_another_organisation(dataset: Make, person: Make, as_user: Make) -> None:
    staff = person()
    about = dataset(staff=staff, private=True, uri="https://data.example/secret")
    as_user(staff, "participation_thread_create", subject_id=about["id"], title="Secret", body="Words.")
    helpers.call_action("package_delete", id=about["id"])
    dataset(uri="https://data.example/secret")
    assert subjects.sweep()["reattached"] == 0


def test_a_dataset_that_lost_its_conversations_and_returns_can_be_talked_about_again(talked_about: Make, as_user: Make, person: Make) -> None:
    made = talked_about(uri="https://data.example/snow")
    helpers.call_action("package_delete", id=made["dataset"]["id"])
    again = recreate(made["dataset"], uri="https://data.example/snow")
    as_user(person(), "participation_thread_create", subject_id=again["id"], title="New", body="Words.")
    subjects.sweep()
    helpers.call_action("package_patch", id=made["dataset"]["id"], state="active")
    newer = as_user(person(), "participation_thread_create", subject_id=made["dataset"]["id"], title="Back", body="Words.")
    subjects.sweep()
    assert threads_of(as_user, made["dataset"]) == [newer["id"]]
    assert len(threads_of(as_user, again)) == 2


def test_a_reader_is_told_what_a_conversation_was_about_when_it_was_begun(talked_about: Make, person: Make, as_user: Make) -> None:
    made = talked_about(uri="https://data.example/snow", title_translated={"fr": "Neige 2024", "en": "Snow 2024"})
    purge(made["dataset"]["id"])
    again = recreate(made["dataset"], uri="https://data.example/snow")
    subjects.sweep()
    row = model.Session.scalars(sa.select(Subject)).one()
    newer = as_user(person(), "participation_thread_create", subject_id=again["id"], title="New", body="Words.")
    told = subjects.story(row.id, thread_id=made["thread"]["id"])
    assert told is not None
    assert (told["kind"], told["from_title"]) == ("reattached", "Snow 2024")
    from datetime import datetime

    assert subjects.story(row.id, thread_id=newer["id"], begun=datetime.fromisoformat(newer["created"])) is None


def test_only_the_threads_that_were_moved_carry_the_note_of_the_move(about_a_file: Make, person: Make, as_user: Make) -> None:
    made = about_a_file()
    own = as_user(person(), "participation_thread_create", subject_id=made["dataset"]["id"], title="Own", body="Words.")
    helpers.call_action("package_patch", id=made["dataset"]["id"], resources=[FILES[1]])
    subjects.sweep()
    row = subjects.find("dataset", made["dataset"]["id"])
    assert row is not None
    assert (subjects.story(row.id, thread_id=made["thread"]["id"]) or {})["kind"] == "moved"
    assert subjects.story(row.id, thread_id=own["id"]) is None


def test_a_conversation_to_which_nothing_happened_has_no_note(talked_about: Make) -> None:
    made = talked_about()
    subjects.sweep()
    row = subjects.find("dataset", made["dataset"]["id"])
    assert row is not None
    assert subjects.story(row.id, thread_id=made["thread"]["id"]) is None


# --- by hand ------------------------------------------------------------------------------------------------------------------------


def test_an_administrator_attaches_by_hand_what_the_sweep_cannot_tell(talked_about: Make, person: Make, as_user: Make, dataset: Make) -> None:
    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    admin = person(sysadmin=True)
    orphan = as_user(admin, "participation_subject_orphans")["results"][0]
    assert orphan["threads"] == 1
    other = dataset(name="ice")
    now = as_user(admin, "participation_subject_attach", subject=orphan["subject"], target="ice")
    assert now["id"] == other["id"]
    assert threads_of(as_user, other) == [made["thread"]["id"]]
    assert events_of("subject.attached")[0]["by"] == "hand"
    assert as_user(admin, "participation_subject_orphans") == {"results": [], "count": 0}


def test_an_orphan_of_a_file_can_go_to_a_dataset_with_conversations_of_its_own(
        about_a_file: Make, person: Make, as_user: Make, talked_about: Make) -> None:
    made = about_a_file()
    purge(made["dataset"]["id"])
    subjects.sweep()
    admin = person(sysadmin=True)
    orphan = next(row for row in as_user(admin, "participation_subject_orphans")["results"] if row["type"] == "resource")
    there = talked_about()
    as_user(admin, "participation_subject_attach", subject=orphan["subject"], target=there["dataset"]["name"], target_type="dataset")
    assert sorted(threads_of(as_user, there["dataset"])) == sorted([made["thread"]["id"], there["thread"]["id"]])


@pytest.mark.parametrize(("data", "field"), [
    ({"target": "nothing-of-this-name"}, "target"), ({}, "target"), ({"target": "x", "target_type": "cloud"}, "subject_type"),
    ({"target": "x", "subject": "abc"}, "subject"), ({"target": ["x"]}, "target")])
def test_a_wrong_attachment_names_the_field(talked_about: Make, person: Make, as_user: Make, data: dict[str, Any], field: str) -> None:
    import ckan.plugins.toolkit as tk

    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    with pytest.raises(tk.ValidationError) as refused:
        as_user(person(sysadmin=True), "participation_subject_attach", **{"subject": 1, **data})
    assert list(refused.value.error_dict) == [field]


def test_what_is_not_lost_is_not_taken_from_its_dataset(talked_about: Make, person: Make, as_user: Make, dataset: Make) -> None:
    import ckan.plugins.toolkit as tk

    talked_about()
    other = dataset()
    with pytest.raises(tk.ValidationError) as refused:
        as_user(person(sysadmin=True), "participation_subject_attach", subject=1, target=other["id"])
    assert list(refused.value.error_dict) == ["subject"]


def test_the_queue_page_attaches_and_keeps_what_was_typed(talked_about: Make, person: Make, dataset: Make, app: Any, as_user: Make) -> None:
    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    app.set_session_user(person(sysadmin=True)["id"])
    # The test's own request outlives the reader's, and remembers that nobody was signed in.
    g.pop("_login_user", None)
    token = BeautifulSoup(app.get("/participation/queue").body, "html.parser").find("meta", attrs={"name": "_csrf_token"})["content"]
    sent = {"subject": 1, "target_type": "dataset", "_csrf_token": token}
    wrong = BeautifulSoup(app.post("/participation/queue/attach", data={**sent, "target": "no-such"}).body, "html.parser")
    field = wrong.select_one(wrong.select_one(".pt-errors a")["href"])
    assert (field["name"], field["value"], field["aria-invalid"]) == ("target", "no-such", "true")
    other = dataset()
    app.post("/participation/queue/attach", data={**sent, "target": other["name"]})
    assert threads_of(as_user, other) == [made["thread"]["id"]]


def test_twenty_thousand_subjects_are_swept_in_seconds() -> None:
    import time

    model.Session.execute(sa.text("""
        INSERT INTO package (id, name, title, state, type, private, extras, metadata_created, metadata_modified)
        SELECT 'new-' || n, 'name-' || n, 'Title ' || n, 'active', 'dataset', false,
            jsonb_build_object('uri', 'https://data.example/' || n), now(), now() FROM generate_series(1, 20000) n"""))
    model.Session.execute(sa.text("""
        INSERT INTO participation_subject (type, ref, title, uri, created)
        SELECT 'dataset', 'old-' || n, 'Title ' || n, 'https://data.example/' || n, now() FROM generate_series(1, 20000) n"""))
    model.Session.commit()
    started = time.monotonic()
    assert subjects.sweep()["reattached"] == 20_000
    assert time.monotonic() - started < 60
    started = time.monotonic()
    assert subjects.sweep() == {"lost": 0, "returned": 0, "reattached": 0, "orphans": 0}
    assert time.monotonic() - started < 10
