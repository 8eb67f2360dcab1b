"""Asking for an account: what is stored, what is mailed, and what a stranger can learn from it (nothing)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import changed_config
from people.conftest import PASSWORD

from ckanext.participation.common.model import Event, Outbox, Person
from ckanext.participation.people import accounts, links

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


def events() -> list[str]:
    return list(model.Session.scalars(sa.select(Event.type).order_by(Event.id)))


def test_an_account_waits_until_its_address_is_confirmed(sign_up: Make, as_user: Make, dataset: Make) -> None:
    user = sign_up()
    assert (user.state, user.name, user.fullname) == ("pending", "claude-tremblay", "Claude Tremblay")
    assert model.Session.scalar(sa.select(Person.public_name).where(Person.user_id == user.id)) == "Claude Tremblay"
    assert events() == ["person.registered"]
    about = dataset()
    with pytest.raises(tk.NotAuthorized):
        as_user({"name": user.name}, "participation_thread_create", subject_id=about["id"], title="Why?", body="Words.")


def test_the_link_and_the_password_confirm_it(sign_up: Make, mails: Make, token_of: Make, as_user: Make) -> None:
    user = sign_up()
    (mail,) = mails()
    assert (mail["event"], mail["to"]) == ("person.registered", "claude@home.example")
    assert "Confirmez" in mail["subject"]
    assert "Confirm your address" in mail["subject"]
    told = as_user(None, "participation_person_confirm", token=token_of(mail["link"]), password=PASSWORD)
    assert told == {"name": "claude-tremblay", "public_name": "Claude Tremblay"}
    model.Session.refresh(user)
    assert user.state == "active"
    assert events() == ["person.registered", "person.confirmed"]


def test_the_link_without_the_password_confirms_nothing(sign_up: Make, mails: Make, token_of: Make, as_user: Make) -> None:
    """Who signed up with somebody else's address would have them confirm an account whose password they know."""
    user = sign_up()
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_confirm", token=token_of(mails()[0]["link"]), password="something else")
    assert set(error.value.error_dict) == {"password"}
    model.Session.refresh(user)
    assert user.state == "pending"


def test_a_link_opened_twice_says_that_it_was_used(sign_up: Make, mails: Make, token_of: Make, as_user: Make) -> None:
    sign_up()
    token = token_of(mails()[0]["link"])
    as_user(None, "participation_person_confirm", token=token, password=PASSWORD)
    with pytest.raises(links.LinkRefused) as error:
        as_user(None, "participation_person_confirm", token=token, password=PASSWORD)
    assert error.value.code == "used"


def test_a_link_ends_and_another_one_can_be_asked_for(sign_up: Make, mails: Make, token_of: Make, as_user: Make) -> None:
    user = sign_up()
    old = links.token(links.CONFIRM, user, datetime.now(UTC) - timedelta(hours=49))
    with pytest.raises(links.LinkRefused) as error:
        as_user(None, "participation_person_confirm", token=old, password=PASSWORD)
    assert error.value.code == "late"
    mails()
    as_user(None, "participation_person_resend", email="CLAUDE@home.example")
    (mail,) = mails()
    assert mail["event"] == "person.link_asked"
    as_user(None, "participation_person_confirm", token=token_of(mail["link"]), password=PASSWORD)


@pytest.mark.parametrize("spoil", [lambda token: token[:-3], lambda token: "x" + token, lambda token: "é\u2028", lambda token: token + "."])
def test_a_link_that_was_cut_or_changed_is_refused(sign_up: Make, mails: Make, token_of: Make, as_user: Make, spoil: Make) -> None:
    sign_up()
    with pytest.raises(links.LinkRefused) as error:
        as_user(None, "participation_person_confirm", token=spoil(token_of(mails()[0]["link"])), password=PASSWORD)
    assert error.value.code == "bad"


def test_a_link_of_one_purpose_serves_no_other(sign_up: Make, as_user: Make) -> None:
    token = links.token(links.CONFIRM, sign_up(), datetime.now(UTC))
    with pytest.raises(links.LinkRefused):
        as_user(None, "participation_person_reset", token=token, password="a brand new one")


def test_no_token_is_stored_anywhere(sign_up: Make, mails: Make, token_of: Make) -> None:
    user = sign_up()
    token = token_of(mails()[0]["link"])
    for column in (Event.data, Outbox.recipient, Outbox.last_error, model.User.plugin_extras, model.User.reset_key):
        stored = model.Session.scalars(sa.select(sa.cast(column, sa.Text))).all()
        assert not [value for value in stored if value and (token in value or token.rsplit(".", 1)[1] in value or PASSWORD in value)]
    assert user.email not in str(model.Session.scalars(sa.select(sa.cast(Event.data, sa.Text))).all())


def test_the_answer_is_the_same_for_an_address_that_has_an_account(person: Make, sign_up: Make, as_user: Make, mails: Make) -> None:
    known = person(email="known@home.example")
    asked = {"public_name": "Somebody", "password": PASSWORD}
    assert (as_user(None, "participation_person_register", email="Known@home.example", **asked)
            == as_user(None, "participation_person_register", email="Known@home.example", **asked))
    unknown = as_user(None, "participation_person_register", email="new@home.example", **asked)
    assert unknown == {"email": "new@home.example", "hours": 48}
    first = mails()[0]
    assert (first["event"], first["to"]) == ("person.sign_up_repeated", "known@home.example")
    assert known["name"] in first["body"]
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(model.User).where(model.User.email.ilike("known@home.example"))) == 1


