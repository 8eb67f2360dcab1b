"""The counters of lists, cards and search: what the job counts, when, and what the search knows of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import make_connection
from ckan.tests import factories, helpers
from click.testing import CliRunner
from threads.counting.conftest import count, counts, index, search

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Subject
from ckanext.participation.threads import counting
from ckanext.participation.threads.records import Recount, SubjectCount

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


def test_what_is_said_is_counted_by_the_job_and_not_by_the_write(dataset: Make, ask: Make) -> None:
    about = dataset()
    ask(about)
    assert counts(about) == {}
    assert count() == 1
    assert counts(about) == {"threads": 1, "threads_open": 1, "questions_open": 1, "comments": 1}


def test_a_change_waits_so_that_a_burst_is_counted_once(dataset: Make, ask: Make) -> None:
    about = dataset()
    for _ in range(3):
        ask(about)
    assert counting.recount() == 0
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Recount)) == 1
    assert counting.recount(seconds=0) == 1
    assert counts(about)["threads"] == 3
    assert counting.recount(seconds=0) == 0


def test_an_answered_question_and_a_reported_problem_are_counted_as_such(
        dataset: Make, ask: Make, person: Make, as_user: Make) -> None:
    staff = person()
    about = dataset(staff=staff)
    asked = ask(about)
    ask(about, kind="problem", title="Wrong")
    ask(about, kind="thanks", title="Good")
    as_user(staff, "participation_comment_create", thread_id=asked["id"], body="Because.", as_organization=True)
    count()
    assert counts(about) == {"threads": 3, "threads_open": 2, "problems_open": 1, "answered": 1, "comments": 4}


def test_a_mended_problem_is_no_longer_open(dataset: Make, ask: Make, person: Make, as_user: Make) -> None:
    staff = person()
    about = dataset(staff=staff)
    reported = ask(about, kind="problem")
    as_user(staff, "participation_thread_problem_set", id=reported["id"], state="confirmed")
    count()
    assert counts(about)["problems_open"] == 1
    as_user(staff, "participation_thread_problem_set", id=reported["id"], state="fixed")
    count()
    assert "problems_open" not in counts(about)


def test_a_hidden_conversation_is_not_counted(dataset: Make, ask: Make, person: Make, as_user: Make) -> None:
    about = dataset()
    thread = ask(about)
    as_user(person(sysadmin=True), "participation_visibility_set", kind="comment", id=f"{thread['id']}#1", state="hidden", reason="No.")
    count()
    assert counts(about) == {}


def test_what_is_said_of_a_file_counts_for_its_dataset(dataset: Make, ask: Make) -> None:
    about = dataset(resources=[{"url": "https://data.example/a.csv", "name": "A"}])
    ask(about["resources"][0], subject_type="resource")
    count()
    assert counts(about)["threads"] == 1


def test_stars_are_counted(dataset: Make, person: Make, as_user: Make) -> None:
    about = dataset()
    for value in (5, 5, 2):
        as_user(person(), "participation_rating_set", subject_id=about["id"], value=value)
    count()
    assert counts(about) == {"stars_5": 2, "stars_2": 1}


def test_a_count_waits_for_a_write_that_is_under_way_and_does_not_lose_it(dataset: Make, ask: Make) -> None:
    about = dataset()
    ask(about)
    subject_id = model.Session.scalars(sa.select(Subject.id)).one()
    with model.meta.engine.connect() as other:
        transaction = other.begin()
        other.execute(sa.text("INSERT INTO participation_recount VALUES (:id, now()) ON CONFLICT (subject_id) DO UPDATE "
                              "SET since = participation_recount.since"), {"id": subject_id})
        assert count() == 0
        transaction.commit()
    assert count() == 1


def test_two_processes_do_not_count_at_once(dataset: Make, ask: Make) -> None:
    about = dataset()
    ask(about)
    with model.meta.engine.connect() as other, other.begin():
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(counting.ONE_AT_A_TIME)))
        assert count() == 0
    assert count() == 1


def test_concurrent_marks_of_one_subject_leave_one_mark(dataset: Make, ask: Make) -> None:
    about = dataset()
    ask(about)
    subject_id = model.Session.scalars(sa.select(Subject.id)).one()
    model.Session.remove()

    def mark() -> None:
        counting.mark(subject_id)
        model.Session.commit()
        model.Session.remove()

    writers = [threading.Thread(target=mark) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Recount)) == 1


def test_the_search_finds_datasets_by_what_is_said_of_them(dataset: Make, ask: Make) -> None:
    asked, reported, silent = dataset(), dataset(), dataset()
    ask(asked)
    ask(reported, kind="problem")
    count()
    assert index() == 2
    facets = search(**{"facet.field": ["participation_talk"], "rows": 0})["search_facets"]["participation_talk"]["items"]
    assert {row["name"]: row["count"] for row in facets} == {"conversation": 2, "open-question": 1, "problem": 1}
    found = search(fq="participation_talk:problem")["results"]
    assert [row["id"] for row in found] == [reported["id"]]
    assert search(fq="-participation_talk:conversation")["results"][0]["id"] == silent["id"]


def test_datasets_are_sorted_by_how_much_is_said(dataset: Make, ask: Make, person: Make, as_user: Make) -> None:
    quiet, busy, silent = dataset(), dataset(), dataset()
    ask(quiet)
    thread = ask(busy)
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="More.")
    count()
    index()
    found = search(sort="participation_comments desc, metadata_modified desc")["results"]
    assert [row["id"] for row in found] == [busy["id"], quiet["id"], silent["id"]]


def test_a_private_datasets_conversations_are_in_nobody_elses_facets(dataset: Make, ask: Make, person: Make, as_user: Make) -> None:
    staff = person()
    about = dataset(staff=staff, private=True)
    ask(about, user=staff)
    count()
    assert index() == 1
    facets = {"facet.field": ["participation_talk"], "rows": 0}
    assert as_user(None, "package_search", **facets)["search_facets"]["participation_talk"]["items"] == []
    assert as_user(None, "package_search", fq="participation_talk:conversation", include_private=True)["count"] == 0
    mine = as_user(staff, "package_search", **facets, include_private=True)["search_facets"]["participation_talk"]["items"]
    assert {row["name"] for row in mine} == {"conversation", "open-question"}


def test_a_publishers_extra_cannot_claim_conversations(dataset: Make) -> None:
    dataset(extras=[{"key": "participation_talk", "value": "answered"}])
    assert search(fq="participation_talk:answered")["count"] == 0


def test_a_rating_alone_needs_no_indexing(dataset: Make, ask: Make, person: Make, as_user: Make) -> None:
    about = dataset()
    ask(about)
    count()
    index()
    as_user(person(), "participation_rating_set", subject_id=about["id"], value=4)
    assert count() == 1
    assert index() == 0


def test_what_the_search_did_not_take_is_tried_again(dataset: Make, ask: Make, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    about = dataset()
    ask(about)
    count()
    with monkeypatch.context() as away:
        away.setitem(ckan_config, "solr_url", "http://127.0.0.1:9/solr/ckan")
        assert counting.index() == 0
    assert model.Session.scalar(sa.select(SubjectCount.indexed_at)) is None
    assert index() == 1
    assert search(fq="participation_talk:conversation")["count"] == 1


def test_a_dataset_that_somebody_is_changing_is_left_for_the_next_time(dataset: Make, ask: Make) -> None:
    about = dataset()
    ask(about)
    count()
    with model.meta.engine.connect() as editor:
        transaction = editor.begin()
        editor.execute(sa.text("UPDATE package SET private = true WHERE id = :id"), {"id": about["id"]})
        assert index() == 0
        transaction.rollback()
    assert index() == 1


def test_the_sending_process_counts_and_indexes(dataset: Make, ask: Make, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.participation.common.cli.site import outbox

    monkeypatch.setitem(ckan_config, "participation.threads.count_seconds", 0)
    about = dataset()
    ask(about)
    assert CliRunner().invoke(outbox, ["run", "--once"]).exit_code == 0
    assert counts(about)["threads"] == 1
    make_connection().commit()
    assert search(fq="participation_talk:open-question")["count"] == 1


def test_a_failing_chore_does_not_keep_the_others(dataset: Make, ask: Make, monkeypatch: pytest.MonkeyPatch, ckan_config: Any) -> None:
    from ckanext.participation.common.cli.site import outbox
    from ckanext.participation.common.registry import Chore, registry

    def broken() -> None:
        raise LookupError("nothing here")

    monkeypatch.setitem(ckan_config, "participation.threads.count_seconds", 0)
    monkeypatch.setattr(registry, "_chores", {"broken": Chore("broken", broken, lambda: 1), **registry._chores})
    about = dataset()
    ask(about)
    assert CliRunner().invoke(outbox, ["run", "--once"]).exit_code == 0
    assert counts(about)["threads"] == 1


def test_the_counts_follow_conversations_to_a_dataset_that_was_made_again(dataset: Make, ask: Make) -> None:
    about = dataset(uri="https://data.example/snow")
    ask(about)
    count()
    index()
    helpers.call_action("package_delete", id=about["id"])
    again = factories.Dataset(owner_org=about["owner_org"], uri="https://data.example/snow")
    subjects.sweep()
    count()
    assert index() == 1
    assert counts(again)["threads"] == 1
    assert [row["id"] for row in search(fq="participation_talk:conversation")["results"]] == [again["id"]]
