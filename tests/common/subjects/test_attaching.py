"""What the sweep cannot tell, an administrator attaches by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import g
from losing import events_of, purge, threads_of

from ckanext.participation.common import subjects

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


# --- by hand ------------------------------------------------------------------------------------------------------------------------


def test_an_administrator_attaches_by_hand_what_the_sweep_cannot_tell(talked_about: Make, person: Make, as_user: Make, dataset: Make) -> None:
    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    admin = person(sysadmin=True)
    orphan = as_user(admin, "participation_subject_orphans")["results"][0]
    assert orphan["threads"] == 1
    other = dataset(name="ice")
    now = as_user(admin, "participation_subject_attach", subject=orphan["subject"], target="ice")
    assert now["id"] == other["id"]
    assert threads_of(as_user, other) == [made["thread"]["id"]]
    assert events_of("subject.attached")[0]["by"] == "hand"
    assert as_user(admin, "participation_subject_orphans") == {"results": [], "count": 0}


def test_an_orphan_of_a_file_can_go_to_a_dataset_with_conversations_of_its_own(
        about_a_file: Make, person: Make, as_user: Make, talked_about: Make) -> None:
    made = about_a_file()
    purge(made["dataset"]["id"])
    subjects.sweep()
    admin = person(sysadmin=True)
    orphan = next(row for row in as_user(admin, "participation_subject_orphans")["results"] if row["type"] == "resource")
    there = talked_about()
    as_user(admin, "participation_subject_attach", subject=orphan["subject"], target=there["dataset"]["name"], target_type="dataset")
    assert sorted(threads_of(as_user, there["dataset"])) == sorted([made["thread"]["id"], there["thread"]["id"]])


@pytest.mark.parametrize(("data", "field"), [
    ({"target": "nothing-of-this-name"}, "target"), ({}, "target"), ({"target": "x", "target_type": "cloud"}, "subject_type"),
    ({"target": "x", "subject": "abc"}, "subject"), ({"target": ["x"]}, "target")])
def test_a_wrong_attachment_names_the_field(talked_about: Make, person: Make, as_user: Make, data: dict[str, Any], field: str) -> None:
    import ckan.plugins.toolkit as tk

    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    with pytest.raises(tk.ValidationError) as refused:
        as_user(person(sysadmin=True), "participation_subject_attach", **{"subject": 1, **data})
    assert list(refused.value.error_dict) == [field]


def test_what_is_not_lost_is_not_taken_from_its_dataset(talked_about: Make, person: Make, as_user: Make, dataset: Make) -> None:
    import ckan.plugins.toolkit as tk

    talked_about()
    other = dataset()
    with pytest.raises(tk.ValidationError) as refused:
        as_user(person(sysadmin=True), "participation_subject_attach", subject=1, target=other["id"])
    assert list(refused.value.error_dict) == ["subject"]


def test_the_queue_page_attaches_and_keeps_what_was_typed(talked_about: Make, person: Make, dataset: Make, app: Any, as_user: Make) -> None:
    made = talked_about()
    purge(made["dataset"]["id"])
    subjects.sweep()
    app.set_session_user(person(sysadmin=True)["id"])
    # The test's own request outlives the reader's, and remembers that nobody was signed in.
    g.pop("_login_user", None)
    token = BeautifulSoup(app.get("/participation/queue").body, "html.parser").find("meta", attrs={"name": "_csrf_token"})["content"]
    sent = {"subject": 1, "target_type": "dataset", "_csrf_token": token}
    wrong = BeautifulSoup(app.post("/participation/queue/attach", data={**sent, "target": "no-such"}).body, "html.parser")
    field = wrong.select_one(wrong.select_one(".pt-errors a")["href"])
    assert (field["name"], field["value"], field["aria-invalid"]) == ("target", "no-such", "true")
    other = dataset()
    app.post("/participation/queue/attach", data={**sent, "target": other["name"]})
    assert threads_of(as_user, other) == [made["thread"]["id"]]
