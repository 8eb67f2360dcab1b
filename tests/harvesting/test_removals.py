"""What is left of a dataset that a harvest removed: a page that says so, and what people said, to be read and not to be added to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests.helpers import call_action, changed_config
from losing import events_of, purge
from statements import statements

from ckanext.participation.common import removed, subjects
from ckanext.participation.common.model import RemovedDataset
from ckanext.participation.harvesting.running import run
from ckanext.participation.search import indexer, server

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., Any]
Data = dict[str, Any]


@pytest.fixture
def as_user(as_user: Make, app: Any) -> Make:
    """Call an action as a request of its own does: pages that are read afterwards have other readers."""
    def call(user: Data | None, action: str, /, **data: Any) -> Any:
        with app.flask_app.test_request_context():
            return as_user(user, action, **data)

    return call


@pytest.fixture
def talked(make_source: Make, allowed: Any, person: Make, as_user: Make) -> Data:
    """A harvested dataset with a question about it and a report about its file, which has no name; its source still has both."""
    portal = allowed.csa.datasets
    for name in sorted(portal)[8:]:
        del portal[name]
    kept = next(row for row in portal.values() if row["resources"])
    kept["resources"] = [{**kept["resources"][0], "name": "", "name_translated": {}, "url": "https://files.example.org/secret.csv"}]
    source = make_source("csa", config=json.dumps({"remove_up_to": 100}))
    run(source["id"])
    found = call_action("package_search", rows=1000, fq="dataset_type:dataset")["results"]
    about = next(row for row in found if row["resources"] and row["resources"][0]["url"] == "https://files.example.org/secret.csv")
    asker = person(fullname="Zoé Roy")
    thread = as_user(asker, "participation_thread_create", subject_id=about["id"], title="Why?", body="Glaciers melt.", lang="en")
    on_file = as_user(asker, "participation_thread_create", subject_type="resource", subject_id=about["resources"][0]["id"],
                      title="This file", body="Words.", lang="en")
    return {"source": source, "dataset": about, "asker": asker, "thread": thread["id"], "on_file": on_file["id"],
            "guid": kept["id"], "name": kept["name"]}


@pytest.fixture
def remove(talked: Data, allowed: Any) -> Make:
    """Let the source drop the dataset, and harvest it; the sweep comes by, or has not yet."""
    def go(*, swept: bool = True) -> Any:
        taken = allowed.csa.datasets.pop(talked["name"])
        assert run(talked["source"]["id"]).counts["deleted"] == 1
        model.Session.expire_all()
        if swept:
            subjects.sweep()
        return taken

    return go


def is_nowhere(app: Any, path: str) -> bool:
    """Say whether the address answers as CKAN and ckanext-dcat do about what nobody may see."""
    return app.get(path).status_code in ({403} if path.endswith(".ttl") else {404})


def read(app: Any, path: str, status: int = 200, user: Data | None = None) -> BeautifulSoup:
    model.Session.remove()
    return BeautifulSoup(app.get(path, headers={"Authorization": user["token"]} if user else {}, status=status).body, "html.parser")


def pages(talked: Data) -> list[str]:
    """The addresses of the dataset, by which people come."""
    about = talked["dataset"]
    return [f"/dataset/{about['name']}", f"/fr/dataset/{about['id']}", f"/dataset/{about['name']}/resource/{about['resources'][0]['id']}",
            f"/dataset/{about['name']}.ttl"]


def bring() -> None:
    while indexer.index(seconds=0):
        pass
    server.commit()


# The page


@pytest.mark.parametrize("batches", [True, False], ids=["in batches", "one by one"])
@pytest.mark.parametrize("swept", [True, False], ids=["swept", "not yet swept"])
def test_a_removed_dataset_says_so_and_keeps_what_was_said(talked: Data, remove: Make, app: Any, batches: bool, swept: bool) -> None:
    with changed_config("participation.harvest.batches", batches):
        remove(swept=swept)
    page = read(app, pages(talked)[0], 410)
    words = page.get_text(" ", strip=True)
    assert "This dataset was removed" in words
    assert page.select_one("h1").get_text() == talked["dataset"]["title"]
    assert page.find("a", href=f"/participation/harvest/sources/{talked['source']['name']}") is not None
    assert page.find("a", href=f"/organization/{talked['dataset']['organization']['name']}") is not None
    assert [link.get_text() for link in page.select("#conversation .pt-thread-line__title")] == ["This file", "Why?"]
    assert "secret.csv" not in str(page)
    assert not page.select(".flash-messages .alert")
    for path in pages(talked):
        assert app.get(path, status=410, follow_redirects=False).status_code == 410


def test_the_page_speaks_french(talked: Data, remove: Make, app: Any) -> None:
    remove()
    assert "Ce jeu de données a été retiré" in read(app, pages(talked)[1], 410).get_text()


def test_the_search_for_something_alike_is_plain_words(talked: Data, remove: Make, app: Any) -> None:
    remove()
    model.Session.execute(sa.update(model.Package).where(model.Package.id == talked["dataset"]["id"]).values(
        title='name:x "Snow" (2019) AND *', extras={}))
    model.Session.commit()
    link = read(app, pages(talked)[0], 410).select_one(".pt-actions a.btn-primary")["href"]
    assert link.endswith("?q=name+x+Snow+2019+AND")
    assert app.get(link, status=200)


def test_a_setting_that_asks_to_sign_in_asks_nobody_here(talked: Data, remove: Make, app: Any) -> None:
    remove()
    with changed_config("ckan.auth.reveal_private_datasets", True):
        assert app.get(pages(talked)[0], status=410, follow_redirects=False)


def test_a_dataset_that_is_there_costs_no_statement_more(talked: Data, app: Any) -> None:
    model.Session.remove()
    with statements() as seen:
        app.get(pages(talked)[0], status=200)
    assert seen
    assert not [statement for statement in seen if "removed_dataset" in statement]


def test_what_never_was_is_still_not_there(talked: Data, remove: Make, app: Any, as_user: Make, person: Make) -> None:
    remove()
    for path in ("/dataset/no-such-dataset", "/dataset/no-such-dataset.ttl"):
        assert app.get(path, status=404)
    with pytest.raises(tk.ObjectNotFound):
        as_user(person(sysadmin=True), "participation_removed_dataset_show", id="no-such-dataset")


# The interface for programs


def test_the_actions_give_what_was_said(talked: Data, remove: Make, as_user: Make) -> None:
    remove()
    about = talked["dataset"]
    shown = as_user(None, "participation_removed_dataset_show", id=about["name"])
    assert (shown["id"], shown["title"], shown["organization"]["name"]) == (about["id"], about["title"], about["organization"]["name"])
    assert shown["source"]["title"] == talked["source"]["title"]
    rows = as_user(None, "participation_thread_list", subject_id=about["name"])["results"]
    assert [row["id"] for row in rows] == [talked["on_file"], talked["thread"]]
    assert [row["subject"]["removed"] for row in rows] == [shown["removed"]] * 2
    assert as_user(None, "participation_thread_show", id=talked["thread"])["title"] == "Why?"
    assert as_user(None, "participation_comment_list", thread_id=talked["thread"])["results"][0]["body"] == "Glaciers melt."
    assert as_user(None, "participation_comment_history", thread_id=talked["thread"], seq=1)["versions"] == []
    on_file = as_user(None, "participation_thread_list", subject_type="resource", subject_id=about["resources"][0]["id"])["results"]
    assert [row["id"] for row in on_file] == [talked["on_file"]]
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "package_show", id=about["id"])


def test_no_address_of_a_file_is_told(talked: Data, remove: Make, as_user: Make, app: Any) -> None:
    remove()
    bring()
    told = [as_user(None, "participation_thread_show", id=talked["on_file"]),
            as_user(None, "participation_thread_list", subject_id=talked["dataset"]["id"]),
            as_user(None, "participation_thread_export", subject_id=talked["dataset"]["id"]),
            as_user(None, "participation_thread_export", subject_type="organization", subject_id=talked["dataset"]["owner_org"]),
            as_user(None, "participation_discussion_search", q="words"),
            as_user(talked["asker"], "participation_follow_list")]
    assert all(str(talked["on_file"]) in json.dumps(one) for one in told)
    assert [place for place, one in enumerate(told) if "secret.csv" in json.dumps(one)] == []
    assert "secret.csv" not in str(read(app, f"/participation/thread/{talked['on_file']}"))


@pytest.mark.parametrize(("name", "shown"), [
    ("https://files.example.org/secret.csv", "A file of "), ("", "A file of "), ("Ice cores", "Ice cores")])
def test_a_file_is_called_by_its_name_where_that_is_no_address(talked: Data, remove: Make, as_user: Make, name: str, shown: str) -> None:
    file: Any = model.Resource.get(talked["dataset"]["resources"][0]["id"])
    file.name, file.extras = name, {"name_translated": {"en": name}} if name else {}
    model.Session.commit()
    remove()
    title = as_user(None, "participation_thread_show", id=talked["on_file"])["subject"]["title"]
    assert title.startswith(shown)
    assert "secret.csv" not in title


def test_what_is_marked_as_right_does_not_lead_to_a_file(talked: Data, remove: Make, as_user: Make, person: Make) -> None:
    problem = as_user(talked["asker"], "participation_thread_create", subject_id=talked["dataset"]["id"], title="Wrong", body="Words.",
                      lang="en", kind="problem", problem={"resource_id": talked["dataset"]["resources"][0]["id"], "wrong": "9"})
    as_user(person(sysadmin=True), "participation_thread_problem_set", id=problem["id"], state="fixed", reason="Done.",
            link_resource_id=talked["dataset"]["resources"][0]["id"])
    remove()
    shown = as_user(None, "participation_thread_show", id=problem["id"])
    assert shown["changes"][-1]["link"] is None
    assert "secret.csv" not in json.dumps(shown)


# Who reads it


@pytest.mark.parametrize("fields", [{"private": True}, {"state": "draft"}], ids=["private", "draft"])
def test_what_was_not_public_leaves_no_page(talked: Data, fields: Data, remove: Make, app: Any, as_user: Make, allowed: Any) -> None:
    model.Session.execute(sa.update(model.Package).where(model.Package.id == talked["dataset"]["id"]).values(**fields))
    model.Session.commit()
    allowed.csa.datasets.pop(talked["name"])
    run(talked["source"]["id"])
    model.Session.expire_all()
    assert all(is_nowhere(app, path) for path in pages(talked))
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(RemovedDataset)) == 0
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=talked["thread"])


def test_one_that_is_made_private_afterwards_is_closed_at_once(talked: Data, remove: Make, app: Any, as_user: Make) -> None:
    remove()
    model.Session.execute(sa.update(model.Package).where(model.Package.id == talked["dataset"]["id"]).values(private=True))
    model.Session.commit()
    assert app.get(pages(talked)[0], status=404)
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=talked["thread"])


@pytest.mark.parametrize("action", ["package_delete", "package_patch"])
@pytest.mark.parametrize("first", [True, False], ids=["after the harvest", "before the harvest"])
def test_whoever_deletes_by_hand_leaves_no_page(talked: Data, remove: Make, app: Any, as_user: Make, person: Make, action: str,
                                               first: bool) -> None:
    if first:
        remove()
    more = {"state": "deleted", "url": "https://example.org/other"} if action == "package_patch" else {}
    as_user(person(sysadmin=True), action, id=talked["dataset"]["name"], **more)
    subjects.sweep()
    bring()
    conversations = (f"/participation/thread/{talked['thread']}", f"/participation/dataset/{talked['dataset']['name']}/threads")
    assert [path for path in (*pages(talked), *conversations) if not is_nowhere(app, path)] == []
    for name, data in (("participation_thread_show", {"id": talked["thread"]}),
                       ("participation_thread_list", {"subject_id": talked["dataset"]["id"]}),
                       ("participation_thread_export", {"subject_id": talked["dataset"]["id"]}),
                       ("participation_removed_dataset_show", {"id": talked["dataset"]["id"]})):
        with pytest.raises(tk.NotAuthorized):
            as_user(None, name, **data)
    assert as_user(None, "participation_discussion_search", q="glaciers")["count"] == 0
    export = as_user(None, "participation_thread_export", subject_type="organization", subject_id=talked["dataset"]["owner_org"])
    assert export["results"] == []


def test_a_purged_dataset_leaves_no_page(talked: Data, remove: Make, app: Any, as_user: Make) -> None:
    remove()
    purge(talked["dataset"]["id"])
    subjects.sweep()
    assert app.get(pages(talked)[0], status=404)
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=talked["thread"])
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(RemovedDataset)) == 0


def test_an_extensions_own_right_to_read_is_asked_before_the_removal(talked: Data, remove: Make, app: Any,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan import authz

    def members_only(context: Any, _data: Any) -> Data:
        return {"success": bool(context.get("user"))}

    members_only.auth_allow_anonymous_access = True  # type: ignore[attr-defined]
    monkeypatch.setitem(authz._AuthFunctions._functions, "package_show", members_only)
    remove()
    assert app.get(pages(talked)[0], status=404)


def test_colleagues_see_what_others_see_and_can_end_it(talked: Data, remove: Make, app: Any, person: Make) -> None:
    staff = person()
    call_action("organization_member_create", id=talked["dataset"]["owner_org"], username=staff["name"], role="editor")
    remove()
    notice = read(app, pages(talked)[0], 200, staff).select_one(".pt-notice--closed")
    assert "A harvest removed this dataset" in notice.get_text()
    assert notice.select_one("a")["href"] == f"/dataset/delete/{talked['dataset']['name']}"


# Closed for writing


def test_nobody_writes_there_and_everybody_is_told_why(talked: Data, remove: Make, as_user: Make, person: Make) -> None:
    other = person()
    reply = as_user(other, "participation_comment_create", thread_id=talked["thread"], body="So.", lang="en")["seq"]
    remove()
    root, thread = person(sysadmin=True), talked["thread"]
    tried = {
        "participation_thread_create": {"subject_id": talked["dataset"]["id"], "title": "More", "body": "Words."},
        "participation_comment_create": {"thread_id": thread, "body": "Words."},
        "participation_comment_edit": {"thread_id": thread, "seq": 1, "body": "Other words."},
        "participation_comment_translate": {"thread_id": thread, "seq": 1, "body": "Des mots."},
        "participation_thread_state_set": {"id": thread, "state": "closed"},
        "participation_thread_answer_set": {"id": thread, "seq": reply},
        "participation_thread_assign": {"id": thread, "user": root["name"]},
        "participation_support_set": {"target_type": "comment", "target_id": f"{thread}#{reply}", "value": 1},
    }
    for user in (talked["asker"], root):
        for action, data in tried.items():
            with pytest.raises(tk.ValidationError) as refused:
                as_user(user, action, **data)
            assert list(refused.value.error_dict) == ["removed"], (user["name"], action)
            model.Session.rollback()
    shown = as_user(root, "participation_thread_show", id=thread)
    assert shown["may"] == {}
    assert [row["may"] for row in as_user(root, "participation_comment_list", thread_id=thread)["results"]] == [{"reply": False}] * 2


def test_ones_own_words_can_be_taken_back_and_a_moderator_still_hides(talked: Data, remove: Make, as_user: Make, person: Make) -> None:
    other = person()
    as_user(other, "participation_comment_create", thread_id=talked["thread"], body="Glaciers grow.", lang="en")
    remove()
    mine = as_user(other, "participation_comment_list", thread_id=talked["thread"])["results"][1]
    assert mine["may"] == {"reply": False, "delete": True}
    assert as_user(other, "participation_comment_delete", thread_id=talked["thread"], seq=2)["state"] == "removed"
    as_user(person(sysadmin=True), "participation_visibility_set", kind="comment", id=f"{talked['thread']}#1", state="hidden", reason="No.")
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=talked["thread"])


def test_a_moderator_of_the_organisation_shows_what_was_held(talked: Data, remove: Make, as_user: Make, person: Make) -> None:
    staff = person()
    call_action("organization_member_create", id=talked["dataset"]["owner_org"], username=staff["name"], role="admin")
    as_user(staff, "participation_organization_policy_set", id=talked["dataset"]["owner_org"], threads="on", review="before")
    as_user(talked["asker"], "participation_comment_create", thread_id=talked["thread"], body="Held words.", lang="en")
    remove()
    as_user(staff, "participation_visibility_set", kind="comment", id=f"{talked['thread']}#2", state="visible", reason="")
    assert [row["body"] for row in as_user(None, "participation_comment_list", thread_id=talked["thread"])["results"]][1] == "Held words."


def test_pages_show_the_sentence_instead_of_a_form(talked: Data, remove: Make, app: Any) -> None:
    remove()
    sentence = "takes no more messages"
    name = talked["dataset"]["name"]
    for path in (f"/participation/thread/{talked['thread']}", f"/participation/dataset/{name}/threads",
                 f"/participation/dataset/{name}/threads/new"):
        for user in (None, talked["asker"]):
            page = read(app, path, 200, user)
            assert sentence in page.select_one(".pt-notice").get_text(), path
            assert not page.select("textarea"), path
            assert not page.select(".pt-support"), path
            assert not page.select('.pt-thread a[href$="/threads/new"]'), path


def test_a_text_that_was_being_written_is_not_lost(talked: Data, remove: Make, app: Any) -> None:
    remove()
    reply = app.post(f"/participation/thread/{talked['thread']}", data={"body": "My long text", "lang": "en"},
                     headers={"Authorization": talked["asker"]["token"]}, status=409)
    page = BeautifulSoup(reply.body, "html.parser")
    assert "no longer offers it" in page.select_one(".pt-errors").get_text()
    assert page.select_one("textarea[name=body]").get_text().strip() == "My long text"


# Where it is found


def test_who_said_something_finds_it(talked: Data, remove: Make, app: Any, as_user: Make) -> None:
    remove()
    bring()
    own = read(app, "/participation/person", 200, talked["asker"]).select_one("#own-threads")
    assert [line.get_text() for line in own.select(".pt-thread-line__title")] == ["This file", "Why?"]
    assert len(own.find_all(string="Dataset removed")) == 2
    hits = as_user(None, "participation_discussion_search", q="glaciers")["results"]
    assert [(hit["conversation"]["id"], bool(hit["conversation"]["subject"]["removed"])) for hit in hits] == [(talked["thread"], True)]
    within = as_user(None, "participation_discussion_search", q="glaciers", subject_id=talked["dataset"]["id"])
    assert within["count"] == 1
    assert "Dataset removed" in read(app, "/participation/search?q=glaciers").get_text()
    assert [record["title"] for record in as_user(None, "participation_thread_export", subject_id=talked["dataset"]["id"])["results"]] == [
        "Why?", "This file"]


def test_lists_of_what_goes_on_leave_it_out(talked: Data, remove: Make, app: Any, as_user: Make) -> None:
    remove()
    organisation = talked["dataset"]["organization"]["name"]
    assert as_user(None, "participation_thread_latest")["results"] == []
    page = as_user(None, "participation_thread_overview", id=organisation)
    assert (page["results"], page["counts"]["open"], page["removed"]) == ([], 0, True)
    removed_ones = as_user(None, "participation_thread_overview", id=organisation, removed=True)
    assert [row["id"] for row in removed_ones["results"]] == [talked["on_file"], talked["thread"]]
    address = f"/participation/organization/{organisation}/conversations"
    link = read(app, address).find("a", string="Conversations about removed datasets")
    shown = read(app, link["href"])
    assert [line.get_text() for line in shown.select(".pt-thread-line__title")] == ["This file", "Why?"]
    assert len(shown.select('form.pt-order input[name="removed"]')) == 1


def test_an_organisation_without_removed_datasets_has_no_link_to_them(talked: Data, app: Any, as_user: Make) -> None:
    organisation = talked["dataset"]["organization"]["name"]
    assert as_user(None, "participation_thread_overview", id=organisation)["removed"] is False
    assert read(app, f"/participation/organization/{organisation}/conversations").find(
        "a", string="Conversations about removed datasets") is None


# It comes back


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "not yet swept"])
def test_a_dataset_that_comes_back_is_as_ever_at_once(talked: Data, remove: Make, app: Any, as_user: Make, allowed: Any, swept: bool) -> None:
    allowed.csa.datasets[talked["name"]] = remove(swept=swept)
    run(talked["source"]["id"])
    model.Session.expire_all()
    assert read(app, pages(talked)[0]).select_one(".pt-conversation__start") is not None
    for number in (talked["thread"], talked["on_file"]):
        assert as_user(None, "participation_thread_show", id=number)["subject"]["removed"] is None
    assert as_user(talked["asker"], "participation_comment_create", thread_id=talked["thread"], body="Again.", lang="en")["seq"] == 2
    assert len(as_user(None, "participation_thread_latest")["results"]) == 2
    assert len(events_of("subject.returned")) == (2 if swept else 0)
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(RemovedDataset)) == 0
    assert subjects.sweep()["returned"] == 0


def test_one_that_came_back_and_is_deleted_by_hand_leaves_no_page(talked: Data, remove: Make, app: Any, allowed: Any) -> None:
    allowed.csa.datasets[talked["name"]] = remove()
    with changed_config("participation.harvest.batches", False):
        run(talked["source"]["id"])
    subjects.sweep()
    # As the organisation's page for many datasets at once does it: with a statement, and no hook.
    model.Session.execute(sa.update(model.Package).where(model.Package.id == talked["dataset"]["id"]).values(state="deleted"))
    model.Session.commit()
    assert app.get(pages(talked)[0], status=404)


def test_a_removal_that_fails_leaves_no_mark(talked: Data, allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.participation.harvesting.batches import saving

    def refuse(*_args: Any, **_more: Any) -> None:
        raise ValueError("no")

    monkeypatch.setattr(saving, "harvest_objects", refuse)
    allowed.csa.datasets.pop(talked["name"])
    assert "an error of this site (ValueError)" in run(talked["source"]["id"]).sentences[0]
    model.Session.expire_all()
    assert model.Package.get(talked["dataset"]["id"]).state == "active"
    assert removed.among([talked["dataset"]["id"]]) == set()
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(RemovedDataset)) == 0