def test_a_double_click_makes_one_account_and_one_mail(sign_up: Make, mails: Make) -> None:
    sign_up()
    sign_up()
    assert len(mails()) == 1
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(model.User).where(model.User.state == "pending")) == 1


def test_an_address_gets_few_mails_however_often_it_is_asked_for(sign_up: Make, as_user: Make, mails: Make) -> None:
    for number in range(8):
        sign_up("victim@home.example", f"Name {number}")
        as_user(None, "participation_person_resend", email="victim@home.example")
        as_user(None, "participation_person_reset_ask", login="victim@home.example")
    assert len(mails()) <= accounts.MOST_PENDING * 5


def test_the_first_confirmed_account_of_an_address_is_the_only_one(sign_up: Make, mails: Make, token_of: Make, as_user: Make) -> None:
    stranger = sign_up("mine@home.example", "A stranger")
    stranger_id = stranger.id
    mine = sign_up("mine@home.example", "It is me", password="my own three words")
    last = mails()[-1]
    as_user(None, "participation_person_confirm", token=token_of(last["link"]), password="my own three words")
    model.Session.refresh(mine)
    assert mine.state == "active"
    model.Session.expunge_all()
    assert model.Session.get(model.User, stranger_id) is None
    assert model.Session.scalar(sa.select(Person.id).where(Person.user_id == stranger_id)) is None


def test_two_links_of_one_address_make_one_account(sign_up: Make, mails: Make, as_user: Make, person: Make) -> None:
    user = sign_up("both@home.example")
    token = links.token(links.CONFIRM, user, datetime.now(UTC))
    person(email="both@home.example")
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_confirm", token=token, password=PASSWORD)
    assert "Another account" in error.value.error_dict["token"][0]


def test_a_mail_to_an_unconfirmed_address_says_nothing_that_a_stranger_chose(sign_up: Make, mails: Make) -> None:
    sign_up(public_name="Win money at evil dot example")
    (mail,) = mails()
    assert "evil" not in mail["subject"] + mail["body"]


def test_the_accounts_name_is_made_of_the_public_one_and_is_its_own(sign_up: Make, person: Make) -> None:
    person(name="helene-cote")
    assert sign_up("a@home.example", "Hélène Côté").name == "helene-cote-2"
    assert sign_up("b@home.example", "Hélène Côté").name == "helene-cote-3"
    assert sign_up("c@home.example", "李明").name == "person-2"
    assert sign_up("d@home.example", "Register").name == "person-3"


@pytest.mark.parametrize(("name", "words"), [
    ("", "Enter the name"), ("A", "2 to 60"), ("x" * 61, "2 to 60"), ("\u200b\u202e \x00", "Write something"), ("1234", "letter"),
    ("me@home.example", "address"), ("https://evil.example", "address"), ("Administrator", "staff"), ("Réponse de l'organisme", "staff"),
    ("FORMER USER", "staff"), ("Une  personne", "staff")])
def test_a_public_name_that_misleads_is_refused_with_a_reason(as_user: Make, name: str, words: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_register", email="a@home.example", public_name=name, password=PASSWORD)
    assert words in error.value.error_dict["public_name"][0]


@pytest.mark.parametrize("name", ["Transport Agency", "TRANSPORT-AGENCY", "Trаnspоrt Аgency", "Tránsport  Ágency", "Agence des transports",
                                  "AGENCE DES TRANSP0RTS", "transport-bureau"])
def test_nobody_takes_the_name_of_an_organisation(as_user: Make, name: str) -> None:
    factories.Organization(name="transport-bureau", title_translated={"en": "Transport Agency", "fr": "Agence des transports"})
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_register", email="a@home.example", public_name=name, password=PASSWORD)
    assert "organisation" in error.value.error_dict["public_name"][0]


def test_line_breaks_and_hidden_letters_leave_a_name(sign_up: Make) -> None:
    assert sign_up(public_name="Claude\r\nBcc: all@" .replace("@", "") + "\u202e\u200b x").fullname == "Claude Bcc: all x"


@pytest.mark.parametrize("email", ["", "no", "a@b", "a b@home.example", "a@home.example\nBcc: b@home.example", "x" * 250 + "@home.example"])
def test_an_address_that_is_none_is_refused(as_user: Make, email: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_register", email=email, public_name="Claude", password=PASSWORD)
    assert set(error.value.error_dict) == {"email"}


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaa", "x" * 257, "a@home.example", "claude bérubé"])
def test_a_poor_password_is_refused(as_user: Make, password: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_register", email="a@home.example", public_name="Claude Bérubé", password=password)
    assert set(error.value.error_dict) == {"password"}


def test_a_site_can_keep_sign_up_to_its_administrators(as_user: Make) -> None:
    with changed_config("participation.people.signup", False), pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_person_register", email="a@home.example", public_name="Claude", password=PASSWORD)


def test_accounts_that_were_never_confirmed_are_swept_and_invitations_stay(sign_up: Make) -> None:
    late, fresh = sign_up("late@home.example"), sign_up("fresh@home.example")
    invited = factories.User(state="pending")
    long_ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=9)
    model.Session.execute(sa.update(model.User).where(model.User.id.in_([late.id, invited["id"]])).values(created=long_ago))
    ids = {late.id: False, fresh.id: True, invited["id"]: True}
    model.Session.commit()
    assert accounts.sweep() == 1
    assert {user_id: model.Session.get(model.User, user_id) is not None for user_id in ids} == ids


def test_somebody_who_was_invited_is_not_given_a_second_account(sign_up: Make, mails: Make) -> None:
    factories.User(state="pending", email="staff@agency.example")
    sign_up("staff@agency.example")
    assert [mail["event"] for mail in mails()] == ["person.sign_up_repeated"]
