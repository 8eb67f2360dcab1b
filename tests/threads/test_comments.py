"""Messages after they were posted: changed, taken back, translated, read in every order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from statements import statements

from ckanext.participation.common.model import Event
from ckanext.participation.threads import ordering
from ckanext.participation.threads.model import Comment, Thread

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]


@pytest.fixture
def talk(question: dict[str, Any]) -> dict[str, Any]:
    """The question alone: these tests write their own replies."""
    return question


def reply(talk: dict[str, Any], as_user: Make, who: str = "asker", **fields: Any) -> dict[str, Any]:
    return as_user(talk[who], "participation_comment_create", **{"thread_id": talk["id"], "body": "Words.", "lang": "en", **fields})


def rows(talk: dict[str, Any], as_user: Make, reader: Any = None, **asked: Any) -> list[int]:
    return [row["seq"] for row in as_user(reader, "participation_comment_list", thread_id=talk["id"], **asked)["results"]]


def test_a_change_keeps_what_was_said_before_and_shows_the_difference(talk: dict[str, Any], as_user: Make) -> None:
    changed = as_user(talk["asker"], "participation_comment_edit", thread_id=talk["id"], seq=1, body="One and two.", title="Why then?")
    assert (changed["body_html"], changed["n_versions"]) == ("<p>One and two.</p>\n", 1)
    history = as_user(None, "participation_comment_history", thread_id=talk["id"], seq=1)
    assert [row["body"] for row in history["versions"]] == ["One."]
    assert "".join(part["text"] for part in history["versions"][0]["diff"] if part["op"] != "removed") == "One and two."
    thread = as_user(None, "participation_thread_show", id=talk["id"])
    assert (thread["title"], thread["changes"][0]["before"]) == ("Why then?", "Why?")


def test_the_same_text_again_is_no_change(talk: dict[str, Any], as_user: Make) -> None:
    as_user(talk["asker"], "participation_comment_edit", thread_id=talk["id"], seq=1, body="One.")
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.type == "comment.edited")) == 0


def test_two_people_who_change_one_answer_do_not_undo_each_other(talk: dict[str, Any], as_user: Make) -> None:
    as_user(talk["asker"], "participation_comment_edit", thread_id=talk["id"], seq=1, body="Two.", base=0)
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(talk["asker"], "participation_comment_edit", thread_id=talk["id"], seq=1, body="Three.", base=0)
    assert list(refusal.value.error_dict) == ["base"]


def test_nobody_changes_or_takes_back_somebody_elses_words(talk: dict[str, Any], person: Make, as_user: Make) -> None:
    for user in (talk["staff"], person(), person(sysadmin=True)):
        for action in ("participation_comment_edit", "participation_comment_delete"):
            with pytest.raises(tk.NotAuthorized):
                # A sysadmin's rights are CKAN's to give and the rules' to refuse: words in somebody's name are nobody else's.
                as_user(user, action, thread_id=talk["id"], seq=1, body="Never said.")
    assert rows(talk, as_user) == [1]


def test_a_colleague_mends_an_answer_in_the_organisations_name(talk: dict[str, Any], person: Make, as_user: Make) -> None:
    answer = reply(talk, as_user, "staff", as_organization=True)
    from ckan.tests import helpers

    colleague = person()
    helpers.call_action("organization_member_create", id=talk["dataset"]["owner_org"], username=colleague["name"], role="editor")
    assert as_user(colleague, "participation_comment_edit", thread_id=talk["id"], seq=answer["seq"], body="Right now.")["body"] == "Right now."


def test_an_edit_does_not_bring_in_what_would_have_been_held(talk: dict[str, Any], as_user: Make) -> None:
    links = " ".join(f"[x](https://{letter}.example)" for letter in "abc")
    with pytest.raises(tk.ValidationError) as refusal:
        as_user(talk["asker"], "participation_comment_edit", thread_id=talk["id"], seq=1, body=links)
    assert list(refusal.value.error_dict) == ["body"]


def test_a_hidden_text_is_not_changed_back_into_sight(talk: dict[str, Any], person: Make, as_user: Make) -> None:
    said = reply(talk, as_user)
    as_user(person(sysadmin=True), "participation_visibility_set", kind="comment", id=f"{talk['id']}#{said['seq']}", state="hidden", reason="Ad.")
    for action in ("participation_comment_edit", "participation_comment_delete"):
        with pytest.raises(tk.NotAuthorized):
            as_user(talk["asker"], action, thread_id=talk["id"], seq=said["seq"], body="Again.")
    with pytest.raises(tk.ObjectNotFound):
        as_user(None, "participation_comment_history", thread_id=talk["id"], seq=said["seq"])


def test_a_message_taken_back_keeps_its_place_and_its_replies(talk: dict[str, Any], as_user: Make) -> None:
    first = reply(talk, as_user)
    reply(talk, as_user, parent_seq=first["seq"])
    as_user(talk["asker"], "participation_comment_delete", thread_id=talk["id"], seq=first["seq"])
    page = as_user(None, "participation_comment_list", thread_id=talk["id"])["results"]
    assert [(row["seq"], row["state"], row["body"]) for row in page] == [(1, "visible", "One."), (2, "removed", None), (3, "visible", "Words.")]
    assert as_user(None, "participation_thread_show", id=talk["id"])["n_visible"] == 2


def test_a_conversation_that_nobody_answered_goes_with_its_first_message(talk: dict[str, Any], as_user: Make) -> None:
    as_user(talk["asker"], "participation_comment_delete", thread_id=talk["id"], seq=1)
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_thread_show", id=talk["id"])
    assert as_user(None, "participation_thread_list", subject_id=talk["dataset"]["id"])["results"] == []


def test_an_answer_waits_for_its_translation_and_is_counted(talk: dict[str, Any], as_user: Make) -> None:
    answer = reply(talk, as_user, "staff", as_organization=True)
    assert answer["translation_pending"]
    organization = talk["dataset"]["organization"]["id"]
    assert as_user(None, "participation_thread_overview", id=organization)["counts"]["untranslated"] == 1
    paired = as_user(talk["staff"], "participation_comment_translate", thread_id=talk["id"], seq=answer["seq"], body="Des *mots*.")
    assert (paired["translation"]["lang"], paired["translation"]["body_html"]) == ("fr", "<p>Des <em>mots</em>.</p>\n")
    assert as_user(None, "participation_thread_overview", id=organization)["counts"]["untranslated"] == 0
    changed = as_user(talk["staff"], "participation_comment_edit", thread_id=talk["id"], seq=answer["seq"], body="Other words.")
    assert changed["translation_pending"], "a translation of what it said before is not one of what it says now"


def test_only_staff_translates_and_only_answers_in_its_name(talk: dict[str, Any], as_user: Make) -> None:
    answer = reply(talk, as_user, "staff", as_organization=True)
    for who, seq in (("asker", answer["seq"]), ("staff", 1)):
        with pytest.raises(tk.NotAuthorized):
            as_user(talk[who], "participation_comment_translate", thread_id=talk["id"], seq=seq, body="x")


def test_an_unsigned_answer_names_its_author_to_colleagues_only(talk: dict[str, Any], as_user: Make) -> None:
    answer = reply(talk, as_user, "staff", as_organization=True, signed=False)
    shown = {who: as_user(talk.get(who), "participation_comment_show", thread_id=talk["id"], seq=answer["seq"])["author"]
             for who in ("nobody", "asker", "staff")}
    assert shown["nobody"] is None
    assert shown["asker"] is None
    assert shown["staff"]["name"]


ORDERS = [(order, flat) for order in ("oldest", "newest", "useful") for flat in (False, True)]


@pytest.fixture
def grown(talk: dict[str, Any], as_user: Make) -> dict[str, Any]:
    """A conversation of 24 messages three levels deep, with support, one hidden and one taken back."""
    parents = [None, 2, 3, None, 5, 2, None, 8, 9, 9, 5, None, 13, None, 15, 16, 15, None, 2, 3, 8, 19, None]
    for number, parent in enumerate(parents):
        thread = model.Session.get(Thread, talk["id"])
        from ckanext.participation.threads import rules

        above = model.Session.get(Comment, (talk["id"], parent)) if parent else None
        path, depth = rules.path_of(number + 2, above.path if above else None)
        model.Session.add(Comment(thread_id=talk["id"], seq=number + 2, parent_seq=parent or 1, path=path, depth=depth, lang="en",
                                  author_id=thread.author_id, body="x", body_html="<p>x</p>", text_version=1,
                                  state="hidden" if number == 5 else "removed" if number == 9 else "visible", n_support=number * 7 % 5))
        model.Session.flush()
    thread.n_visible, thread.last_seq, thread.next_seq = 22, 24, 25
    model.Session.commit()
    return talk


@pytest.mark.parametrize(("order", "flat"), ORDERS)
@pytest.mark.parametrize("limit", [1, 4, 50])
def test_pages_of_every_order_follow_each_other_without_gap_or_repetition(grown: dict[str, Any], as_user: Make, order: str, flat: bool,
                                                                         limit: int) -> None:
    whole = as_user(None, "participation_comment_list", thread_id=grown["id"], order=order, flat=flat, limit=100)
    seen, after = [], None
    while True:
        page = as_user(None, "participation_comment_list", thread_id=grown["id"], order=order, flat=flat, limit=limit, after=after)
        assert (page["opening"] is not None) == (order != "oldest" and after is None)
        seen += [row["seq"] for row in page["results"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [row["seq"] for row in whole["results"]]
    assert sorted(seen) == list(range(1 if order == "oldest" else 2, 25))


@pytest.mark.parametrize(("order", "flat"), ORDERS)
def test_an_order_is_what_it_says(grown: dict[str, Any], as_user: Make, order: str, flat: bool) -> None:
    page = as_user(None, "participation_comment_list", thread_id=grown["id"], order=order, flat=flat, limit=100)["results"]
    line = [row for row in page if flat or row["depth"] == 0]
    keys = {"oldest": [row["seq"] for row in line], "newest": [-row["seq"] for row in line],
            "useful": [(-row["n_support"], -row["seq"]) for row in line]}[order]
    assert keys == sorted(keys)
    if not flat:
        place = {row["seq"]: number for number, row in enumerate(page)}
        nested = [row for row in page if row["depth"]]
        assert all(place[row["parent_seq"]] < place[row["seq"]] for row in nested), "a reply comes after what it answers"


@pytest.mark.parametrize("flat", [False, True])
def test_a_page_begins_before_the_message_that_was_asked_for(grown: dict[str, Any], as_user: Make, flat: bool) -> None:
    for seq in range(1, 25):
        page = as_user(None, "participation_comment_list", thread_id=grown["id"], at=seq, flat=flat, limit=12)
        assert seq in [row["seq"] for row in page["results"]]


@pytest.mark.parametrize("flat", [False, True])
def test_the_page_before_ends_where_this_one_begins(grown: dict[str, Any], as_user: Make, flat: bool) -> None:
    whole = rows(grown, as_user, flat=flat, limit=100)
    first = as_user(None, "participation_comment_list", thread_id=grown["id"], flat=flat, limit=10)
    second = as_user(None, "participation_comment_list", thread_id=grown["id"], flat=flat, limit=10, after=first["next"])
    before = as_user(None, "participation_comment_list", thread_id=grown["id"], flat=flat, limit=6, before=second["previous"])
    assert [row["seq"] for row in before["results"]] == whole[4:10]
    assert before["next"] == first["next"]


@pytest.mark.parametrize(("order", "flat", "mark"), [("oldest", False, "x"), ("newest", False, "3"), ("useful", True, "1"), ("oldest", True, "a.b"),
                                                     ("newest", True, "99999999999"), ("oldest", False, "'; DROP TABLE x")])
def test_a_mark_of_another_order_is_a_named_error(talk: dict[str, Any], as_user: Make, order: str, flat: bool, mark: str) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        rows(talk, as_user, order=order, flat=flat, after=mark)
    assert list(refusal.value.error_dict) == ["after"]


def test_what_did_not_change_is_said_without_looking_at_a_message(talk: dict[str, Any], as_user: Make) -> None:
    version = as_user(None, "participation_thread_show", id=talk["id"])["version"]
    with statements() as seen:
        answer = as_user(None, "participation_comment_list", thread_id=talk["id"], known_version=version)
    assert answer["unchanged"]
    assert not [statement for statement in seen if "participation_comment" in statement]
    reply(talk, as_user)
    assert "unchanged" not in as_user(None, "participation_comment_list", thread_id=talk["id"], known_version=version)


def test_a_link_to_a_dataset_shows_its_title_and_a_private_one_nothing(talk: dict[str, Any], dataset: Make, as_user: Make) -> None:
    site = tk.config["ckan.site_url"]
    hidden = dataset(private=True, staff=talk["asker"])
    said = reply(talk, as_user, body=f"See {site}/dataset/{talk['dataset']['name']} and {site}/dataset/{hidden['name']}")
    assert f">{talk['dataset']['title']}</a>" in said["body_html"]
    assert f">{site}/dataset/{hidden['name']}</a>" in said["body_html"]
    event = model.Session.scalars(sa.select(Event).where(Event.type == "comment.created")).one()
    assert event.data["mentions"] == [f"dataset:{talk['dataset']['id']}"]


def test_replies_stop_nesting_at_the_eighth_level(talk: dict[str, Any], as_user: Make) -> None:
    parent = 1
    for _ in range(11):
        parent = reply(talk, as_user, "staff", parent_seq=parent)["seq"]
        if parent % 5 == 0:
            model.Session.execute(sa.text("SET participation.erasure = 'on'"))
            model.Session.execute(sa.text("DELETE FROM participation_outbox"))
            model.Session.execute(sa.text("DELETE FROM participation_event"))
            model.Session.commit()
    page = as_user(None, "participation_comment_list", thread_id=talk["id"])["results"]
    assert [row["depth"] for row in page] == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8]
    assert [row["seq"] for row in page] == list(range(1, 13))


def test_the_tree_orders_read_a_page_without_reading_the_thread(grown: dict[str, Any]) -> None:
    for key in ("newest", "useful"):
        opening, shown, following = ordering.page(grown["id"], key, limit=5, mark=None)
        assert opening is not None
        assert len(shown) == 5
        assert following
