"""The organisation says why a licence changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from licensing.conftest import BY, NC, OGL, ZERO

from ckanext.participation.common.model import Event

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Data = dict[str, Any]
Do = Callable[..., Any]
EXPLAIN = "participation_licence_change_explain"
WORDS = "The photographs belong to their authors."


def explained() -> list[Event]:
    return list(model.Session.scalars(sa.select(Event).where(Event.type == "licence.explained")))


def waiting(as_user: Do, about: Data, reader: Data) -> list[int]:
    page = as_user(reader, "participation_licence_change_list", organization=about["owner_org"])
    assert page["count"] == len(page["results"])
    return [row["id"] for row in page["results"]]


def test_staff_says_why_and_everybody_reads_it_in_the_organisations_name(narrowed: Data, history: Do, as_user: Do) -> None:
    assert waiting(as_user, narrowed, narrowed["staff"]) == [narrowed["change"]["id"]]
    as_user(narrowed["staff"], EXPLAIN, id=narrowed["change"]["id"], reason=WORDS, lang="en")
    [row] = history(narrowed)
    assert (row["state"], row["explanation"]["text"], row["explanation"]["lang"]) == ("explained", WORDS, "en")
    assert row["explanation"]["organization"]["id"] == narrowed["owner_org"]
    assert narrowed["staff"]["name"] not in str(row)
    assert waiting(as_user, narrowed, narrowed["staff"]) == []


def test_the_same_words_again_change_nothing_and_other_words_take_their_place(narrowed: Data, history: Do, as_user: Do) -> None:
    number = narrowed["change"]["id"]
    first = as_user(narrowed["staff"], EXPLAIN, id=number, reason=WORDS, lang="en")
    again = as_user(narrowed["staff"], EXPLAIN, id=number, reason=WORDS, lang="en")
    assert (again["explanation"], len(explained())) == (first["explanation"], 1)
    as_user(narrowed["staff"], EXPLAIN, id=number, reason="Les photos sont à leurs auteurs.", lang="fr")
    assert history(narrowed)[0]["explanation"]["lang"] == "fr"
    assert [event.data.get("former") for event in explained()] == [None, WORDS]


def test_a_sysadmin_may_say_why_and_nobody_else(narrowed: Data, person: Do, as_user: Do) -> None:
    number = narrowed["change"]["id"]
    member, other = person(), person()
    factories.Organization(users=[{"name": other["name"], "capacity": "admin"}])
    tk.get_action("member_create")({"ignore_auth": True, "user": tk.config["ckan.site_id"]}, {
        "id": narrowed["owner_org"], "object": member["id"], "object_type": "user", "capacity": "member"})
    for stranger in (None, person(), member, other):
        with pytest.raises(tk.NotAuthorized):
            as_user(stranger, EXPLAIN, id=number, reason=WORDS, lang="en")
        with pytest.raises(tk.NotAuthorized):
            as_user(stranger, "participation_licence_change_list", organization=narrowed["owner_org"])
    assert explained() == []
    as_user(person(sysadmin=True), EXPLAIN, id=number, reason=WORDS, lang="en")
    assert len(explained()) == 1


def test_a_number_that_does_not_exist_tells_nothing(narrowed: Data, person: Do, as_user: Do) -> None:
    for number in (999, 2**62):
        with pytest.raises(tk.NotAuthorized):
            as_user(narrowed["staff"], EXPLAIN, id=number, reason=WORDS, lang="en")
        with pytest.raises(tk.ObjectNotFound):
            as_user(person(sysadmin=True), EXPLAIN, id=number, reason=WORDS, lang="en")


def test_a_change_that_takes_nothing_away_needs_no_word(snow: Data, change: Do, history: Do, as_user: Do) -> None:
    change(snow, snow["staff"], license_id=ZERO)
    with pytest.raises(tk.ValidationError, match="needs no explanation"):
        as_user(snow["staff"], EXPLAIN, id=history(snow)[0]["id"], reason=WORDS, lang="en")


@pytest.mark.parametrize(("data", "field"), [
    ({"reason": ""}, "reason"), ({"reason": "   "}, "reason"), ({"reason": None}, "reason"), ({"reason": 7}, "reason"),
    ({"reason": "a" * 2001}, "reason"), ({"reason": "\ud800"}, "reason"), ({"lang": "de"}, "lang"), ({"lang": ["fr"]}, "lang"),
    ({"id": "x"}, "id"), ({"id": None}, "id"), ({"id": 2**70}, "id"), ({"alike": "perhaps"}, "alike")])  # fmt: skip
def test_bad_input_names_its_field(narrowed: Data, as_user: Do, data: Data, field: str) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        as_user(narrowed["staff"], EXPLAIN, **{"id": narrowed["change"]["id"], "reason": WORDS, "lang": "en", **data})
    assert list(refused.value.error_dict) == [field]


def test_one_word_for_all_that_changed_alike(person: Do, change: Do, history: Do, as_user: Do) -> None:
    staff = person()
    organisation = factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}])
    alike = [factories.Dataset(owner_org=organisation["id"], license_id=OGL) for _number in range(3)]
    different = factories.Dataset(owner_org=organisation["id"], license_id=BY)
    elsewhere = factories.Dataset(owner_org=factories.Organization()["id"], license_id=OGL)
    for about in (*alike, different, elsewhere):
        change(about, None, license_id=NC)
    reply = as_user(staff, EXPLAIN, id=history(alike[0])[0]["id"], reason=WORDS, lang="en", alike=True)
    assert reply["also"] == 2
    assert [history(about)[0]["state"] for about in (*alike, different, elsewhere)] == ["explained"] * 3 + ["open"] * 2
    assert len(explained()) == 3


def test_what_waits_comes_in_pages(person: Do, change: Do, as_user: Do) -> None:
    staff = person()
    organisation = factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}])
    for _number in range(3):
        change(factories.Dataset(owner_org=organisation["id"], license_id=OGL), None, license_id=NC)
    first = as_user(staff, "participation_licence_change_list", organization=organisation["name"], limit=2)
    rest = as_user(staff, "participation_licence_change_list", organization=organisation["name"], limit=2, after=first["next"])
    assert (len(first["results"]), len(rest["results"]), rest["next"], rest["count"]) == (2, 1, None, 3)


def test_what_is_gone_waits_for_nobody(narrowed: Data, as_user: Do) -> None:
    tk.get_action("package_delete")({"user": tk.config["ckan.site_id"], "ignore_auth": True}, {"id": narrowed["id"]})
    assert waiting(as_user, narrowed, narrowed["staff"]) == []
