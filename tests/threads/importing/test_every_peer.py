"""What holds for the import of all three extensions, and of the command that starts it: from their own schemas, under `fixtures/`."""

from __future__ import annotations

import csv
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from ckan import model
from click.testing import CliRunner, Result
from threads.importing.conftest import ORGANIZATION, TREES, TREES_FILE, Former, Import, place, subject_of

from ckanext.participation.common.model import Event, Outbox, Person, Subject, Support
from ckanext.participation.common.registry import registry
from ckanext.participation.threads import counting, rules
from ckanext.participation.threads.cli.imports import threads
from ckanext.participation.threads.importing import running
from ckanext.participation.threads.importing.reading import SourceError
from ckanext.participation.threads.importing.report import Report
from ckanext.participation.threads.importing.shapes import Options
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import Rating, Recount, ThreadChange

pytestmark = [pytest.mark.usefixtures("clean_db", "with_request_context")]

PEERS = ("comments", "feedback", "issues")


def everything() -> dict[str, list[Any]]:
    """Return what the import can have stored, without its own dates."""
    model.Session.rollback()
    tables = {
        "threads": sa.select(*(column for column in Thread.__table__.columns)).order_by(Thread.id),
        "comments": sa.select(*(column for column in Comment.__table__.columns)).order_by(Comment.thread_id, Comment.seq),
        "events": sa.select(Event.type, Event.target_id, Event.data).order_by(Event.id),
        "stars": sa.select(Rating.subject_id, Rating.person_id, Rating.value).order_by(Rating.subject_id, Rating.person_id),
        "likes": sa.select(Support.target_id, Support.person_id).order_by(Support.target_id),
        "steps": sa.select(ThreadChange.thread_id, ThreadChange.number, ThreadChange.after).order_by(ThreadChange.thread_id),
        "persons": sa.select(Person.user_id, Person.public_name).order_by(Person.id),
        "subjects": sa.select(Subject.type, Subject.ref, Subject.lost_at.is_(None)).order_by(Subject.id)}
    return {name: [tuple(row) for row in model.Session.execute(query)] for name, query in tables.items()}


