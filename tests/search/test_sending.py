"""How what people say comes to the search: marks, kills, a server that is away, what is compared and mended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.common import config
from click.testing import CliRunner

from ckanext.participation.common import indexing
from ckanext.participation.common.model import Indexed, IndexMark
from ckanext.participation.common.registry import registry
from ckanext.participation.search import cli, documents, indexer, server, verifying

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]


@pytest.fixture
def ask(person: Make, as_user: Make, dataset: Make) -> Make:
    def make(**fields: Any) -> dict[str, Any]:
        about = fields.pop("about", None) or dataset()
        return as_user(fields.pop("user", None) or person(), "participation_thread_create",
                       **{"subject_id": about["id"], "title": "Why?", "body": "Words.", "lang": "en", **fields})

    return make


@pytest.fixture
def away() -> Iterator[None]:
    """Let no search server answer."""
    before = config["participation.search.solr_url"]
    config["participation.search.solr_url"] = "http://user:hunter2@127.0.0.1:9/solr/participation"
    yield
    config["participation.search.solr_url"] = before


def bring() -> None:
    while indexer.index(seconds=0):
        pass
    server.commit()


def marks() -> dict[tuple[str, str], int]:
    model.Session.rollback()
    return {(row.kind, row.ref): row.number for row in model.Session.scalars(sa.select(IndexMark))}


def held() -> set[str]:
    return {row["id"] for row in server.ask("*:*", rows=1000, fl="id").docs}


def several(thread_id: int, number: int) -> None:
    """Add messages without their events."""
    model.Session.execute(sa.text("""
        INSERT INTO participation_comment (thread_id, seq, path, depth, author_id, lang, state, created, body, body_html, text_version)
        SELECT :id, n, 'x', 0, 1, 'en', 'visible', now(), 'More', '<p>More</p>', 1 FROM generate_series(2, CAST(:most AS integer) + 1) n"""),
        {"id": thread_id, "most": number})
    model.Session.commit()


def test_a_write_leaves_one_mark_in_its_transaction(ask: Make, person: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(user=asker)
    assert marks() == {("thread", str(thread["id"])): 1}
    for body in ("Once.", "Twice."):
        as_user(asker, "participation_comment_edit", thread_id=thread["id"], seq=1, body=body)
    assert marks() == {("thread", str(thread["id"])): 1, ("comment", f"{thread['id']}#1"): 2}


def test_what_changes_no_word_leaves_no_mark(ask: Make, person: Make, as_user: Make) -> None:
    thread = ask()
    bring()
    as_user(person(), "participation_support_set", target_type="comment", target_id=f"{thread['id']}#1", value=1)
    as_user(person(), "participation_follow_set", target_type="thread", target_id=str(thread["id"]), value=True)
    assert marks() == {}


def test_a_mark_waits_so_that_a_burst_is_sent_once(ask: Make) -> None:
    ask()
    assert indexer.index() == 0
    assert indexer.index(seconds=0) == 1


def test_a_write_while_documents_are_sent_stays_marked(ask: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = ask()
    send = server.send

    def write_meanwhile(*args: Any, **named: Any) -> None:
        send(*args, **named)
        with model.meta.engine.begin() as other:
            other.execute(indexing._MARK, indexing._values("thread", [thread["id"]], None))

    monkeypatch.setattr(server, "send", write_meanwhile)
    indexer.index(seconds=0)
    assert marks() == {("thread", str(thread["id"])): 2}


def test_nobody_who_writes_waits_for_the_search_server(ask: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = ask()
    sending, written = threading.Event(), threading.Event()

    def hang(*_args: Any, **_named: Any) -> None:
        sending.set()
        assert written.wait(20), "the write waited"

    monkeypatch.setattr(server, "send", hang)
    sender = threading.Thread(target=lambda: (indexer.index(seconds=0), model.Session.remove()))
    sender.start()
    assert sending.wait(20)
    indexing.mark("thread", [thread["id"]])
    model.Session.commit()
    written.set()
    sender.join(20)
    assert marks() == {("thread", str(thread["id"])): 2}


def test_a_kill_between_sending_and_forgetting_loses_nothing(ask: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = ask()

    class Killed(BaseException):
        pass

    def killed(*_args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(indexer, "_forget", killed)
        with pytest.raises(Killed):
            indexer.index(seconds=0)
    model.Session.rollback()
    assert marks() == {("thread", str(thread["id"])): 1}
    bring()
    assert held() == {f"{thread['id']}#1"}
    assert marks() == {}


def test_a_killed_process_loses_nothing(ask: Make) -> None:
    first = ask()
    model.Session.execute(sa.text("""
        INSERT INTO participation_thread (subject_id, kind, title, lang, state, visibility, author_id, created, next_seq, n_visible, last_seq,
            last_at, version, n_changes, n_untranslated)
        SELECT t.subject_id, t.kind, t.title, t.lang, t.state, t.visibility, t.author_id, t.created, 2, 1, 1, t.last_at, 1, 0, 0
        FROM participation_thread t, generate_series(1, 3000)"""))
    model.Session.execute(sa.text("""
        INSERT INTO participation_comment (thread_id, seq, path, depth, author_id, lang, state, created, body, body_html, text_version)
        SELECT t.id, 1, 'x', 0, 1, 'en', 'visible', now(), 'More', '<p>More</p>', 1 FROM participation_thread t WHERE t.id <> :first"""),
        {"first": first["id"]})
    indexing.mark("thread", registry.searchables["thread"].ids(0, 5000))
    model.Session.commit()
    command = [str(Path(sys.executable).parent / "ckan"), "-c", os.environ["CKAN_INI"], "participation", "search", "send"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and indexer.waiting() > 2500:
            model.Session.rollback()
        process.kill()
    model.Session.rollback()
    assert indexer.waiting() > 0, "it was done before it was killed: make it more"
    bring()
    assert [row.differences for row in verifying.conversations(repair=False)] == [0]
    assert server.ask("*:*").hits == 3001


def test_two_processes_do_not_send_at_once(ask: Make) -> None:
    ask()
    with model.meta.engine.connect() as other, other.begin():
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(indexer.ONE_AT_A_TIME)))
        assert indexer.index(seconds=0) == 0
    assert indexer.index(seconds=0) == 1


def test_a_long_conversation_is_sent_in_batches_behind_the_others(ask: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "MOST_PARTS", 10)
    monkeypatch.setattr(indexer, "FEWEST", 10)
    thread = ask()
    several(thread["id"], 24)
    indexer.index(seconds=0)
    row = model.Session.scalars(sa.select(Indexed)).one()
    assert (row.walked, row.said) == (10, "")
    other = ask()
    bring()
    assert held() == {f"{thread['id']}#{number}" for number in range(1, 26)} | {f"{other['id']}#1"}
    assert marks() == {}
    model.Session.expire_all()
    assert {row.walking for row in model.Session.scalars(sa.select(Indexed))} == {None}


def test_a_title_that_changes_while_a_long_conversation_is_sent_begins_it_anew(
        ask: Make, person: Make, as_user: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "MOST_PARTS", 10)
    monkeypatch.setattr(indexer, "FEWEST", 10)
    asker = person()
    thread = ask(user=asker, title="Snow")
    several(thread["id"], 24)
    indexer.index(seconds=0)
    as_user(asker, "participation_comment_edit", thread_id=thread["id"], seq=1, body="Words.", title="Hail")
    bring()
    assert server.ask("title_en:hail").hits == 25
    assert server.ask("title_en:snow").hits == 0


def test_while_the_server_is_away_marks_stay_and_the_chore_goes_on(ask: Make, away: None, caplog: pytest.LogCaptureFixture) -> None:
    ask()
    model.Session.execute(sa.text("UPDATE participation_index_mark SET since = now() - interval '1 hour'"))
    model.Session.commit()
    indexer.run()
    assert len(marks()) == 1
    assert "does not answer" in caplog.text
    assert "hunter2" not in caplog.text


def test_while_the_server_is_away_people_post_and_the_search_says_so(ask: Make, away: None, make_app: Make) -> None:
    thread = ask()
    app = make_app()
    page = app.get("/participation/search?q=words")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "30"
    assert "The search does not answer" in page.body
    assert "hunter2" not in page.body
    reply = app.get("/api/3/action/participation_discussion_search?q=words")
    assert reply.status_code == 503
    assert list(json.loads(reply.body)["error"]) == ["search", "__type"]
    assert app.get(f"/participation/thread/{thread['id']}").status_code == 200


def test_a_site_without_the_core_has_no_search_and_no_links_to_it(make_app: Make) -> None:
    before, config["participation.search.solr_url"] = config["participation.search.solr_url"], ""
    try:
        indexer.run()
        assert list(verifying.conversations(repair=True)) == []
        assert make_app().get("/participation/search").status_code == 404
        assert "participation/search" not in make_app().get("/participation/conversations").body
    finally:
        config["participation.search.solr_url"] = before


def test_a_document_that_the_server_refuses_does_not_hold_up_the_others(ask: Make, caplog: pytest.LogCaptureFixture,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = ask(), ask()
    made = documents.document

    def spoiled(site_id: str, kind: str, entry: Any, part: Any) -> Any:
        document = made(site_id, kind, entry, part)
        return document | {"created": "yesterday"} if document and part.entry_id == bad["id"] else document

    monkeypatch.setattr(documents, "document", spoiled)
    bring()
    assert held() == {f"{good['id']}#1"}
    assert f"does not take the message {bad['id']}#1" in caplog.text


def test_what_agrees_is_no_finding(ask: Make) -> None:
    ask()
    assert [(row.check, row.differences) for row in verifying.conversations(repair=False)] == [("search.thread", 0)]


def test_missing_other_and_strange_documents_are_found_and_mended(ask: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "MOST", 2)
    lost, changed, fine = ask(), ask(), ask()
    several(fine["id"], 5)
    bring()
    site = server.site_id()
    other = server.ask(f'id:"{changed["id"]}#1"').docs[0] | {"title_en": "Another", "checksum": "x", "permission_labels": ["public"]}
    strange = other | {"index_id": f"{site}:thread:999!1", "id": "999#1", "entry": "thread:999"}
    for document in (other, strange):
        document.pop("_version_", None)
    server.send([other, strange], gone=[f"{site}:thread:{lost['id']}!1"])
    server.commit()
    finding = next(iter(verifying.conversations(repair=False)))
    assert (finding.differences, finding.repaired) == (3, 0)
    finding = next(iter(verifying.conversations(repair=True)))
    assert (finding.differences, finding.repaired) == (3, 3)
    assert [row.differences for row in verifying.conversations(repair=False)] == [0]
    assert server.ask("title_en:another").hits == 0


def test_rebuilding_brings_everything_back_and_can_be_stopped_at_any_time(ask: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "BATCH", 1)
    made = {f"{ask()['id']}#1" for _ in range(3)}
    bring()
    server.send([], everything_gone=True)
    server.commit()
    run = CliRunner().invoke
    assert run(cli.rebuild, ["--background"]).exit_code == 0
    assert len(marks()) == 3
    indexer.index(seconds=0, limit=1)
    assert "waiting: 2" in run(cli.status).output
    done = run(cli.send)
    assert done.exit_code == 0, done.output
    assert held() == made
    assert run(cli.rebuild).exit_code == 0
    assert held() == made


def test_a_rebuild_without_a_server_says_what_to_do(ask: Make, away: None) -> None:
    ask()
    done = CliRunner().invoke(cli.rebuild)
    assert done.exit_code == 1
    assert "stays marked" in done.output
    assert "hunter2" not in done.output


def test_documents_carry_no_names_and_no_more_than_the_schema_knows(ask: Make, person: Make) -> None:
    from ckanext.participation.search import fields

    thread = ask(user=person(fullname="Zebulon Ouellette"))
    entry = registry.searchables["thread"]
    made = documents.document("s", "thread", entry.entries([thread["id"]])[thread["id"]], entry.these([(thread["id"], 1)])[0])
    assert made is not None
    assert set(made) <= {field.name for field in fields.DOCUMENT_FIELDS}
    assert "Zebulon" not in str(made)
