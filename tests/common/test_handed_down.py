"""Roles that CKAN hands down from an organisation to those below it (`ckan.auth.roles_that_cascade_to_sub_groups`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories

from ckanext.participation.common import people

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "with_request_context")

Make = Callable[..., dict[str, Any]]


def below(parent: str, **fields: Any) -> str:
    """Make an organisation under another one, and return its id."""
    child = factories.Organization(**fields)["id"]
    model.Session.add(model.Member(group=model.Group.get(child), table_id=parent, table_name="group", capacity="parent"))
    model.Session.commit()
    return child


def test_an_administrator_speaks_for_what_is_below_however_far(person: Make) -> None:
    chief, editor, stranger = person(), person(), person()
    ministry = factories.Organization(users=[{"name": chief["name"], "capacity": "admin"}, {"name": editor["name"], "capacity": "editor"}])
    office = below(below(ministry["id"]))
    assert people.speaks_for(chief["id"], office)
    assert people.speaks_for(editor["id"], ministry["id"])
    assert not people.speaks_for(editor["id"], office)
    assert not people.speaks_for(stranger["id"], office)


def test_nobody_speaks_for_what_is_above(person: Make) -> None:
    clerk = person()
    ministry = factories.Organization()
    office = below(ministry["id"], users=[{"name": clerk["name"], "capacity": "admin"}])
    assert people.speaks_for(clerk["id"], office)
    assert not people.speaks_for(clerk["id"], ministry["id"])
