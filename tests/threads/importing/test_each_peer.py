"""What each of the three extensions kept, and what it becomes here: from their own schemas, recorded under `fixtures/`."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from ckan import model
from threads.importing.conftest import (
    ARIEL,
    BRIDGES,
    CLAUDE,
    DOMINIQUE,
    ORGANIZATION,
    SNOW,
    SNOW_FILE,
    TREES,
    UNKNOWN,
    Former,
    Import,
    place,
    subject_of,
)

from ckanext.participation.common.model import Person, Subject, Support
from ckanext.participation.threads import queue, rules
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import Rating, ThreadChange

pytestmark = [pytest.mark.usefixtures("clean_db", "with_request_context")]

def author_of(comment: Comment) -> Person:
    return model.Session.get_one(Person, comment.author_id)


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

    @pytest.mark.parametrize("lang", ["en", "fr"])
    def test_who_commented_is_not_known_and_shows_so_in_the_readers_language(self, lang: str, bring: Import) -> None:
        from ckanext.participation.common import people

        bring("feedback", lang=lang)
        authors = {place(f"resource_comment:{key}")[1].author_id for key in ("f01", "f02", "f03", "f04", "f05")}
        for reader, name in (("en", "Somebody unknown"), ("fr", "Une personne inconnue")):
            assert {shown["name"] for shown in people.public_names(authors, reader).values()} == {name}

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
