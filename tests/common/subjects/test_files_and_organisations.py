"""Conversations survive what happens to files, organisations and the keys of datasets; readers are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from losing import FILES, events_of, purge, recreate, threads_of

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Subject

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


def threads_about(as_user: Make, type_: str, ref: str) -> list[int]:
    return [row["id"] for row in as_user(None, "participation_thread_list", subject_type=type_, subject_id=ref)["results"]]


def files_of(about: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["id"] for row in helpers.call_action("package_show", id=about["id"])["resources"]}


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
