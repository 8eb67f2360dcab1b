"""A forgotten password, a new one, and how often one may guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import changed_config
from people.conftest import PASSWORD

from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import Event
from ckanext.participation.people import links

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
NEW = "another three words"


def account(name: str) -> model.User:
    model.Session.expire_all()
    return model.User.get(name)


def test_the_answer_is_the_same_for_a_name_that_nobody_has(person: Make, as_user: Make, mails: Make) -> None:
    known = person(email="known@home.example")
    answers = [as_user(None, "participation_person_reset_ask", login=login)
               for login in (known["name"], known["name"].upper(), "KNOWN@home.example", "nobody", "nobody@home.example")]
    assert answers == [{"hours": 2}] * 5
    assert [mail["to"] for mail in mails()] == ["known@home.example"] * 3


def test_a_link_sets_a_new_password_once_and_tells_the_owner(person: Make, as_user: Make, mails: Make, token_of: Make) -> None:
    name = person(email="known@home.example", password=PASSWORD)["name"]
    as_user(None, "participation_person_reset_ask", login=name)
    (mail,) = mails()
    assert "2 hours" in mail["body"]
    assert "2 heures" in mail["body"]
    assert as_user(None, "participation_person_reset", token=token_of(mail["link"]), password=NEW) == {"name": name}
    assert account(name).validate_password(NEW)
    (told,) = mails()
    assert (told["event"], told["to"]) == ("person.password_set", "known@home.example")
    with pytest.raises(links.LinkRefused) as error:
        as_user(None, "participation_person_reset", token=token_of(mail["link"]), password="and once more")
    assert error.value.code == "used"


def test_a_reset_link_ends_after_two_hours(person: Make, as_user: Make) -> None:
    token = links.token(links.RESET, account(person()["name"]), datetime.now(UTC) - timedelta(hours=2, minutes=1))
    with pytest.raises(links.LinkRefused) as error:
        as_user(None, "participation_person_reset", token=token, password=NEW)
    assert error.value.code == "late"


def test_a_poor_new_password_leaves_the_link_good(person: Make, as_user: Make) -> None:
    user = account(person()["name"])
    token = links.token(links.RESET, user, datetime.now(UTC))
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_reset", token=token, password=user.name)
    assert set(error.value.error_dict) == {"password"}
    model.Session.rollback()
    as_user(None, "participation_person_reset", token=token, password=NEW)


def test_a_new_password_by_mail_confirms_an_account_that_waited(sign_up: Make, as_user: Make, mails: Make, token_of: Make) -> None:
    name = sign_up("forgot@home.example").name
    as_user(None, "participation_person_reset_ask", login="forgot@home.example")
    as_user(None, "participation_person_reset", token=token_of(mails()[-1]["link"]), password=NEW)
    assert account(name).state == "active"


def test_one_account_gets_few_mails_and_nobody_can_tell(person: Make, as_user: Make, mails: Make) -> None:
    name = person()["name"]
    assert {as_user(None, "participation_person_reset_ask", login=name)["hours"] for _ in range(9)} == {2}
    assert len(mails()) == 5


def test_a_closed_account_gets_no_mail(person: Make, as_user: Make, mails: Make) -> None:
    user = person(email="gone@home.example")
    account(user["name"]).state = "deleted"
    model.Session.commit()
    as_user(None, "participation_person_reset_ask", login="gone@home.example")
    as_user(None, "participation_person_reset_ask", login=user["name"])
    assert mails() == []


def test_changing_the_password_asks_for_the_present_one(person: Make, as_user: Make, mails: Make) -> None:
    user = person(password=PASSWORD)
    with pytest.raises(tk.ValidationError) as error:
        as_user(user, "participation_person_password_change", password="wrong one", new_password=NEW)
    assert set(error.value.error_dict) == {"password"}
    model.Session.rollback()
    with pytest.raises(tk.ValidationError):
        as_user(user, "participation_person_password_change", password=PASSWORD, new_password=PASSWORD)
    model.Session.rollback()
    as_user(user, "participation_person_password_change", password=PASSWORD, new_password=NEW)
    assert account(user["name"]).validate_password(NEW)
    assert [mail["event"] for mail in mails()] == ["person.password_set"]


def test_guessing_ends_and_says_when_to_come_back(person: Make, as_user: Make) -> None:
    user = person(password=PASSWORD)
    with changed_config("participation.people.attempts", 3):
        for _ in range(3):
            with pytest.raises(tk.ValidationError):
                as_user(user, "participation_person_password_change", password="wrong one", new_password=NEW)
            model.Session.rollback()
        with pytest.raises(LimitExceeded) as error:
            as_user(user, "participation_person_password_change", password=PASSWORD, new_password=NEW)
    assert 800 < error.value.seconds <= 900
    model.Session.rollback()
    assert account(user["name"]).validate_password(PASSWORD)


def test_no_event_holds_a_password_or_an_address(person: Make, as_user: Make) -> None:
    user = person(password=PASSWORD, email="known@home.example")
    as_user(user, "participation_person_password_change", password=PASSWORD, new_password=NEW)
    as_user(user, "participation_person_email_change", email="next@home.example", password=NEW)
    stored = " ".join(model.Session.scalars(sa.select(sa.cast(Event.data, sa.Text))))
    assert not [secret for secret in (PASSWORD, NEW, "home.example") if secret in stored]
