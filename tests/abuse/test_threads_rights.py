"""Who gets to read what was said, on every way out of the house: a table of situations, ways and readers.

A reader gets a conversation when its secret word is in the answer. n nobody, u a person, w who wrote it, o somebody else who wrote
under it, e an editor of another organisation, a an administrator of the publishing one, s a sysadmin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers

from ckanext.participation.common import outbox
from ckanext.participation.common.model import Event, Outbox, Subject
from ckanext.participation.threads.model import Comment, Thread

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
SECRET = "xylophone"
ALL = "nuwoeas"

# Who gets the text of a conversation itself, and its line in lists (of the dataset, the organisation, the site, exports).
TABLE = {"public": (ALL, ALL), "private": ("as", "as"), "deleted": ("as", "as"), "hidden": ("s", ""), "held": ("ws", ""), "taken back": ("", ""),
         "lost": ("s", "")}
ITSELF = ["api:thread_show?id={id}", "api:comment_list?thread_id={id}", "api:comment_list?thread_id={id}&order=useful",
          "api:comment_show?thread_id={id}&seq=1", "api:comment_history?thread_id={id}&seq=1", "/participation/thread/{id}",
          "/participation/thread/{id}/messages", "/participation/thread/{id}/1/history", "/participation/thread/{id}/1/support",
          "/participation/thread/{id}/follow", "/participation/thread/{id}/manage", "/participation/thread/{id}/1/edit"]
LISTS = ["api:thread_list?subject_id={dataset}", "api:thread_latest", "api:thread_overview?id={organization}",
         "api:thread_export?subject_id={dataset}", "api:thread_export?subject_type=organization&subject_id={organization}",
         "/participation/conversations", "/participation/dataset/{name}/threads", "/participation/organization/{organization}/conversations",
         "/participation/dataset/{name}/threads.csv", "/participation/dataset/{name}/threads.json",
         "/participation/organization/{organization}/threads.json", "/dataset/{name}", "/dataset/{name}.ttl", "/"]
# Ways that need more than reading, or hold less than the conversation: never more than its readers, and nobody without a session.
NARROW = {"/participation/thread/{id}/1/support", "/participation/thread/{id}/follow", "/participation/thread/{id}/manage",
          "/participation/thread/{id}/1/edit", "/dataset/{name}", "/dataset/{name}.ttl", "/"}


@pytest.fixture
def town(app: Any, person: Make) -> dict[str, Any]:
    """A dataset, a conversation about it by a citizen, and the readers."""
    readers = {letter: person(sysadmin=letter == "s") for letter in ALL if letter != "n"}
    organisation = factories.Organization(users=[{"name": readers["a"]["name"], "capacity": "admin"}])
    factories.Organization(users=[{"name": readers["e"]["name"], "capacity": "editor"}])
    about = factories.Dataset(owner_org=organisation["id"], title_translated={"en": "Snow", "fr": "Neige"})
    app.client = app.test_client()
    return {"readers": readers, "organization": organisation["id"], "dataset": about["id"], "name": about["name"], "app": app}


def call(town: dict[str, Any], letter: str, action: str, **data: Any) -> Any:
    answer = town["app"].post(f"/api/3/action/participation_{action}", json=data, headers={"Authorization": town["readers"][letter]["token"]})
    assert answer.status_code == 200, answer.body
    return answer.json["result"]


def begin(town: dict[str, Any], **fields: Any) -> int:
    return call(town, "w", "thread_create", **{
        "subject_id": town["dataset"], "title": f"Why {SECRET}?", "body": f"The {SECRET}.", "lang": "en", "kind": "problem",
        "problem": {"wrong": SECRET}, **fields})["id"]


def happen(town: dict[str, Any], situation: str) -> int:
    """Bring about the situation and return the number of the conversation."""
    links = " ".join(f"[x](https://{letter}.example)" for letter in "abc")
    thread = begin(town, **({"body": f"{SECRET} {links}"} if situation == "held" else {}))
    if situation != "held":
        call(town, "o", "comment_create", thread_id=thread, body="Me too.", lang="en")
    if situation == "private":
        helpers.call_action("package_patch", id=town["dataset"], private=True)
    elif situation == "deleted":
        helpers.call_action("package_delete", id=town["dataset"])
    elif situation == "hidden":
        call(town, "s", "visibility_set", kind="comment", id=f"{thread}#1", state="hidden", reason="Rude.")
    elif situation == "taken back":
        # The title stays with the answers: what it says is not the secret here.
        call(town, "w", "comment_edit", thread_id=thread, seq=1, body=f"A {SECRET}.", title="Why?")
        model.Session.execute(sa.text("UPDATE participation_thread_change SET before = 'x'"))
        model.Session.commit()
        call(town, "w", "comment_delete", thread_id=thread, seq=1)
    elif situation == "lost":
        model.Session.execute(sa.update(Subject).values(lost_at=sa.func.now()))
        model.Session.commit()
    return thread


def answer_to(town: dict[str, Any], way: str, letter: str, thread: int) -> str:
    address = way.format(id=thread, **town).replace("api:", "/api/3/action/participation_")
    headers = {"Authorization": town["readers"][letter]["token"]} if letter != "n" else {}
    # A context of its own forgets who read before; a streamed file is read to its end in it.
    with town["app"].flask_app.app_context():
        answer = town["app"].get(address, headers=headers, follow_redirects=False, buffered=True)
    assert answer.status_code < 500, f"{address} for {letter}"
    return answer.body


@pytest.mark.parametrize("situation", TABLE)
def test_the_table_holds(town: dict[str, Any], situation: str) -> None:
    thread = happen(town, situation)
    wrong = []
    for ways, expected in zip((ITSELF, LISTS), TABLE[situation], strict=True):
        for way in ways:
            got = "".join(letter for letter in ALL if SECRET in answer_to(town, way, letter, thread))
            # Of a hidden message an administrator sees the title, and nobody its text.
            if not (set(got) <= set(expected) if way in NARROW or situation == "hidden" else got == expected):
                wrong.append(f"{way}: {got or '-'} read it, the table says {expected or '-'}")
    assert wrong == []


@pytest.mark.parametrize("situation", [name for name in TABLE if name != "public"])
def test_what_is_out_of_sight_is_in_no_mail_search_or_rdf(town: dict[str, Any], situation: str) -> None:
    thread = happen(town, situation)
    with town["app"].flask_app.test_request_context():
        found = helpers.call_action("package_search", q=SECRET, include_private=True)
        assert found["count"] == 0
        readable = set(TABLE[situation][0]) if situation not in ("hidden", "held", "taken back", "lost") else set()
        for event in model.Session.scalars(sa.select(Event).join(Outbox, Outbox.event_id == Event.id)).all():
            row = model.Session.scalars(sa.select(Outbox).where(Outbox.event_id == event.id)).first()
            outbox._announce(row, event)
            for letter, user in town["readers"].items():
                address: Any = outbox.registry.event_types[event.type].address
                if situation != "taken back" and letter not in readable:
                    assert address({**outbox.events.as_dict(event), "recipient": user["id"]}) is None, f"{event.type} to {letter}"
            if situation == "taken back":
                assert SECRET not in outbox.compose(event)[1].replace(f"Why {SECRET}?", "")
        model.Session.rollback()
    assert thread


def test_a_mail_that_waits_is_dropped_when_the_dataset_turns_private(town: dict[str, Any]) -> None:
    thread = begin(town)
    call(town, "o", "comment_create", thread_id=thread, body="Me too.", lang="en")
    event = model.Session.scalars(sa.select(Event).where(Event.type == "comment.created")).one()
    told = outbox.events.as_dict(event)
    address: Any = outbox.registry.event_types["comment.created"].address
    assert address({**told, "recipient": town["readers"]["w"]["id"]}) is not None
    helpers.call_action("package_patch", id=town["dataset"], private=True)
    assert address({**told, "recipient": town["readers"]["w"]["id"]}) is None


def test_who_answers_without_the_own_name_is_named_nowhere(town: dict[str, Any], person: Make) -> None:
    clerk = person(fullname="Zoltan Xylander")
    helpers.call_action("organization_member_create", id=town["organization"], username=clerk["name"], role="editor")
    town["readers"]["c"] = clerk
    thread = call(town, "c", "thread_create", subject_id=town["dataset"], title="Soon", body="One.", as_organization=True, signed=False)["id"]
    call(town, "c", "comment_edit", thread_id=thread, seq=1, body="Two.", title="Sooner")
    call(town, "c", "thread_state_set", id=thread, state="closed", reason="Done.")
    for way in (*ITSELF, *LISTS):
        for letter in "no":
            assert "Xylander" not in answer_to(town, way, letter, thread), f"{way} for {letter}"
    assert "Xylander" in answer_to(town, "api:thread_show?id={id}", "a", thread), "colleagues see who it was"


def test_what_its_author_took_back_the_staff_does_not_bring_back(town: dict[str, Any]) -> None:
    thread = happen(town, "taken back")
    for state in ("visible", "hidden"):
        answer = town["app"].post("/api/3/action/participation_visibility_set", headers={"Authorization": town["readers"]["a"]["token"]},
                                  json={"kind": "comment", "id": f"{thread}#1", "state": state, "reason": "x"})
        assert answer.status_code == 403
    assert model.Session.get(Comment, (thread, 1)).state == "removed"


@pytest.mark.parametrize("threads", ["off", "members"])
def test_an_edit_does_not_pass_by_the_organisations_switches(town: dict[str, Any], threads: str) -> None:
    thread = begin(town)
    edit = {"thread_id": thread, "seq": 1, "body": "Something else."}
    for policy in ({"threads": threads, "review": "after"}, {"threads": "on", "review": "before"}):
        call(town, "a", "organization_policy_set", id=town["organization"], **policy)
        answer = town["app"].post("/api/3/action/participation_comment_edit", json=edit,
                                  headers={"Authorization": town["readers"]["w"]["token"]})
        assert answer.status_code == 409
    assert SECRET in model.Session.get(Comment, (thread, 1)).body


def test_closing_and_reopening_without_end_mails_nobody_without_end(town: dict[str, Any]) -> None:
    thread = begin(town)
    codes = [town["app"].post("/api/3/action/participation_thread_state_set", json={"id": thread, "state": ("closed", "open")[turn % 2]},
                              headers={"Authorization": town["readers"]["w"]["token"]}).status_code for turn in range(12)]
    assert codes == [200] * 10 + [429] * 2


def test_counters_tell_nothing_of_private_or_hidden_conversations(town: dict[str, Any]) -> None:
    happen(town, "hidden")
    secret = factories.Dataset(owner_org=town["organization"], private=True, title_translated={"en": "S", "fr": "S"})
    call(town, "a", "thread_create", subject_id=secret["id"], title="Inside", body="b")
    for letter, open_ in (("n", 0), ("e", 0), ("w", 0), ("a", 1)):
        headers = {"Authorization": town["readers"][letter]["token"]} if letter != "n" else {}
        with town["app"].flask_app.app_context():
            answer = town["app"].get(f"/api/3/action/participation_thread_overview?id={town['organization']}", headers=headers)
        assert answer.json["result"]["counts"]["open"] == open_, letter
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 2
