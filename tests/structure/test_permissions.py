"""Every action answers to every kind of reader as the permission table says."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from PIL import Image
from structure.permissions import PERMISSIONS
from werkzeug.datastructures import FileStorage

from ckanext.participation.common.model import Attachment

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


def picture(user: dict[str, Any]) -> str:
    """Upload a picture that waits for its message."""
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "PNG")
    target.seek(0)
    return tk.get_action("participation_attachment_create")(
        {"user": user["name"]}, {"upload": FileStorage(target, filename="p.png"), "alt": "A box"})["id"]


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_the_table_holds(private: bool, person: Make, as_user: Make) -> None:
    readers: dict[str, Any] = {"n": None, "u": person(), "m": person(), "e": person(), "o": person(), "a": person(sysadmin=True)}
    members = [{"name": readers["m"]["name"], "capacity": "member"}, {"name": readers["e"]["name"], "capacity": "editor"}]
    organisation = factories.Organization(users=members)
    factories.Organization(users=[{"name": readers["o"]["name"], "capacity": "editor"}])
    about = factories.Dataset(owner_org=organisation["id"], private=private, title_translated={"en": "Snow", "fr": "Neige"})
    thread = as_user(readers["e"], "participation_thread_create", subject_id=about["id"], title="Why?", body="Words.",
                     attachments=[picture(readers["e"])])
    shown = model.Session.scalars(sa.select(Attachment.id)).one()
    wrong = []
    for action, row in PERMISSIONS.items():
        data = {"dataset": {"id": about["id"], "subject_id": about["id"]},
                "thread": {"id": thread["id"], "thread_id": thread["id"], "target_type": "thread", "target_id": str(thread["id"])},
                "message": {"target_type": "comment", "target_id": f"{thread['id']}#1"}, "organization": {"id": organisation["id"]},
                "picture": {"id": shown}, "nothing": {}}[row.about]
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
