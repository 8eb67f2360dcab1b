"""Every action answers to every kind of reader as the permission table says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from structure.permissions import PERMISSIONS

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_the_table_holds(private: bool, person: Make, as_user: Make) -> None:
    readers: dict[str, Any] = {"n": None, "u": person(), "m": person(), "e": person(), "o": person(), "a": person(sysadmin=True)}
    members = [{"name": readers["m"]["name"], "capacity": "member"}, {"name": readers["e"]["name"], "capacity": "editor"}]
    organisation = factories.Organization(users=members)
    factories.Organization(users=[{"name": readers["o"]["name"], "capacity": "editor"}])
    about = factories.Dataset(owner_org=organisation["id"], private=private, title_translated={"en": "Snow", "fr": "Neige"})
    thread = as_user(readers["e"], "participation_thread_create", subject_id=about["id"], title="Why?", body="Words.")
    wrong = []
    for action, row in PERMISSIONS.items():
        data = {"dataset": {"id": about["id"], "subject_id": about["id"]},
                "thread": {"id": thread["id"], "thread_id": thread["id"]}, "nothing": {}}[row.about]
        allowed = ""
        for letter, user in readers.items():
            context: Any = {"user": user["name"] if user else ""}
            try:
                tk.check_access(action, context, data)
                allowed += letter
            except tk.NotAuthorized:
                continue
        expected = row.private if private else row.public
        if allowed != expected:
            wrong.append(f"{action}: {allowed or '-'} may, the table says {expected}")
    assert wrong == []