class TestEveryPeer:
    @pytest.mark.parametrize("peer", PEERS)
    def test_counters_and_places_are_right(self, peer: str, bring: Import) -> None:
        bring(peer)
        threads = model.Session.scalars(sa.select(Thread)).all()
        assert threads
        for thread in threads:
            comments = model.Session.scalars(sa.select(Comment).where(Comment.thread_id == thread.id).order_by(Comment.seq)).all()
            visible = [comment for comment in comments if comment.state == "visible"]
            assert [comment.seq for comment in comments] == list(range(1, len(comments) + 1))
            assert thread.next_seq == len(comments) + 1
            assert thread.n_visible == len(visible)
            assert thread.last_seq == max((comment.seq for comment in visible), default=0)
            assert thread.last_at == max((comment.created for comment in visible), default=thread.created)
            paths = {comment.seq: comment.path for comment in comments}
            for comment in comments[1:]:
                assert comment.parent_seq < comment.seq
                above = None if comment.parent_seq == 1 else paths[comment.parent_seq]
                assert (comment.path, comment.depth) == rules.path_of(comment.seq, above)

    @pytest.mark.usefixtures("clean_index")
    @pytest.mark.parametrize("peer", PEERS)
    def test_the_verifier_finds_nothing_to_mend(self, peer: str, bring: Import) -> None:
        bring(peer)
        while counting.recount(seconds=0):
            pass
        findings = [finding for verify in registry.verifiers().values() for finding in verify(False)]
        assert findings
        assert [finding for finding in findings if finding.differences] == []

    @pytest.mark.parametrize("peer", PEERS)
    def test_every_row_is_accounted_for(self, peer: str, bring: Import, former: Former) -> None:
        report = bring(peer)
        engine = sa.create_engine(former(peer))
        with engine.connect() as connection:
            for table in {"comments": ["comments_comments"], "feedback": ["resource_comment", "resource_comment_reply",
                          "resource_comment_reactions", "utilization", "utilization_comment", "utilization_comment_reply",
                          "issue_resolution", "resource_like", "resource_like_monthly", "download_summary", "download_monthly",
                          "resource_comment_moral_check_log"],
                          "issues": ["issue", "issue_comment", "issue_report", "issue_comment_report", "issue_category"]}[peer]:
                assert report.rows(table) == connection.scalar(sa.text(f"SELECT count(*) FROM {table}")), table
        engine.dispose()

    @pytest.mark.parametrize("peer", PEERS)
    def test_running_twice_brings_nothing_twice(self, peer: str, bring: Import) -> None:
        first = bring(peer)
        stored = everything()
        second = bring(peer)
        assert everything() == stored
        assert second.carried == Counter()
        assert second.already == first.carried
        assert second.lost == first.lost

    @pytest.mark.parametrize("peer", PEERS)
    def test_a_dry_run_says_the_same_and_stores_nothing(self, peer: str, bring: Import) -> None:
        before = everything()
        dry = bring(peer, dry=True)
        assert everything() == before
        wet = bring(peer)
        assert list(dry.lines()) == list(wet.lines())

    @pytest.mark.parametrize("peer", PEERS)
    def test_an_import_that_was_stopped_goes_on_where_it_was(self, peer: str, bring: Import, former: Former) -> None:
        taken = 0

        def stop() -> bool:
            nonlocal taken
            taken += 1
            return taken > 3

        assert not running.run(peer, Report(), options=Options(zone=ZoneInfo("UTC")), database=former(peer), stop=stop)
        model.Session.remove()
        assert model.Session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 3
        bring(peer)
        stopped = everything()
        rows = [data["row"] for _, _, data in stopped["events"] if "row" in data]
        assert len(rows) == len(set(rows))
        again = bring(peer)
        assert again.made.total() == 0

    @pytest.mark.parametrize("peer", PEERS)
    def test_an_error_midway_leaves_whole_conversations_only(self, peer: str, bring: Import, former: Former) -> None:
        table, column, key = {"comments": ("comments_comments", "content", "c02"), "feedback": ("resource_comment_reply", "content", "r02"),
                              "issues": ("issue_comment", "comment", "4")}[peer]
        model.Session.execute(sa.text(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON participation_comment FOR EACH ROW WHEN (NEW.body = 'break') EXECUTE FUNCTION refuse()"))
        model.Session.commit()
        try:
            with pytest.raises(sa.exc.DBAPIError, match="disk full") as caught:
                bring(peer, database=former(peer, f"UPDATE {table} SET {column} = 'break' WHERE id = '{key}'"))
            assert "while importing" in caught.value.__notes__[0]
        finally:
            model.Session.rollback()
            model.Session.execute(sa.text("DROP FUNCTION refuse() CASCADE"))
            model.Session.commit()
        half = model.Session.scalars(sa.select(Thread.id).where(Thread.next_seq != sa.select(sa.func.count() + 1).where(
            Comment.thread_id == Thread.id).scalar_subquery())).all()
        assert half == []
        bring(peer)
        rows = model.Session.scalars(sa.select(Event.data["row"].astext).where(Event.data["row"].astext.is_not(None))).all()
        assert len(rows) == len(set(rows))

    @pytest.mark.parametrize("peer", PEERS)
    def test_nobody_is_mailed_and_every_message_has_its_event(self, peer: str, bring: Import) -> None:
        bring(peer)
        assert model.Session.scalar(sa.select(sa.func.count()).select_from(Outbox)) == 0
        types = Counter(model.Session.scalars(sa.select(Event.type).where(Event.type.like("%.imported"))))
        assert types["thread.imported"] == model.Session.scalar(sa.select(sa.func.count()).select_from(Thread))
        assert types.total() == model.Session.scalar(sa.select(sa.func.count()).select_from(Comment))

    @pytest.mark.parametrize("peer", PEERS)
    def test_the_counters_of_each_subject_are_due(self, peer: str, bring: Import) -> None:
        bring(peer)
        due = set(model.Session.scalars(sa.select(Recount.subject_id)))
        assert due >= set(model.Session.scalars(sa.select(Thread.subject_id)))
        assert due >= set(model.Session.scalars(sa.select(Rating.subject_id)))

    @pytest.mark.parametrize("peer", PEERS)
    def test_a_purged_dataset_becomes_a_lost_subject_that_can_be_found_again(self, peer: str, bring: Import) -> None:
        row = {"comments": "comments_comments:c10", "feedback": "resource_comment:f05", "issues": f"issue:{TREES}#1"}[peer]
        bring(peer)
        subject = subject_of(place(row)[0])
        assert subject.lost_at is not None
        if subject.type == "resource":
            assert (subject.ref, subject.title, subject.parent_ref) == (TREES_FILE, "arbres.csv", TREES)
            subject = model.Session.scalars(sa.select(Subject).where(Subject.type == "dataset", Subject.ref == TREES)).one()
        assert (subject.ref, subject.title, subject.name) == (TREES, "Arbres (exemple)", "arbres-exemple")
        assert (subject.guid, subject.organization_id) == ("arbres-guid-1", ORGANIZATION)

    def test_the_former_site_is_left_as_it_was(self, bring: Import, former: Former) -> None:
        engine = sa.create_engine(former("comments"))
        digest = sa.text("SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM comments_comments c")
        with engine.connect() as connection:
            before = connection.scalar(digest)
        bring("comments")
        with engine.connect() as connection:
            assert connection.scalar(digest) == before
        engine.dispose()


class TestCommand:
    @pytest.fixture
    def command(self, site: None) -> Iterator[Callable[..., Result]]:
        """`ckan participation threads …` in this process, which keeps its own handlers of signals."""
        handlers = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
        yield lambda *words: CliRunner().invoke(threads, ["import", *words])
        for name, handler in handlers.items():
            signal.signal(name, handler)

    def test_it_says_what_it_did_and_writes_the_report(self, command: Callable[..., Result], former: Former, tmp_path: Path) -> None:
        file = tmp_path / "report.csv"
        done = command("--from", "feedback", "--database", former("feedback"), "--report", str(file), "--lang", "fr", "--timezone", "UTC")
        assert done.exit_code == 0, done.output
        assert "resource_comment: 7 = 7 + 0 + 0" in done.output
        assert "utilization: 1: a reuse of data" in done.output
        assert "made here: 7 conversations, 10 messages, 3 stars, 1 likes" in done.output
        assert place("resource_comment:f07")[0].title == "(sans texte)"
        assert len(list(csv.DictReader(file.open(newline="")))) > 10

    def test_a_dry_run_says_that_it_was_one(self, command: Callable[..., Result], former: Former) -> None:
        done = command("--from", "issues", "--database", former("issues"), "--dry-run")
        assert done.exit_code == 0, done.output
        assert "issue: 5 = 5 + 0 + 0" in done.output
        assert "Nothing was stored" in done.output
        assert model.Session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 0

    @pytest.mark.parametrize(("words", "told"), [
        (("--from", "comments"), "has no table comments_threads, comments_comments"),
        (("--from", "comments", "--database", "nonsense"), "--database must be an address"),
        (("--from", "comments", "--timezone", "Mars/Olympus"), "Mars/Olympus is not a time zone"),
        (("--from", "disqus"), "is not one of"), ((), "Missing option '--from'")])
    def test_a_wrong_call_is_refused_with_the_reason(self, words: tuple[str, ...], told: str, command: Callable[..., Result]) -> None:
        done = command(*words)
        assert done.exit_code != 0
        assert told in done.output

    def test_a_database_of_another_kind_is_refused(self, former: Former, site: None) -> None:
        for address, words in (("mysql://host/name", "PostgreSQL"), ("nonsense", "such as postgresql://"),
                               (former("issues"), "no table comments_threads, comments_comments")):
            with pytest.raises(SourceError, match=re.escape(words)):
                running.run("comments", Report(), options=Options(), database=address)

    def test_a_server_that_is_away_is_named_without_its_password(self, site: None) -> None:
        with pytest.raises(SourceError, match="does not answer") as caught:
            running.run("comments", Report(), options=Options(), database="postgresql://me:secret@127.0.0.1:1/former?connect_timeout=2")
        assert "secret" not in str(caught.value)

    def test_two_imports_do_not_run_at_once(self, former: Former, site: None) -> None:
        with running._alone(), pytest.raises(running.BusyError):
            running.run("comments", Report(), options=Options(), database=former("comments"))
        assert running.run("comments", Report(), options=Options(), database=former("comments"))
