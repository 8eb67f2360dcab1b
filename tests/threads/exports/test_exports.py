"""Conversations as records: what a record says, who gets which, page by page; what never leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from statements import statements

from ckanext.participation.common.model import Subject
from ckanext.participation.threads import exports
from ckanext.participation.threads.model import Comment, Thread

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context"),
              pytest.mark.ckan_config("participation.limits.posts_per_minute", 1000)]

Make = Callable[..., Any]
LINKS = "[a](https://a.example) [b](https://b.example) [c](https://c.example)"


def with_file(dataset: Make, **fields: Any) -> dict[str, Any]:
    return dataset(resources=[{"url": "https://a.example/f.csv", "name_translated": {"en": "F", "fr": "F"}}], **fields)


# The records


def test_a_record_says_everything_about_a_message(person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    staff, asker = person(), person(fullname="Zoé Roy")
    about = dataset(staff=staff)
    thread = ask(asker, about)
    as_user(staff, "participation_comment_create", thread_id=thread["id"], body="Because.", lang="en", as_organization=True)
    first, second = export(None, about["id"])
    organisation = model.Group.get(about["owner_org"])
    assert tuple(first) == exports.FIELDS
    assert (first["subject_type"], first["subject_id"], first["dataset_id"]) == ("dataset", about["id"], about["id"])
    assert (first["thread"], first["message"], first["kind"], first["title"]) == (thread["id"], 1, "question", "Why?")
    assert (first["text"], first["author"], first["official"], first["organization"]) == ("Some *words*.", "Zoé Roy", False, None)
    assert (second["text"], second["official"], second["organization_id"]) == ("Because.", True, about["owner_org"])
    assert second["organization"] == organisation.title
    assert (second["thread_state"], second["language"], second["state"]) == ("answered", "en", "visible")
    assert second["permalink"] == f"{tk.config['ckan.site_url']}/participation/thread/{thread['id']}#2"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", second["created"])


def test_the_marked_answer_is_marked_and_nothing_else_is(person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    asker, about = person(), dataset()
    thread = ask(asker, about)
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body="so")
    model.Session.execute(sa.update(Thread).values(answer_seq=2))
    model.Session.commit()
    assert [record["is_answer"] for record in export(None, about["id"])] == [False, True]


def test_an_unsigned_answer_names_the_organisation_only(person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    staff = person()
    about = dataset(staff=staff)
    thread = ask(person(), about)
    as_user(staff, "participation_comment_create", thread_id=thread["id"], body="Because.", as_organization=True)
    model.Session.execute(sa.update(Comment).where(Comment.seq == 2).values(signed=False))
    model.Session.commit()
    record = export(None, about["id"])[1]
    assert record["author"] is None
    assert record["organization"]


def test_a_translation_comes_along(person: Make, dataset: Make, ask: Make, export: Make) -> None:
    about = dataset()
    ask(person(), about, lang="en")
    model.Session.execute(sa.update(Comment).values(translation={"lang": "fr", "body": "Des mots.", "body_html": "", "author_id": 1, "at": ""}))
    model.Session.commit()
    record = export(None, about["id"])[0]
    assert (record["translation_language"], record["translation"]) == ("fr", "Des mots.")


def test_a_problem_report_says_where_and_what(person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    about = with_file(dataset)
    wrong = {"resource_id": about["resources"][0]["id"], "field": "snow_cm", "row": "12", "wrong": "-3", "expected": "3"}
    asker = person()
    thread = ask(asker, about, kind="problem")
    model.Session.execute(sa.update(Thread).values(problem=wrong, problem_state="confirmed"))
    model.Session.commit()
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body="more")
    first, second = export(None, about["id"])
    assert {name: first[f"problem_{name}"] for name in wrong} == wrong
    assert first["problem_state"] == second["problem_state"] == "confirmed"
    assert second["problem_wrong"] is None, "said once, where it was said"


@pytest.mark.parametrize("state", ["hidden", "removed"])
def test_a_hidden_message_is_a_place_without_text(
        state: str, person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    staff = person()
    about = dataset(staff=staff)
    thread = ask(person(), about)
    as_user(staff, "participation_comment_create", thread_id=thread["id"], body="secret words", as_organization=True)
    model.Session.execute(sa.update(Comment).where(Comment.seq == 2).values(
        state=state, translation={"lang": "fr", "body": "mots secrets", "body_html": "", "at": ""}))
    model.Session.execute(sa.update(Thread).values(answer_seq=2))
    model.Session.commit()
    for reader in (None, staff, person(sysadmin=True)):
        record = export(reader, about["id"])[1]
        assert record["state"] == state
        assert [record[name] for name in ("text", "author", "translation", "organization", "organization_id")] == [None] * 5
        assert (record["official"], record["is_answer"]) == (False, False)
        assert "secret" not in json.dumps(record)


def test_a_hidden_opening_takes_the_problems_details_along(person: Make, dataset: Make, ask: Make, export: Make) -> None:
    about = dataset()
    ask(person(), about, kind="problem")
    model.Session.execute(sa.update(Thread).values(problem={"wrong": "secret"}))
    model.Session.execute(sa.update(Comment).values(state="removed"))
    model.Session.commit()
    assert "secret" not in json.dumps(export(None, about["id"]))


def test_held_messages_and_threads_that_are_not_shown_are_not_in_it(
        person: Make, dataset: Make, ask: Make, as_user: Make, export: Make) -> None:
    asker, about = person(), dataset()
    thread = ask(asker, about)
    as_user(asker, "participation_comment_create", thread_id=thread["id"], body=LINKS)
    ask(asker, about, title="Held", body=LINKS)
    hidden = ask(asker, about, title="Hidden")
    model.Session.execute(sa.update(Thread).where(Thread.id == hidden["id"]).values(visibility="hidden"))
    model.Session.execute(sa.update(Comment).where(Comment.thread_id == hidden["id"]).values(state="hidden"))
    model.Session.commit()
    for reader in (None, asker, person(sysadmin=True)):
        assert [(record["title"], record["message"]) for record in export(reader, about["id"])] == [("Why?", 1)]


# Who gets what


def test_a_datasets_export_holds_its_files_and_an_organisations_holds_all(
        person: Make, dataset: Make, ask: Make, export: Make) -> None:
    about, asker = with_file(dataset), person()
    on_file = ask(asker, about["resources"][0], subject_type="resource")
    on_dataset = ask(asker, about)
    on_organisation = ask(asker, {"id": about["owner_org"]}, subject_type="organization")
    ask(asker, dataset())
    assert {record["thread"] for record in export(None, about["name"])} == {on_file["id"], on_dataset["id"]}
    assert {record["thread"] for record in export(None, about["resources"][0]["id"], subject_type="resource")} == {on_file["id"]}
    everything = export(None, about["owner_org"], subject_type="organization")
    assert {record["thread"] for record in everything} == {on_file["id"], on_dataset["id"], on_organisation["id"]}
    assert {record["thread"]: record["dataset_id"] for record in everything}[on_organisation["id"]] is None


def test_the_export_of_a_private_dataset_is_refused_like_one_that_is_not_there(
        person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    staff = person()
    about = dataset(staff=staff, private=True)
    ask(staff, about)
    for reader in (None, person()):
        refusals = []
        for identifier in (about["id"], "no-such-dataset"):
            with pytest.raises(tk.NotAuthorized) as refusal:
                as_user(reader, "participation_thread_export", subject_id=identifier)
            refusals.append(str(refusal.value))
        assert refusals[0] == refusals[1]
    assert as_user(staff, "participation_thread_export", subject_id=about["id"])["results"]


def readers_and_threads(person: Make, ask: Make) -> tuple[str, dict[str, Any], set[int]]:
    """Make an organisation with every sort of dataset and file, a thread about each, and every sort of reader."""
    readers = {"nobody": None, "user": person(), "member": person(), "editor": person(), "other": person(), "admin": person(sysadmin=True),
               "collaborator": person()}
    members = [{"name": readers["member"]["name"], "capacity": "member"}, {"name": readers["editor"]["name"], "capacity": "editor"}]
    organisation = factories.Organization(users=members)
    factories.Organization(users=[{"name": readers["other"]["name"], "capacity": "editor"}])
    admin, threads = readers["admin"], set()
    threads.add(ask(admin, organisation, subject_type="organization")["id"])
    for fields in ({}, {"private": True}, {"private": True}, {}, {"private": True}):
        about = factories.Dataset(owner_org=organisation["id"], title_translated={"en": "Snow", "fr": "Neige"},
                                  resources=[{"url": "https://a.example/f.csv", "name_translated": {"en": "F", "fr": "F"}}], **fields)
        threads |= {ask(admin, about)["id"], ask(admin, about["resources"][0], subject_type="resource")["id"]}
        last = about
    model.Session.execute(sa.text("UPDATE package SET state = 'deleted' WHERE id = :id"), {"id": last["id"]})
    first_private = model.Session.scalars(sa.select(model.Package.id).where(model.Package.private, model.Package.state == "active")).first()
    model.Session.add(model.PackageMember(package_id=first_private, user_id=readers["collaborator"]["id"], capacity="member"))
    model.Session.commit()
    return organisation["id"], readers, threads


@pytest.mark.ckan_config("ckan.auth.allow_dataset_collaborators", True)
def test_an_organisations_export_is_what_each_reader_could_open_one_by_one(person: Make, ask: Make, as_user: Make, export: Make) -> None:
    organisation, readers, threads = readers_and_threads(person, ask)
    sizes = {}
    for name, reader in readers.items():
        opened = set()
        for thread in threads:
            try:
                as_user(reader, "participation_thread_show", id=thread)
                opened.add(thread)
            except tk.NotAuthorized:
                continue
        exported = {record["thread"] for record in export(reader, organisation, subject_type="organization")}
        assert exported == opened, name
        sizes[name] = len(exported)
    assert sizes["nobody"] == sizes["user"] == sizes["other"] < sizes["collaborator"] < sizes["member"] == sizes["editor"]
    assert sizes["admin"] == len(threads)


def test_an_extension_that_decides_who_sees_a_dataset_is_asked(
        person: Make, dataset: Make, ask: Make, export: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan import authz

    about = dataset()
    thread = ask(person(), about)
    on_organisation = ask(person(), {"id": about["owner_org"]}, subject_type="organization")
    assert {record["thread"] for record in export(None, about["owner_org"], subject_type="organization")} == {thread["id"], on_organisation["id"]}

    @tk.auth_allow_anonymous_access
    def nobody(context: Any, data_dict: Any) -> dict[str, Any]:
        return {"success": False}

    authz._AuthFunctions.get("package_show")
    monkeypatch.setitem(authz._AuthFunctions._functions, "package_show", nobody)
    assert {record["thread"] for record in export(None, about["owner_org"], subject_type="organization")} == {on_organisation["id"]}


def test_a_dataset_that_moved_is_exported_with_its_new_organisation(person: Make, dataset: Make, ask: Make, export: Make) -> None:
    about, new_home = dataset(), factories.Organization()
    thread = ask(person(), about)
    model.Session.execute(sa.text("UPDATE package SET owner_org = :to WHERE id = :id"), {"to": new_home["id"], "id": about["id"]})
    model.Session.commit()
    assert export(None, about["owner_org"], subject_type="organization") == []
    assert [record["thread"] for record in export(None, new_home["id"], subject_type="organization")] == [thread["id"]]


def test_a_lost_subject_is_not_exported(person: Make, dataset: Make, ask: Make, export: Make) -> None:
    about = dataset()
    ask(person(), about)
    model.Session.execute(sa.update(Subject).values(lost_at=sa.func.now()))
    model.Session.commit()
    assert export(None, about["id"]) == []


# Pages


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_follow_each_other_without_gap_or_repetition(
        limit: int, person: Make, dataset: Make, ask: Make, as_user: Make, export: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "CHUNK", 2)
    asker, about = person(), dataset()
    expected = []
    for number in range(4):
        thread = ask(asker, about)
        for _ in range(number):
            as_user(asker, "participation_comment_create", thread_id=thread["id"], body="x")
        expected += [(thread["id"], seq) for seq in range(1, number + 2)]
    assert [(record["thread"], record["message"]) for record in export(None, about["id"], limit=limit)] == expected


def test_a_reader_who_may_see_little_still_reaches_the_end(
        person: Make, ask: Make, export: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation, _, threads = readers_and_threads(person, ask)
    monkeypatch.setattr(exports, "CHUNK", 2)
    monkeypatch.setattr(exports, "LOOKS", 1)
    seen = [record["thread"] for record in export(None, organisation, subject_type="organization")]
    assert seen == sorted(seen)
    assert 0 < len(seen) < len(threads)


def test_a_page_costs_the_same_number_of_statements_however_many_datasets(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    asker, staff = person(), person()
    organisation = factories.Organization(users=[{"name": staff["name"], "capacity": "member"}])

    def cost() -> int:
        with statements() as counted:
            as_user(staff, "participation_thread_export", subject_id=organisation["id"], subject_type="organization")
        return len(counted)

    admin = person(sysadmin=True)
    ask(admin, dataset(owner_org=organisation["id"], private=True))
    few = cost()
    for private in (True, False) * 4:
        ask(admin if private else asker, dataset(owner_org=organisation["id"], private=private))
    assert cost() == few


@pytest.mark.parametrize(("data", "field"), [
    ({"limit": 0}, "limit"), ({"limit": 1001}, "limit"), ({"limit": "a"}, "limit"), ({"limit": -1}, "limit"), ({"limit": []}, "limit"),
    ({"after": "x"}, "after"), ({"after": "1~-1"}, "after"), ({"after": "1"}, "after"), ({"after": "9" * 30 + "~1"}, "after"),
    ({"after": ["1~1"]}, "after"), ({"after": "١~١"}, "after"), ({"subject_type": "planet"}, "subject_type"), ({"subject_id": ["x"]}, "subject_id"),
])
def test_bad_input_names_its_field(data: dict[str, Any], field: str, dataset: Make, as_user: Make) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(None, "participation_thread_export", **{"subject_id": dataset()["id"], **data})
    assert field in refusal.value.error_dict
