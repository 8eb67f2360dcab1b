"""Conversations survive what happens to their dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import helpers
from losing import purge, recreate, threads_of

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Event, Subject

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


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


def test_a_sweep_never_compares_all_subjects_with_all_objects(plans: list[str]) -> None:
    """Between a large harvest and the next ANALYZE the planner takes full tables for empty ones, and would join row by row."""
    _fill(2_000, "early")
    model.Session.execute(sa.text("DELETE FROM package WHERE id <> 'early-1'"))
    model.Session.execute(sa.text("DELETE FROM participation_subject WHERE ref <> 'old-early-1'"))
    model.Session.commit()
    model.Session.execute(sa.text("ANALYZE package, participation_subject"))
    _fill(2_000, "late")
    assert subjects.sweep()["reattached"] == 2_001
    assert any("Hash Join" in plan for plan in plans)
    assert [plan for plan in plans if "Nested Loop" in plan] == []


def _fill(number: int, word: str) -> None:
    """Make datasets, and subjects that are lost and have the addresses of those datasets."""
    model.Session.execute(sa.text("""
        INSERT INTO package (id, name, title, state, type, private, extras, metadata_created, metadata_modified)
        SELECT :word || '-' || n, :word || '-name-' || n, 'Title ' || n, 'active', 'dataset', false,
            jsonb_build_object('uri', 'https://data.example/' || :word || n), now(), now() FROM generate_series(1, :number) n"""),
        {"word": word, "number": number})
    model.Session.execute(sa.text("""
        INSERT INTO participation_subject (type, ref, title, uri, created)
        SELECT 'dataset', 'old-' || :word || '-' || n, 'Title ' || n, 'https://data.example/' || :word || n, now()
        FROM generate_series(1, :number) n"""), {"word": word, "number": number})
    model.Session.commit()
