"""Conversations survive a harvest source that is cleared and harvested again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import call_action

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Event
from ckanext.participation.harvesting.running import run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("path", ["csa", "psdi"])
def test_a_cleared_source_that_is_harvested_again_brings_its_conversations_back(
        make_source: Make, person: Make, as_user: Callable[..., Any], path: str) -> None:
    source = make_source(path)
    run(source["id"])
    found = call_action("package_search", rows=1000, fq="dataset_type:dataset")["results"]
    about = next(row for row in found if len({file["url"] for file in row["resources"]}) == len(row["resources"]) > 0)
    reader = person()
    thread = as_user(reader, "participation_thread_create", subject_id=about["id"], title="Why?", body="Words.")
    file = about["resources"][0]
    on_file = as_user(reader, "participation_thread_create", subject_type="resource", subject_id=file["id"], title="This?", body="Words.")

    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("harvest_source_clear", {"user": user, "model": model, "session": model.Session}, id=source["id"])
    model.Session.remove()
    assert subjects.sweep()["lost"] == 2
    run(source["id"])
    done = subjects.sweep()
    assert done["orphans"] == 0
    assert done["returned"] + done["reattached"] == 2

    again = [row for row in call_action("package_search", rows=1000, fq="dataset_type:dataset")["results"]
             if row["title"] == about["title"]]
    talked = {row["id"]: as_user(None, "participation_thread_list", subject_id=row["id"])["results"] for row in again}
    assert [shown["id"] for rows in talked.values() for shown in rows if shown["id"] == thread["id"]] == [thread["id"]]
    here = as_user(None, "participation_thread_show", id=on_file["id"])
    assert tk.get_action("resource_show")({"ignore_auth": True}, {"id": here["subject"]["id"]})["url"] == file["url"]
    assert {event.type for event in model.Session.scalars(sa.select(Event).where(Event.type.like("subject.%")))} <= {
        "subject.lost", "subject.returned", "subject.reattached"}
