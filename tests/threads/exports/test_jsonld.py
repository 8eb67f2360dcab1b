"""Conversations as JSON-LD, which a page carries for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from threads.exports.conftest import file_of

from ckanext.participation.threads.model import Comment, Thread

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context"),
              pytest.mark.ckan_config("participation.limits.posts_per_minute", 1000)]

Make = Callable[..., Any]


# JSON-LD


def page_of(as_user: Make, thread: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return (as_user(None, "participation_thread_show", id=thread["id"]),
            as_user(None, "participation_comment_list", thread_id=thread["id"])["results"])


def document(as_user: Make, thread: dict[str, Any]) -> dict[str, Any]:
    return json.loads(tk.h.participation_thread_jsonld(*page_of(as_user, thread)))


def test_a_question_is_a_question_with_its_answers(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    staff = person()
    thread = ask(person(fullname="Zoé Roy"), dataset(staff=staff))
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="Perhaps.")
    as_user(staff, "participation_comment_create", thread_id=thread["id"], body="Because.", as_organization=True)
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="Ah.", parent_seq=3)
    model.Session.execute(sa.update(Thread).values(answer_seq=3))
    model.Session.commit()
    page = document(as_user, thread)
    question = page["mainEntity"]
    assert (page["@type"], question["@type"], question["name"], question["text"]) == ("QAPage", "Question", "Why?", "Some *words*.")
    assert (question["author"], question["answerCount"]) == ({"@type": "Person", "name": "Zoé Roy"}, 3)
    assert (question["acceptedAnswer"]["@type"], question["acceptedAnswer"]["text"]) == ("Answer", "Because.")
    assert question["acceptedAnswer"]["author"]["@type"] == "Organization"
    assert question["acceptedAnswer"]["comment"][0]["text"] == "Ah."
    assert [row["text"] for row in question["suggestedAnswer"]] == ["Perhaps."]
    assert question["url"].startswith(tk.config["ckan.site_url"])
    assert question["about"]["@type"] == "Dataset"


@pytest.mark.parametrize("kind", ["problem", "suggestion", "thanks"])
def test_anything_else_is_a_posting_with_comments(kind: str, person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    thread = ask(person(), dataset(), kind=kind)
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="one")
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="two", parent_seq=2)
    posting = document(as_user, thread)
    assert (posting["@type"], posting["headline"], posting["commentCount"]) == ("DiscussionForumPosting", "Why?", 2)
    assert posting["comment"][0]["text"] == "one"
    assert posting["comment"][0]["comment"][0]["text"] == "two"


def test_hidden_words_are_not_told_to_machines_and_their_replies_stay(person: Make, dataset: Make, ask: Make, as_user: Make) -> None:
    thread = ask(person(), dataset())
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="secret")
    as_user(person(), "participation_comment_create", thread_id=thread["id"], body="reply", parent_seq=2)
    model.Session.execute(sa.update(Comment).where(Comment.seq == 2).values(state="hidden"))
    model.Session.commit()
    told = document(as_user, thread)
    assert "secret" not in json.dumps(told)
    assert [row["text"] for row in told["mainEntity"]["suggestedAnswer"]] == ["reply"]


def test_the_conversations_page_carries_it_and_no_text_ends_it(app: Any, person: Make, dataset: Make, ask: Make) -> None:
    thread = ask(person(), dataset(), title="</script><script>alert(1)</script>", body="</script><img src=x onerror=alert(1)>")
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', file_of(app, thread["url"]).body, re.DOTALL)
    told = [json.loads(block) for block in blocks if "QAPage" in block]
    assert [block["mainEntity"]["name"] for block in told] == ["</script><script>alert(1)</script>"]
    assert told[0]["mainEntity"]["text"].startswith("</script>")
