"""What looks after a fault finds what was lost, doubled, torn or miscounted: each kind of harm is done here once, on purpose."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bench.server import House
from ckan.tests import factories
from faults import promises

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

TEXTS = ("Text one", "Text two", "Text three")


@pytest.fixture
def house() -> House:
    if "PARTICIPATION_TEST_HOME" not in os.environ:
        pytest.skip("needs the tests' own PostgreSQL")
    return House.open()


@pytest.fixture
def told(dataset: Callable[..., dict[str, Any]], as_user: Callable[..., Any]) -> Iterator[dict[str, str | None]]:
    """Post a conversation and two answers with keys; give what their writer was told."""
    from ckan import model

    writer, about = factories.User(), dataset()
    thread = as_user(writer, "participation_thread_create", subject_id=about["id"], title="Title", body=TEXTS[0], lang="en",
                     idempotency_key="key-0")
    answers = [as_user(writer, "participation_comment_create", thread_id=thread["id"], body=body, lang="en", idempotency_key=body)
               for body in TEXTS[1:]]
    # The other connection must not wait for this one.
    model.Session.commit()
    names: dict[str, str | None] = {body: f"{thread['id']}#{row['seq']}" for body, row in zip(TEXTS[1:], answers, strict=True)}
    yield {TEXTS[0]: str(thread["id"])} | names
    model.Session.remove()


def test_nothing_is_found_where_all_is_well(house: House, told: dict[str, str | None]) -> None:
    found = promises.look(house, told)
    assert found.examples == []
    assert (found.lost, found.partial, found.doubled, found.events, found.gaps, found.counters) == (0, 0, 0, 0, 0, 0)
    assert set(found.made_at) == set(TEXTS)


def test_an_answered_text_that_is_not_there_is_lost(house: House, told: dict[str, str | None]) -> None:
    assert promises.look(house, told | {"Text four": "1#9"}).lost == 1


def test_a_text_that_was_given_up_may_be_there_or_not(house: House, told: dict[str, str | None]) -> None:
    found = promises.look(house, told | {TEXTS[2]: None, "Text four": None})
    assert (found.lost, found.partial) == (0, 0)


def test_a_text_that_nobody_sent_is_noticed(house: House, told: dict[str, str | None]) -> None:
    del told[TEXTS[2]]
    assert promises.look(house, told).partial == 1


def test_a_text_that_is_there_twice_is_doubled(house: House, told: dict[str, str | None]) -> None:
    house.sql("UPDATE participation_comment SET body = %s WHERE body = %s", TEXTS[1], TEXTS[2])
    assert promises.look(house, told).doubled == 1


@pytest.mark.parametrize(("harm", "kind"), [
    ("DELETE FROM participation_comment WHERE seq = 1", "partial"),
    ("UPDATE participation_idempotency SET target_id = NULL WHERE key = 'key-0'", "partial"),
    ("UPDATE participation_idempotency SET target_id = target_id || '9' WHERE key = 'key-0'", "partial"),
    ("UPDATE participation_event SET target_id = target_id || '9' WHERE type = 'comment.created'", "partial"),
    ("DELETE FROM participation_outbox", "events"),
    (("INSERT INTO participation_event (type, at, target_type, target_id, data) SELECT type, at, target_type, target_id, data "
     "FROM participation_event WHERE type = 'thread.created'"), "events"),
    ("UPDATE participation_comment SET seq = 7 WHERE seq = 3", "gaps"),
    ("UPDATE participation_thread SET next_seq = next_seq + 1", "gaps"),
    ("UPDATE participation_thread SET n_visible = n_visible + 1", "counters"),
    ("DELETE FROM participation_recount", "counters"),
])
def test_each_kind_of_harm_is_found(house: House, told: dict[str, str | None], harm: str, kind: str) -> None:
    house.sql(harm)
    found = promises.look(house, told)
    assert getattr(found, kind) > 0
    assert found.examples
