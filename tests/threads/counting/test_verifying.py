"""What may be wrong with stored counters, events and the search, is found and is mended: `ckan participation verify`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import make_connection
from click.testing import CliRunner
from threads.counting.conftest import count, index

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


# --- what may be wrong, and is mended -----------------------------------------------------------------------------------------------


def verify(*options: str) -> Any:
    from ckanext.participation.threads.cli.counting import verify as command

    model.Session.remove()
    return CliRunner().invoke(command, list(options))


@pytest.fixture
def talk(dataset: Make, ask: Make, person: Make, as_user: Make) -> dict[str, Any]:
    """A conversation of every sort, counted and indexed."""
    staff = person()
    about = dataset(staff=staff, resources=[{"url": "https://data.example/a.csv", "name": "A"}])
    thread = ask(about)
    reader = person()
    answer = as_user(staff, "participation_comment_create", thread_id=thread["id"], body="Because.", as_organization=True)
    as_user(reader, "participation_support_set", target_type="comment", target_id=f"{thread['id']}#{answer['seq']}", value=1)
    gone = as_user(reader, "participation_comment_create", thread_id=thread["id"], body="Oops.")
    as_user(reader, "participation_comment_delete", thread_id=thread["id"], seq=gone["seq"])
    as_user(staff, "participation_comment_edit", thread_id=thread["id"], seq=answer["seq"], body="Because of snow.")
    ask(about["resources"][0], subject_type="resource")
    as_user(reader, "participation_rating_set", subject_id=about["id"], value=3)
    count()
    index()
    return {"dataset": about, "thread": thread["id"], "answer": answer["seq"]}


def test_what_people_did_verifies(talk: dict[str, Any]) -> None:
    done = verify()
    assert done.exit_code == 0, done.output
    assert "Everything agrees." in done.output


@pytest.mark.parametrize(("spoil", "check"), [
    ("UPDATE participation_thread SET n_visible = n_visible + 1 WHERE id = 1", "thread.n_visible"),
    ("UPDATE participation_thread SET next_seq = 2 WHERE id = 1", "thread.next_seq"),
    ("UPDATE participation_thread SET last_seq = 9 WHERE id = 1", "thread.last_seq"),
    ("UPDATE participation_thread SET last_at = last_at - interval '1 day' WHERE id = 1", "thread.last_at"),
    ("UPDATE participation_thread SET n_untranslated = 7 WHERE id = 1", "thread.n_untranslated"),
    ("UPDATE participation_thread SET n_changes = 7 WHERE id = 1", "thread.n_changes"),
    ("UPDATE participation_comment SET n_support = 5 WHERE seq = 2", "message.counters"),
    ("UPDATE participation_comment SET n_against = 5 WHERE seq = 2", "message.counters"),
    ("UPDATE participation_comment SET n_versions = 5 WHERE seq = 2", "message.counters"),
    ("UPDATE participation_subject_count SET threads = 9", "subject.counts"),
    ("UPDATE participation_subject_count SET stars_1 = 9", "subject.counts"),
    ("DELETE FROM participation_subject_count", "subject.counts"),
])
def test_a_wrong_counter_is_found_and_mended(talk: dict[str, Any], spoil: str, check: str) -> None:
    model.Session.execute(sa.text(spoil))
    model.Session.commit()
    found = verify()
    assert found.exit_code == 1, found.output
    assert f"{check}: " in found.output
    assert f"{check}: agrees" not in found.output
    assert verify("--repair").exit_code == 0
    again = verify()
    assert again.exit_code == 0, again.output


def test_a_repair_changes_what_a_page_is_known_by(talk: dict[str, Any]) -> None:
    version = sa.text("SELECT version FROM participation_thread WHERE id = 1")
    before = model.Session.scalar(version)
    model.Session.execute(sa.text("UPDATE participation_thread SET n_visible = 99 WHERE id = 1"))
    model.Session.commit()
    verify("--repair", "--only", "threads")
    assert model.Session.scalar(version) > before


def test_a_lost_message_or_event_is_told_and_not_made_up(talk: dict[str, Any]) -> None:
    model.Session.execute(sa.text("DELETE FROM participation_comment WHERE thread_id = 1 AND seq = 3"))
    model.Session.commit()
    done = verify("--repair")
    assert done.exit_code == 1
    assert "thread.numbers: 1 differ" in done.output
    assert "event of 1#3, which is not there" in done.output


def test_a_message_without_its_event_is_told(talk: dict[str, Any]) -> None:
    model.Session.execute(sa.text("SET LOCAL participation.erasure = 'on'"))
    model.Session.execute(sa.text("DELETE FROM participation_outbox"))
    model.Session.execute(sa.text("DELETE FROM participation_event WHERE target_id = '1#2' AND type = 'comment.created'"))
    model.Session.commit()
    done = verify("--only", "events")
    assert done.exit_code == 1
    assert "message 1#2: 0 events" in done.output


def test_a_search_that_says_something_else_is_told_and_mended(talk: dict[str, Any]) -> None:
    about = talk["dataset"]
    model.Session.execute(sa.text("UPDATE participation_subject_count SET comments = comments + 1 WHERE indexed_at IS NOT NULL"))
    model.Session.commit()
    from ckan.lib import search as ckan_search

    ckan_search.rebuild(about["id"])
    model.Session.execute(sa.text("UPDATE participation_subject_count SET comments = comments - 1 WHERE indexed_at IS NOT NULL"))
    model.Session.commit()
    make_connection().commit()
    done = verify("--only", "search")
    assert done.exit_code == 1
    assert f"dataset {about['id']}" in done.output
    assert verify("--only", "search", "--repair").exit_code == 0
    make_connection().commit()
    assert verify("--only", "search").exit_code == 0


def test_a_search_that_claims_conversations_that_nobody_had_is_mended(talk: dict[str, Any]) -> None:
    model.Session.execute(sa.text("DELETE FROM participation_subject_count"))
    model.Session.commit()
    assert "none counted" in verify("--only", "search").output
    assert verify("--only", "search", "--repair").exit_code == 0
    make_connection().commit()
    assert verify("--only", "search").exit_code == 0


def test_an_unknown_check_is_named() -> None:
    done = verify("--only", "weather")
    assert done.exit_code == 2
    assert "There is no check weather" in done.output


def test_what_waits_to_be_counted_is_no_difference(dataset: Make, ask: Make) -> None:
    ask(dataset())
    done = verify()
    assert done.exit_code == 0, done.output
