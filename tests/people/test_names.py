"""Which name readers see, and who speaks for an organisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import changed_config
from hypothesis import given
from hypothesis import strategies as st
from statements import statements

from ckanext.participation.common import people
from ckanext.participation.common.model import Person
from ckanext.participation.people import rules

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


@pytest.fixture
def two(person: Make) -> dict[str, int]:
    """An editor of an organisation and somebody else, with public names; gives their persons' ids."""
    staff, citizen = person(name="staff-1", fullname="Staff One"), person(name="citizen-1", fullname="Citizen One")
    factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}])
    ids = {"staff": Person.for_user(staff["id"]), "citizen": Person.for_user(citizen["id"])}
    model.Session.execute(sa.update(Person).where(Person.id == ids["citizen"]).values(public_name="La piétonne"))
    model.Session.commit()
    return ids


@pytest.mark.parametrize(("policy", "staff", "citizen"), [
    ("chosen", ("Staff One", None), ("La piétonne", None)),
    ("account", ("staff-1", "staff-1"), ("citizen-1", "citizen-1")),
    ("staff", ("Staff One", None), ("A citizen", None))])
def test_the_sites_policy_says_which_name_is_shown(two: dict[str, int], policy: str, staff: Any, citizen: Any) -> None:
    with changed_config("participation.people.names", policy):
        names = people.public_names(set(two.values()))
    assert [(names[two[who]]["name"], names[two[who]]["account"]) for who in ("staff", "citizen")] == [staff, citizen]


def test_mails_say_the_same_in_their_own_language(two: dict[str, int]) -> None:
    with changed_config("participation.people.names", "staff"):
        assert people.public_names({two["citizen"]}, "fr")[two["citizen"]]["name"] == "Une personne"
        assert people.public_names({two["citizen"]}, "en")[two["citizen"]]["name"] == "A citizen"


@pytest.mark.parametrize("policy", ["chosen", "account", "staff"])
def test_a_closed_account_has_no_name_under_any_policy(two: dict[str, int], policy: str) -> None:
    for who in ("staff-1", "citizen-1"):
        model.User.get(who).state = "deleted"
    model.Session.commit()
    with changed_config("participation.people.names", policy):
        assert {shown["name"] for shown in people.public_names(set(two.values())).values()} == {"Former user"}


def test_names_of_a_page_cost_one_statement(two: dict[str, int]) -> None:
    with statements() as counted:
        for policy in ("chosen", "staff"):
            with changed_config("participation.people.names", policy):
                people.public_names(set(two.values()))
    assert len(counted) == 2


def test_editors_and_administrators_speak_and_members_do_not(person: Make) -> None:
    users = {role: person() for role in ("admin", "editor", "member")}
    organisation = factories.Organization(users=[{"name": user["name"], "capacity": role} for role, user in users.items()])
    stranger = person()
    assert {role: people.speaks_for(user["id"], organisation["id"]) for role, user in users.items()} == {
        "admin": True, "editor": True, "member": False}
    assert not people.speaks_for(stranger["id"], organisation["id"])
    # Somebody who has no role anywhere is not asked about one organisation after the other.
    Person.for_user(stranger["id"])
    assert not people.actor({"user": stranger["name"]}).has_voice
    assert people.actor({"user": users["editor"]["name"]}).speaks_for(organisation["id"])


def test_roles_come_down_to_organisations_below_as_ckan_hands_them_down(person: Make) -> None:
    boss, editor = person(), person()
    above = factories.Organization(users=[{"name": boss["name"], "capacity": "admin"}, {"name": editor["name"], "capacity": "editor"}])
    between = factories.Organization(groups=[{"name": above["name"], "capacity": "public"}])
    below = factories.Organization(groups=[{"name": between["name"], "capacity": "public"}])
    assert model.Group.get(below["id"]).get_parent_group_hierarchy("organization")

    def speakers() -> set[str]:
        return {name for name, user in (("boss", boss), ("editor", editor)) if people.speaks_for(user["id"], below["id"])}

    assert speakers() == {"boss"}
    with changed_config("ckan.auth.roles_that_cascade_to_sub_groups", ["admin", "editor"]):
        assert speakers() == {"boss", "editor"}
    with changed_config("ckan.auth.roles_that_cascade_to_sub_groups", []):
        assert speakers() == set()
    assert people.speaks_for(boss["id"], below["name"])
    model.Group.get(above["id"]).state = "deleted"
    model.Session.commit()
    assert speakers() == set()


@given(st.text(max_size=80))
def test_folding_is_stable_and_a_name_imitates_itself(name: str) -> None:
    folded = rules.fold(name)
    assert rules.fold(folded) == folded
    if folded:
        assert rules.imitated(name, [name.upper(), name]) is not None


@given(st.text(min_size=1, max_size=80), st.sets(st.sampled_from(["a", "claude", "claude-2", "person-2"])))
def test_an_accounts_name_can_stand_in_an_address(name: str, taken: set[str]) -> None:
    made = rules.account_name(rules.account_base(name), taken)
    assert made not in taken
    assert 2 < len(made) <= 50
    assert made.isascii()
    assert made.replace("-", "").isalnum()
    assert made not in rules.PAGES
