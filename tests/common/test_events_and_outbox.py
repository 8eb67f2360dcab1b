"""Events are never changed; mails leave at least once, through a real SMTP server."""

from __future__ import annotations

import email
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from letterboxes import Letterbox, a_letterbox

from ckanext.participation.common import events, outbox
from ckanext.participation.common.model import Event, Outbox

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    with a_letterbox() as box:
        yield box


@pytest.fixture
def asked(person: Make, dataset: Make, as_user: Make) -> dict[str, Any]:
    staff = person(email="staff@agency.example")
    asker = person(email="asker@home.example", fullname="Camille\r\nBcc: all@evil.example")
    about = dataset(staff=staff)
    thread = as_user(asker, "participation_thread_create", subject_id=about["id"], title="Why?\nBcc: x@evil.example", body="Words.")
    return {"staff": staff, "asker": asker, "thread": thread}


def text_of(letter: email.message.Message) -> str:
    return letter.get_payload(decode=True).decode()  # type: ignore[union-attr]


def test_an_event_cannot_be_changed_or_deleted(asked: dict[str, Any]) -> None:
    for statement in ("UPDATE participation_event SET type = 'x'", "DELETE FROM participation_event"):
        model.Session.execute(sa.text("SET LOCAL participation.erasure = 'off'"))
        with pytest.raises(sa.exc.InternalError, match="append-only"):
            model.Session.execute(sa.text(statement))
        model.Session.rollback()


def test_an_unknown_event_type_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        events.write("nonsense", actor_id=None, target=("x", 1))


def test_the_organisation_is_told_once_with_the_events_id(asked: dict[str, Any], letterbox: Letterbox) -> None:
    event = model.Session.scalars(sa.select(Event)).one()
    outbox.drain()
    assert outbox.drain() == 0
    assert [letter["To"] for letter in letterbox.letters] == [f"{asked['staff']['fullname']} <staff@agency.example>"]
    assert letterbox.letters[0]["Message-ID"].startswith(f"<participation-event-{event.id}@")


def test_the_mail_is_plain_text_in_both_languages_with_intact_headers(asked: dict[str, Any], letterbox: Letterbox) -> None:
    outbox.drain()
    letter = letterbox.letters[0]
    assert letter.get_content_type() == "text/plain"
    assert letter["Bcc"] is None
    assert "Une question" in str(email.header.make_header(email.header.decode_header(letter["Subject"])))
    assert "Lire et répondre" in text_of(letter)
    assert "Read and answer" in text_of(letter)
    assert f"/participation/thread/{asked['thread']['id']}#1" in text_of(letter)


def test_the_asker_is_told_of_the_answer_and_not_of_their_own_words(asked: dict[str, Any], letterbox: Letterbox, as_user: Make) -> None:
    as_user(asked["staff"], "participation_comment_create", thread_id=asked["thread"]["id"], body="Because.", as_organization=True)
    outbox.drain()
    assert sorted(letter["To"].split("<")[1] for letter in letterbox.letters) == ["asker@home.example>", "staff@agency.example>"]


def test_a_mail_that_fails_waits_and_comes_again(asked: dict[str, Any], letterbox: Letterbox) -> None:
    letterbox.refuse = "451 try later"
    outbox.drain()
    row = model.Session.scalars(sa.select(Outbox).where(Outbox.kind == "mail", Outbox.recipient == asked["staff"]["id"])).one()
    assert (row.attempts, row.done_at) == (1, None)
    assert "451" in (row.last_error or "")
    assert outbox.state()["waiting"] == 1
    letterbox.refuse = ""
    model.Session.execute(sa.update(Outbox).values(not_before=sa.func.now()))
    model.Session.commit()
    outbox.drain()
    assert len(letterbox.letters) == 1


def test_one_bad_row_does_not_stop_the_others(asked: dict[str, Any], letterbox: Letterbox) -> None:
    event = model.Session.scalars(sa.select(Event)).one()
    model.Session.add(Outbox(event_id=event.id, kind="mail", recipient="", created=event.at, not_before=event.at))
    model.Session.commit()
    outbox.drain()
    assert len(letterbox.letters) == 1


def test_a_mail_is_given_up_after_its_attempts_and_counted(asked: dict[str, Any], letterbox: Letterbox) -> None:
    outbox.drain()
    model.Session.execute(sa.update(Outbox).where(Outbox.recipient == asked["staff"]["id"]).values(done_at=None, attempts=12))
    model.Session.commit()
    assert outbox.drain() == 0
    assert outbox.state()["given_up"] == 1


def test_a_held_text_is_announced_only_when_it_is_shown(person: Make, dataset: Make, as_user: Make, letterbox: Letterbox) -> None:
    staff, admin = person(email="staff@agency.example"), person(sysadmin=True)
    links = "[a](https://a.example) [b](https://b.example) [c](https://c.example)"
    as_user(person(), "participation_thread_create", subject_id=dataset(staff=staff)["id"], title="Links", body=links)
    assert outbox.drain() == 0
    held = as_user(admin, "participation_queue_list")["results"][0]
    as_user(admin, "participation_visibility_set", kind="comment", id=held["id"], state="visible")
    outbox.drain()
    assert len(letterbox.letters) == 1


def test_accounts_without_an_address_are_passed_over(letterbox: Letterbox, asked: dict[str, Any]) -> None:
    user = model.User.get(asked["staff"]["name"])
    user.state = "deleted"
    model.Session.commit()
    outbox.drain()
    assert letterbox.letters == []
