"""Who is told that a licence changed, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from licensing.conftest import NC, OGL, ZERO

from ckanext.participation.common import outbox
from ckanext.participation.common.model import Event, Outbox

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Data = dict[str, Any]
Do = Callable[..., Any]


@pytest.fixture
def follow() -> Do:
    """Have somebody follow a dataset, as CKAN keeps it."""
    return lambda user, about: tk.get_action("follow_dataset")({"user": user["name"]}, {"id": about["id"]})


def told(type_: str = "licence.changed") -> dict[str, list[str]]:
    """Announce every event of a type, and return the names of the accounts that get a mail, by the dataset's number."""
    found: dict[str, list[str]] = {}
    for event in model.Session.scalars(sa.select(Event).where(Event.type == type_).order_by(Event.id)):
        row = model.Session.scalars(sa.select(Outbox).where(Outbox.event_id == event.id, Outbox.kind == "announce")).one()
        outbox._announce(row, event)
        users = model.Session.scalars(sa.select(Outbox.recipient).where(Outbox.event_id == event.id, Outbox.kind == "mail"))
        names = {model.User.get(user).name for user in users}  # type: ignore[union-attr]
        # The account of the site itself made the organisation; it has no address.
        found[str(event.id)] = sorted(names - {tk.config["ckan.site_id"]})
    return found


def mail(user: Data, type_: str = "licence.changed") -> tuple[str, str]:
    event = model.Session.scalars(sa.select(Event).where(Event.type == type_).order_by(Event.id.desc())).first()
    assert event is not None
    return outbox.compose(event, user["id"])


def test_followers_and_colleagues_are_told_and_who_did_it_is_not(snow: Data, person: Do, change: Do, follow: Do) -> None:
    reader, colleague = person(), person()
    follow(reader, snow)
    tk.get_action("member_create")({"ignore_auth": True, "user": tk.config["ckan.site_id"]}, {
        "id": snow["owner_org"], "object": colleague["id"], "object_type": "user", "capacity": "admin"})
    change(snow, snow["staff"], license_id=NC)
    assert list(told().values()) == [sorted([reader["name"], colleague["name"]])]


def test_what_allows_more_is_told_to_followers_alone(snow: Data, person: Do, change: Do, follow: Do) -> None:
    reader = person()
    follow(reader, snow)
    change(snow, None, license_id=ZERO)
    assert list(told().values()) == [[reader["name"]]]


def test_both_languages_name_the_terms_the_day_and_what_stays(snow: Data, person: Do, change: Do, follow: Do) -> None:
    reader = person()
    follow(reader, snow)
    change(snow, None, license_id=NC)
    subject, body = mail(reader)
    assert subject == "La licence a changé : Neige / The licence changed: Snow"
    for words in ("Neige était sous « Licence du gouvernement ouvert", "Elle permet moins qu’avant.", "Ce que vous avez obtenu avant le",
                  "Snow was under “Open Government Licence", "It allows less than before.", "What you obtained before",
                  f"/fr/participation/dataset/{snow['name']}/licence-history", "parce que vous suivez", "because you follow"):
        assert words in body, words
    assert "Readers wait" not in body


def test_staff_is_asked_for_a_word(snow: Data, change: Do) -> None:
    change(snow, None, license_id=NC)
    assert list(told().values()) == [[snow["staff"]["name"]]]
    body = mail(snow["staff"])[1]
    for words in ("Readers wait for a word from you", "Les lecteurs attendent un mot", "/participation/licence-change/1/explain",
                  f"/participation/organization/{snow['owner_org']}/licence-changes", "because you answer for"):
        assert words in body, words


def test_a_mail_names_the_files(snow: Data, person: Do, change: Do, follow: Do) -> None:
    reader = person()
    follow(reader, snow)
    change(snow, None, resources=[{**snow["resources"][0], "license": NC}, snow["resources"][1]])
    body = mail(reader)[1]
    assert "These files of Snow were under" in body
    assert "- A\n" in body
    assert "- B" not in body


def test_many_changes_within_an_hour_are_one_mail_to_the_organisation(person: Do, change: Do, follow: Do) -> None:
    staff, reader = person(), person()
    organisation = factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}])
    abouts = [factories.Dataset(owner_org=organisation["id"], license_id=OGL) for _number in range(4)]
    follow(reader, abouts[2])
    for about in abouts:
        change(about, None, license_id=NC)
    model.Session.execute(sa.text("UPDATE participation_licence_change SET at = date_trunc('hour', at)"))
    assert list(told().values()) == [[staff["name"]], [], [reader["name"]], []]


def test_nobody_is_told_of_what_they_may_not_see(snow: Data, person: Do, change: Do, follow: Do) -> None:
    reader = person()
    follow(reader, snow)
    change(snow, None, license_id=NC, private=True)
    assert list(told().values()) == [[snow["staff"]["name"]]]


def test_followers_get_the_organisations_words(narrowed: Data, person: Do, as_user: Do, follow: Do) -> None:
    reader = person()
    follow(reader, narrowed)
    as_user(narrowed["staff"], "participation_licence_change_explain", id=narrowed["change"]["id"], reason="Photographs.", lang="en")
    assert list(told("licence.explained").values()) == [[reader["name"]]]
    subject, body = mail(reader, "licence.explained")
    assert "Why the licence changed: Snow" in subject
    assert "Photographs." in body


def test_the_outbox_makes_one_mail_for_each(snow: Data, person: Do, change: Do, follow: Do) -> None:
    reader = person()
    for user in (reader, snow["staff"]):
        follow(user, snow)
    change(snow, None, license_id=NC)
    # The mails find no server here: they wait, nothing is lost.
    outbox.drain()
    rows = list(model.Session.scalars(sa.select(Outbox).where(Outbox.kind == "mail", Outbox.recipient.in_([reader["id"], snow["staff"]["id"]]))))
    assert sorted(row.recipient for row in rows) == sorted([reader["id"], snow["staff"]["id"]])
    assert all(row.last_error is None or "SMTP" in row.last_error or "Mailer" in row.last_error for row in rows)


def test_a_follower_of_many_gets_one_mail_for_all(person: Do, change: Do, follow: Do) -> None:
    reader = person()
    organisation = factories.Organization()
    abouts = [factories.Dataset(owner_org=organisation["id"], license_id=licence) for licence in (OGL, OGL, ZERO)]
    for about in abouts:
        follow(reader, about)
        change(about, None, license_id=NC)
    told()
    rows = list(model.Session.scalars(sa.select(Event).where(Event.type == "licence.changed").order_by(Event.id)))
    subject, body = outbox.compose(rows, reader["id"])
    assert subject == "Les licences de 3 jeux de données ont changé / The licences of 3 datasets changed"
    for words in ("2 datasets were under “Open Government Licence", f"{abouts[2]['title']} was under “", "because you follow these datasets",
                  "2 jeux de données étaient sous", *(f"/participation/dataset/{about['name']}/licence-history" for about in abouts)):
        assert words in body, words
