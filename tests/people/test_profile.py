"""One's own account: the public name, the language of mails, another address, and closing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from people.conftest import PASSWORD

from ckanext.participation.common import people
from ckanext.participation.common.model import Event, Follow, Person, now
from ckanext.participation.people import links

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


def account(user: dict[str, Any]) -> model.User:
    model.Session.expire_all()
    return model.Session.get(model.User, user["id"])


def test_a_profile_shows_what_only_its_owner_sees(person: Make, as_user: Make) -> None:
    user = person(fullname="Dominique Roy", email="dominique@home.example")
    shown = as_user(user, "participation_person_show")
    assert (shown["public_name"], shown["email"], shown["mail_language"]) == ("Dominique Roy", "dominique@home.example", "both")
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_person_show")


def test_a_new_public_name_shows_on_earlier_texts_and_on_ckans_pages(person: Make, as_user: Make, dataset: Make) -> None:
    user = person(fullname="Dominique Roy")
    thread = as_user(user, "participation_thread_create", subject_id=dataset()["id"], title="Why?", body="Words.")
    as_user(user, "participation_person_update", public_name="La piétonne")
    assert as_user(None, "participation_thread_show", id=thread["id"])["author"]["name"] == "La piétonne"
    assert account(user).display_name == "La piétonne"


def test_what_is_not_given_stays(person: Make, as_user: Make) -> None:
    user = person(fullname="Dominique Roy", about="I count cars.")
    as_user(user, "participation_person_update", mail_language="fr")
    shown = as_user(user, "participation_person_show")
    assert (shown["public_name"], shown["about"], shown["mail_language"]) == ("Dominique Roy", "I count cars.", "fr")
    event = model.Session.scalars(sa.select(Event)).one()
    assert (event.type, event.data) == ("person.updated", {"fields": ["mail_language"]})


@pytest.mark.parametrize(("field", "value"), [("public_name", "Staff"), ("public_name", 7), ("mail_language", "de"),
                                              ("about", "see https://evil.example"), ("about", "x" * 1001)])
def test_what_cannot_be_taken_is_named(person: Make, as_user: Make, field: str, value: Any) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(person(), "participation_person_update", **{field: value})
    assert set(error.value.error_dict) == {field}


def test_mails_come_in_the_language_that_was_chosen(person: Make, as_user: Make, mails: Make) -> None:
    user = person()
    as_user(user, "participation_person_update", mail_language="fr")
    as_user(None, "participation_person_reset_ask", login=user["name"])
    (mail,) = mails()
    assert mail["subject"].startswith("Choisissez un nouveau mot de passe")
    assert "Hello" not in mail["body"]


def test_another_address_counts_once_its_owner_says_so(person: Make, as_user: Make, mails: Make, token_of: Make) -> None:
    user = person(email="old@home.example", password=PASSWORD)
    as_user(user, "participation_person_email_change", email="new@home.example", password=PASSWORD)
    assert account(user).email == "old@home.example"
    sent = {mail["to"]: mail for mail in mails()}
    assert set(sent) == {"old@home.example", "new@home.example"}
    assert sent["old@home.example"]["link"] == ""
    assert as_user(user, "participation_person_show")["new_email"] == "new@home.example"
    token = token_of(sent["new@home.example"]["link"])
    as_user(None, "participation_person_email_confirm", token=token)
    assert account(user).email == "new@home.example"
    with pytest.raises(links.LinkRefused) as error:
        as_user(None, "participation_person_email_confirm", token=token)
    assert error.value.code == "used"


def test_a_newer_request_takes_the_place_of_an_older_link(person: Make, as_user: Make, mails: Make, token_of: Make) -> None:
    user = person(email="old@home.example", password=PASSWORD)
    as_user(user, "participation_person_email_change", email="first@home.example", password=PASSWORD)
    first = next(mail for mail in mails() if mail["to"] == "first@home.example")
    as_user(user, "participation_person_email_change", email="second@home.example", password=PASSWORD)
    with pytest.raises(links.LinkRefused):
        as_user(None, "participation_person_email_confirm", token=token_of(first["link"]))
    assert account(user).email == "old@home.example"


def test_an_address_of_somebody_else_is_refused_only_to_its_owner(person: Make, as_user: Make, mails: Make, token_of: Make) -> None:
    person(email="taken@home.example")
    user = person(email="old@home.example", password=PASSWORD)
    told = as_user(user, "participation_person_email_change", email="taken@home.example", password=PASSWORD)
    assert told["email"] == "taken@home.example"
    link = next(mail["link"] for mail in mails() if mail["to"] == "taken@home.example")
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_person_email_confirm", token=token_of(link))
    assert "Another account" in error.value.error_dict["token"][0]
    assert account(user).email == "old@home.example"


def test_a_closed_account_leaves_texts_and_no_name(person: Make, as_user: Make, dataset: Make) -> None:
    user = person(fullname="Dominique Roy", email="dominique@home.example", password=PASSWORD, about="I count cars.")
    organisation = factories.Organization(users=[{"name": user["name"], "capacity": "editor"}])
    thread = as_user(user, "participation_thread_create", subject_id=dataset()["id"], title="Why?", body="Words.")
    person_id = Person.for_user(user["id"])
    model.Session.add(Follow(target_type="dataset", target_id="1", person_id=person_id, muted=False, at=now()))
    model.Session.commit()
    assert as_user(user, "participation_person_close", password=PASSWORD) == {"closed": True}
    shown = as_user(None, "participation_thread_show", id=thread["id"])
    assert (shown["author"]["name"], shown["author"].get("account")) == ("Former user", None)
    assert as_user(None, "participation_comment_list", thread_id=thread["id"])["results"][0]["body"] == "Words."
    closed = account(user)
    assert (closed.state, closed.email, closed.fullname, closed.about, closed.reset_key) == ("deleted", None, None, None, None)
    assert "roy" not in closed.name
    assert not closed.validate_password(PASSWORD)
    assert not people.speaks_for(user["id"], organisation["id"])
    assert model.Session.scalars(sa.select(model.ApiToken).where(model.ApiToken.user_id == user["id"])).all() == []
    assert model.Session.scalars(sa.select(Follow).where(Follow.person_id == person_id)).all() == []


def test_somebody_with_the_same_address_can_begin_anew(person: Make, as_user: Make, sign_up: Make) -> None:
    user = person(email="again@home.example", password=PASSWORD)
    as_user(user, "participation_person_close", password=PASSWORD)
    assert sign_up("again@home.example").state == "pending"


def test_closing_asks_for_the_password_and_an_administrator_is_sent_to_another(person: Make, as_user: Make) -> None:
    with pytest.raises(tk.ValidationError):
        as_user(person(), "participation_person_close", password="not it")
    model.Session.rollback()
    boss = person(sysadmin=True, password=PASSWORD)
    with pytest.raises(tk.ValidationError, match="administer"):
        as_user(boss, "participation_person_close", password=PASSWORD)
