"""Mails to agencies about their sources: what is said, to whom, in both languages, and each once."""

from __future__ import annotations

import email.header
import email.message
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from harvesting.healthy import failed, hold, run, source
from letterboxes import Letterbox, a_letterbox

from ckanext.participation.common import outbox
from ckanext.participation.common.registry import registry
from ckanext.participation.harvesting.engine.model import HarvestHeld
from ckanext.participation.harvesting.health import telling

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
Data = dict[str, Any]
HOUR = timedelta(hours=1)


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    with a_letterbox() as box:
        yield box


@pytest.fixture
def about(person: Make) -> Data:
    """A source of an organisation with one editor, `staff`."""
    staff = person(email="staff@snow.example")
    owner = factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}, {"name": person()["name"], "capacity": "member"}])
    return {**source(organization=owner["id"], title="Données de neige"), "staff": staff}


def tell() -> int:
    written = telling.run()
    outbox.drain()
    return written


def text_of(letter: email.message.Message) -> str:
    return letter.get_payload(decode=True).decode()  # type: ignore[union-attr]


def subject_of(letter: email.message.Message) -> str:
    return str(email.header.make_header(email.header.decode_header(letter["Subject"])))


def reached(box: Letterbox) -> list[str]:
    return sorted(letter["To"].split("<")[1].rstrip(">") for letter in box.letters)


def test_one_failure_is_no_news(about: Data, letterbox: Letterbox) -> None:
    run(about, 2 * HOUR)
    failed(about, HOUR)
    assert (tell(), letterbox.letters) == (0, [])


def test_two_failures_in_a_row_are_told_in_both_languages(about: Data, letterbox: Letterbox) -> None:
    run(about, 30 * HOUR)
    for ago in (2, 1):
        failed(about, ago * HOUR, said="https://me:word@snow.example/x?key=1 did not answer.")
    assert tell() == 1
    assert reached(letterbox) == ["staff@snow.example"]
    letter = letterbox.letters[0]
    assert subject_of(letter) == "Une source ne peut plus être lue : Données de neige / A source can't be read: Données de neige"
    body = text_of(letter)
    for words in ("n’a pas pu être lue au moins deux fois de suite", "could not be read for the second time in a row", "https://snow.example/x?… did not answer.",
                  "/fr/participation/harvest/sources/snow", "/en/participation/harvest/sources/snow", "Aucun courriel sur cette source"):
        assert words in body, words


def test_a_third_failure_is_not_told_and_two_after_a_success_are(about: Data, letterbox: Letterbox) -> None:
    failed(about, 9 * HOUR)
    failed(about, 8 * HOUR)
    assert (tell(), tell()) == (1, 0)
    failed(about, 7 * HOUR)
    assert tell() == 0
    # After now, because what was told was told now.
    run(about, -HOUR)
    failed(about, -2 * HOUR)
    assert tell() == 0
    failed(about, -3 * HOUR)
    assert (tell(), len(letterbox.letters)) == (1, 2)


def test_a_held_removal_is_told_once(about: Data, letterbox: Letterbox) -> None:
    number = hold(about, [factories.Dataset(owner_org=about["owner_org"]) for _ in range(2)])
    assert (tell(), tell()) == (1, 0)
    assert subject_of(letterbox.letters[0]).startswith("2 jeux de données attendent votre décision : Données de neige / 2 datasets wait")
    assert f"/fr/participation/harvest/held/{number}" in text_of(letterbox.letters[0])


def test_an_answer_that_came_first_makes_the_mail_needless(about: Data, letterbox: Letterbox) -> None:
    number = hold(about, [factories.Dataset(owner_org=about["owner_org"])])
    telling.run()
    model.Session.get(HarvestHeld, number).state = "refused"
    model.Session.commit()
    outbox.drain()
    assert letterbox.letters == []


def test_who_wants_no_mails_gets_none_and_who_asked_does(about: Data, letterbox: Letterbox, person: Make, as_user: Make) -> None:
    office = person(sysadmin=True, email="office@gov.example")
    for who, value in ((about["staff"], False), (office, True)):
        as_user(who, "participation_follow_set", target_type="harvest_source", target_id=about["id"], value=value)
    failed(about, 2 * HOUR)
    failed(about)
    tell()
    assert reached(letterbox) == ["office@gov.example"]


def test_who_may_not_see_a_private_source_is_not_told_though_they_asked(letterbox: Letterbox, person: Make, as_user: Make) -> None:
    owner = factories.Organization()["id"]
    about, reader = source(organization=owner), person()
    as_user(reader, "participation_follow_set", target_type="harvest_source", target_id=about["id"], value=True)
    model.Package.get(about["id"]).private = True
    model.Session.commit()
    failed(about, 2 * HOUR)
    failed(about)
    assert (tell(), letterbox.letters) == (1, [])


def test_the_chore_is_entered() -> None:
    assert "mails about harvest sources" in {chore.name for chore in registry.chores()}
