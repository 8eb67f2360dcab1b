"""The conversations of three other extensions come over: from their own schemas, recorded under `fixtures/`."""

from __future__ import annotations

import csv
import io
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from ckan import model
from click.testing import CliRunner, Result

from ckanext.participation.common.model import Event, Outbox, Person, Subject, Support
from ckanext.participation.common.registry import registry
from ckanext.participation.threads import counting, queue, rules
from ckanext.participation.threads.cli.imports import threads
from ckanext.participation.threads.importing import running
from ckanext.participation.threads.importing.reading import SourceError
from ckanext.participation.threads.importing.report import Report
from ckanext.participation.threads.importing.shapes import Options
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import Rating, Recount, ThreadChange

pytestmark = [pytest.mark.usefixtures("clean_db", "with_request_context")]

FIXTURES = Path(__file__).parent / "fixtures"
PEERS = ("comments", "feedback", "issues")
ORGANIZATION = "0a000000-0000-4000-8000-000000000001"
ARIEL, DOMINIQUE, CLAUDE, UNKNOWN = (f"0b000000-0000-4000-8000-0000000000{number:02}" for number in (1, 2, 3, 99))
SNOW, BRIDGES, TREES = (f"0d000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
SNOW_FILE, TREES_FILE = "0f000000-0000-4000-8000-000000000001", "0f000000-0000-4000-8000-000000000003"

Former = Callable[..., str]
Import = Callable[..., Report]


def _server(statement: str) -> None:
    engine = sa.create_engine(model.meta.engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def _execute(url: str, statement: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        # The driver itself: the recorded texts hold colons and percent signs.
        connection.connection.cursor().execute(statement)
    engine.dispose()


@pytest.fixture(scope="module")
def _recorded() -> Iterator[dict[str, str]]:
    """Each peer's recorded database, loaded once."""
    made: dict[str, str] = {}
    yield made
    for name in made.values():
        _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def former(_recorded: dict[str, str]) -> Iterator[Former]:
    """Make a peer's database as its release has it, changed by `change` (SQL); give its address."""
    copies: list[str] = []

    def make(peer: str, change: str | None = None) -> str:
        def address(name: str) -> str:
            return model.meta.engine.url.set(database=name).render_as_string(hide_password=False)

        if peer not in _recorded:
            name = f"recorded_{peer}"
            _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            _server(f"CREATE DATABASE {name}")
            _execute(address(name), (FIXTURES / f"{peer}.sql").read_text())
            _recorded[peer] = name
        if change is None:
            return address(_recorded[peer])
        name = f"changed_{peer}_{len(copies)}"
        _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _server(f"CREATE DATABASE {name} TEMPLATE {_recorded[peer]}")
        copies.append(name)
        _execute(address(name), "SET search_path = public; " + change)
        return address(name)

    yield make
    for name in copies:
        _server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def site() -> None:
    """The catalogue as it is today: the snow data are there, the bridges deleted, the trees purged; Claude's account is gone."""
    def add(table: Any, **values: Any) -> None:
        model.Session.execute(sa.insert(table).values(**values))

    for identifier, name, fullname in ((ARIEL, "ariel-exemple", "Ariel Exemple"), (DOMINIQUE, "dominique-modele", "Dominique Modèle")):
        add(model.User, id=identifier, name=name, fullname=fullname, email=f"{name}@example.org")
    add(model.Group, id=ORGANIZATION, name="ministere-modele", title="Ministère modèle", type="organization", is_organization=True,
        extras={})
    add(model.Member, group_id=ORGANIZATION, table_name="user", table_id=DOMINIQUE, capacity="admin")
    add(model.Package, id=SNOW, name="neige-exemple", title="Neige", type="dataset", owner_org=ORGANIZATION)
    add(model.Package, id=BRIDGES, name="ponts-exemple", title="Ponts", type="dataset", owner_org=ORGANIZATION, state="deleted")
    add(model.Resource, id=SNOW_FILE, package_id=SNOW, url="https://example.org/neige.csv", name="neige.csv")
    model.Session.commit()


@pytest.fixture
def bring(site: None, former: Former) -> Import:
    """Import a peer: `bring("comments")`; gives the report. `database` is another than the recorded one."""

    def run(peer: str, *, database: str | None = None, dry: bool = False, file: io.StringIO | None = None, **options: Any) -> Report:
        report = Report(file)
        chosen = Options(**{"zone": ZoneInfo("UTC"), **options})
        assert running.run(peer, report, options=chosen, database=database or former(peer), dry=dry)
        return report

    return run


def place(row: str) -> tuple[Thread, Comment]:
    """Return the thread and the message that a row of the former site became."""
    target = model.Session.scalars(sa.select(Event.target_id).where(Event.data["row"].astext == row)).one()
    thread_id, _, seq = target.partition("#")
    return model.Session.get_one(Thread, int(thread_id)), model.Session.get_one(Comment, (int(thread_id), int(seq or 1)))


def subject_of(thread: Thread) -> Subject:
    return model.Session.get_one(Subject, thread.subject_id)


def author_of(comment: Comment) -> Person:
    return model.Session.get_one(Person, comment.author_id)


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


class TestComments:
    def test_dates_authors_replies_and_edits_are_kept(self, bring: Import) -> None:
        bring("comments")
        thread, opening = place("comments_comments:c01")
        _, first = place("comments_comments:c02")
        _, second = place("comments_comments:c03")
        assert (subject_of(thread).type, subject_of(thread).ref) == ("dataset", SNOW)
        assert opening.created == thread.created == datetime(2021, 3, 1, 10, tzinfo=UTC)
        assert [author_of(comment).user_id for comment in (opening, first, second)] == [ARIEL, DOMINIQUE, ARIEL]
        assert (first.parent_seq, second.parent_seq, second.depth) == (1, first.seq, 1)
        assert second.edited == datetime(2021, 3, 4, 11, 30, tzinfo=UTC)
        assert thread.last_at == second.created
        assert thread.title == "Where does *column_3* come from? See https://example.org/a_b_c."

    def test_plain_text_stays_plain(self, bring: Import) -> None:
        bring("comments")
        html = place("comments_comments:c01")[1].body_html
        assert "*column_3*" in html
        assert ('<a href="https://example.org/a_b_c" rel="nofollow ugc noopener">https://example.org/a_b_c</a>.</p>\n'
                "<p># This is not a heading<br>\nneither &lt;b&gt;bold&lt;/b&gt; nor 1. a list</p>") in html

    def test_a_draft_waits_for_a_look(self, bring: Import) -> None:
        bring("comments")
        assert place("comments_comments:c04")[1].state == "held"
        thread, opening = place("comments_comments:c06")
        assert (thread.visibility, opening.state) == ("held", "held")
        assert place("comments_comments:c07")[1].state == "visible"

    def test_a_draft_can_be_released_afterwards(self, bring: Import) -> None:
        bring("comments")
        thread, _ = place("comments_comments:c06")
        queue.change(thread.id, 1, "visible", "")
        model.Session.commit()
        assert (thread.visibility, thread.n_visible) == ("visible", 2)

    def test_each_message_that_answers_nothing_begins_a_conversation(self, bring: Import) -> None:
        report = bring("comments")
        assert place("comments_comments:c05")[0].id != place("comments_comments:c01")[0].id
        assert report.made["conversations"] == 8
        assert set(model.Session.scalars(sa.select(Thread.kind))) == {"suggestion"}

    def test_the_operator_chooses_the_kind_and_the_language(self, bring: Import) -> None:
        bring("comments", kind="question", lang="fr")
        assert set(model.Session.execute(sa.select(Thread.kind, Thread.lang))) == {("question", "fr")}
        assert set(model.Session.scalars(sa.select(Comment.lang))) == {"fr"}

    def test_files_and_organisations_are_subjects_too(self, bring: Import) -> None:
        bring("comments")
        file, organization = (subject_of(place(f"comments_comments:{key}")[0]) for key in ("c08", "c09"))
        assert (file.type, file.ref, file.parent_ref, file.lost_at) == ("resource", SNOW_FILE, SNOW, None)
        assert (organization.type, organization.ref, organization.lost_at) == ("organization", ORGANIZATION, None)

    def test_a_deleted_dataset_becomes_a_lost_subject(self, bring: Import) -> None:
        bring("comments")
        subject = subject_of(place("comments_comments:c17")[0])
        assert (subject.ref, subject.name) == (BRIDGES, "ponts-exemple")
        assert subject.lost_at is not None

    def test_an_account_that_is_gone_keeps_its_name_and_one_that_nobody_knows_has_none(self, bring: Import) -> None:
        bring("comments")
        gone, unknown = author_of(place("comments_comments:c05")[1]), author_of(place("comments_comments:c08")[1])
        assert (gone.user_id, gone.public_name) == (CLAUDE, "Claude Spécimen")
        assert (unknown.user_id, unknown.public_name) == (UNKNOWN, None)

    def test_what_has_no_place_is_said_row_by_row(self, bring: Import) -> None:
        file = io.StringIO()
        bring("comments", file=file)
        rows = {row["id"]: row for row in csv.DictReader(io.StringIO(file.getvalue()))}
        assert {key: (row["carried"], row["reason"]) for key, row in rows.items()} == {
            "c11": ("no", "subject_type"), "c12": ("no", "group"), "c13": ("no", "no_beginning"), "c14": ("no", "no_beginning"),
            "c05": ("in part", "extras"), "c15": ("in part", "split")}
        assert rows["c11"]["detail"] == f"user {ARIEL}"
        assert rows["c05"]["detail"] == '{"mood": "happy"}'

    def test_a_long_text_becomes_several_messages_and_nothing_is_lost(self, bring: Import) -> None:
        bring("comments")
        thread, opening = place("comments_comments:c15")
        parts = model.Session.scalars(sa.select(Comment).where(Comment.thread_id == thread.id, Comment.author_id == opening.author_id)
                                      .order_by(Comment.seq)).all()
        assert len(parts) == 2
        assert {part.created for part in parts} == {opening.created}
        assert "".join(part.body_html for part in parts).count("A paragraph about snow, éèà,") == 130

    def test_a_reply_from_a_slow_clock_stands_after_what_it_answers(self, bring: Import) -> None:
        bring("comments")
        thread, reply = place("comments_comments:c16")
        assert reply.parent_seq == 1
        assert reply.created < thread.created
        assert thread.last_at == thread.created

    def test_what_was_said_since_is_added_to_the_conversation(self, bring: Import, former: Former) -> None:
        bring("comments")
        later = former("comments", "INSERT INTO comments_comments (id, thread_id, content, author_id, author_type, state, reply_to_id, "
                       f"created_at) SELECT 'c18', thread_id, 'One more.', '{ARIEL}', 'user', 'approved', id, '2021-05-01' "
                       "FROM comments_comments WHERE id = 'c02'")
        report = bring("comments", database=later)
        thread, added = place("comments_comments:c18")
        assert report.made == Counter({"messages": 1})
        assert added.parent_seq == place("comments_comments:c02")[1].seq
        assert (thread.last_seq, thread.last_at, thread.version) == (added.seq, added.created, 2)
        assert thread.next_seq == added.seq + 1

    def test_an_older_release_without_extra_fields_is_read(self, bring: Import, former: Former) -> None:
        report = bring("comments", database=former("comments", "ALTER TABLE comments_comments DROP COLUMN extras"))
        assert report.made["conversations"] == 8

    def test_a_database_without_the_catalogue_is_read(self, bring: Import, former: Former) -> None:
        report = bring("comments", database=former(
            "comments", 'DROP TABLE resource, package_extra, package, "group", "user" CASCADE'))
        lost = subject_of(place("comments_comments:c10")[0])
        assert (lost.ref, lost.title, lost.lost_at is None) == (TREES, "", False)
        assert report.made["conversations"] == 8


class TestFeedback:
    def test_a_category_becomes_the_kind(self, bring: Import) -> None:
        bring("feedback")
        kinds = {key: place(f"resource_comment:{key}")[0].kind for key in ("f01", "f02", "f03", "f05")}
        assert kinds == {"f01": "question", "f02": "suggestion", "f03": "thanks", "f05": "suggestion"}
        assert subject_of(place("resource_comment:f01")[0]).ref == SNOW_FILE

    @pytest.mark.parametrize(("lang", "name"), [("en", "Anonymous"), ("fr", "Anonyme")])
    def test_who_commented_is_not_known_and_shows_so(self, lang: str, name: str, bring: Import) -> None:
        from ckanext.participation.common import people

        bring("feedback", lang=lang)
        authors = {place(f"resource_comment:{key}")[1].author_id for key in ("f01", "f02", "f03", "f04", "f05")}
        assert {shown["name"] for shown in people.public_names(authors).values()} == {name}

    def test_an_administrator_answers_for_the_organisation_without_a_name_as_before(self, bring: Import) -> None:
        bring("feedback")
        thread, official = place("resource_comment_reply:r01")
        _, other = place("resource_comment_reply:r02")
        assert (official.on_behalf_of, official.signed, author_of(official).user_id) == (ORGANIZATION, False, DOMINIQUE)
        assert (other.on_behalf_of, other.signed, author_of(other).user_id) == (None, True, ARIEL)
        assert thread.state == "answered"

    def test_what_is_not_approved_waits(self, bring: Import) -> None:
        bring("feedback")
        assert place("resource_comment_reply:r03")[1].state == "held"
        assert place("resource_comment:f04")[0].visibility == "held"

    def test_stars_go_to_the_dataset_one_person_each(self, bring: Import) -> None:
        report = bring("feedback")
        stars = Counter(model.Session.execute(
            sa.select(Subject.ref, Rating.value).join(Subject, Subject.id == Rating.subject_id)).tuples())
        assert stars == Counter({(SNOW, 4): 1, (SNOW, 5): 1, (TREES, 2): 1})
        assert report.changed["resource_comment", "stars_held"] == 1
        assert report.changed["resource_comment", "stars_range"] == 1

    def test_an_administrators_like_is_carried_where_it_says_whose(self, bring: Import) -> None:
        report = bring("feedback")
        thread, liked = place("resource_comment:f01")
        like = model.Session.scalars(sa.select(Support)).one()
        assert (like.target_type, like.target_id, like.value) == ("comment", f"{thread.id}#1", 1)
        assert model.Session.get_one(Person, like.person_id).user_id == DOMINIQUE
        assert liked.n_support == 1
        assert report.changed["resource_comment_reactions", "like_unknown"] == 1

    def test_what_the_agency_made_of_it_becomes_the_state_with_its_date(self, bring: Import) -> None:
        bring("feedback")
        done, _ = place("resource_comment:f02")
        refused, _ = place("resource_comment:f06")
        assert (done.state, done.state_at, done.n_changes) == ("answered", datetime(2024, 8, 1, 9, tzinfo=UTC), 1)
        assert (refused.state, refused.state_reason) == ("closed", "Declined on the former site.")
        step = model.Session.get_one(ThreadChange, (done.id, 1))
        assert (step.what, step.before, step.after, step.official) == ("state", "open", "answered", True)

    def test_reuses_likes_and_drafts_are_said_not_to_be_carried(self, bring: Import) -> None:
        file = io.StringIO()
        report = bring("feedback", file=file)
        assert dict(report.lost.keys()) == {
            "utilization": "reuse", "utilization_comment": "reuse", "utilization_comment_reply": "reuse", "issue_resolution": "reuse",
            "resource_like": "likes", "resource_like_monthly": "statistics", "download_summary": "statistics",
            "download_monthly": "statistics", "resource_comment_moral_check_log": "draft"}
        rows = {(row["table"], row["id"]): row["detail"] for row in csv.DictReader(io.StringIO(file.getvalue()))}
        assert rows["utilization", "u01"] == "'=Snow map"
        assert rows["resource_like", "l01"] == "12"
        assert rows["resource_comment", "f05"] == "2024-07-08-oaks.png"
        assert "An angry draft." not in file.getvalue()

    def test_a_comment_without_text_keeps_its_place(self, bring: Import) -> None:
        report = bring("feedback")
        thread, opening = place("resource_comment:f07")
        assert (thread.title, opening.body) == ("(no text)", "(no text)")
        assert report.changed["resource_comment", "no_text"] == report.changed["resource_comment", "no_date"] == 1

    def test_its_dates_are_local(self, bring: Import) -> None:
        bring("feedback", zone=ZoneInfo("America/Toronto"))
        assert place("resource_comment:f01")[1].created == datetime(2024, 7, 1, 14, tzinfo=UTC)

    def test_an_older_release_without_reactions_and_approval_of_replies_is_read(self, bring: Import, former: Former) -> None:
        bring("feedback", database=former("feedback", "DROP TABLE resource_comment_reactions, utilization_comment_reply; "
              "ALTER TABLE resource_comment_reply DROP COLUMN approval, DROP COLUMN approved, DROP COLUMN approval_user_id, "
              "DROP COLUMN attached_image_filename; ALTER TABLE resource_comment DROP COLUMN attached_image_filename"))
        assert place("resource_comment_reply:r03")[1].state == "visible"


class TestIssues:
    def test_an_issue_is_a_problem_report_with_its_file(self, bring: Import) -> None:
        bring("issues")
        thread, opening = place(f"issue:{SNOW}#1")
        assert (thread.kind, thread.title, thread.problem_state) == ("problem", "The link to the file is broken", "open")
        assert thread.problem == {"resource_id": SNOW_FILE}
        assert author_of(opening).user_id == ARIEL
        assert subject_of(thread).ref == SNOW

    def test_its_markdown_stays_and_its_pictures_become_links(self, bring: Import) -> None:
        bring("issues")
        html = place(f"issue:{SNOW}#1")[1].body_html
        assert "<strong>404</strong>" in html
        assert re.findall(r'href="([^"]*)"', html) == ["https://example.org/neige.csv", "https://example.org/404.png"]
        assert "http://example.org/x" in place(f"issue_comment:{SNOW}:5")[1].body_html
        assert "<a " not in place(f"issue_comment:{SNOW}:5")[1].body_html

    def test_a_closed_issue_is_fixed_with_the_date_and_the_one_who_closed_it(self, bring: Import) -> None:
        report = bring("issues")
        thread, _ = place(f"issue:{SNOW}#2")
        assert (thread.state, thread.problem_state) == ("closed", "fixed")
        steps = model.Session.scalars(sa.select(ThreadChange).where(ThreadChange.thread_id == thread.id).order_by(ThreadChange.number)).all()
        assert [(step.what, step.before, step.after) for step in steps] == [("problem", "open", "fixed"), ("state", "open", "closed")]
        assert {step.at for step in steps} == {datetime(2016, 6, 15, 14, tzinfo=UTC)}
        assert model.Session.get_one(Person, thread.assignee_id).user_id == DOMINIQUE
        assert report.changed["issue", "outcome"] == 1

    def test_abuse_is_hidden_and_what_nobody_judged_waits(self, bring: Import) -> None:
        bring("issues")
        thread, opening = place(f"issue:{SNOW}#3")
        assert (thread.visibility, opening.state, opening.state_reason) == ("hidden", "hidden", "Marked as abuse on the former site.")
        states = [place(f"issue_comment:{SNOW}:{number}")[1].state for number in (1, 2, 3, 4)]
        assert states == ["visible", "hidden", "held", "visible"]

    def test_a_title_that_is_too_long_stands_whole_in_the_message(self, bring: Import) -> None:
        report = bring("issues")
        thread, opening = place(f"issue:{SNOW}#4")
        assert len(thread.title.encode()) <= rules.TITLE_BYTES
        assert opening.body.startswith("A title that goes on and on " * 13)
        assert report.changed["issue", "title"] == 1


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
