"""What people said is found: by whom, by which words, how soon, and what must never be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers

from ckanext.participation.common.model import IndexMark
from ckanext.participation.search import indexer, server

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
Found = Callable[..., Any]


def bring() -> None:
    """Send what is marked and let it be found."""
    while indexer.index(seconds=0):
        pass
    server.commit()


@pytest.fixture
def ask(person: Make, as_user: Make) -> Make:
    def make(about: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return as_user(fields.pop("user", None) or person(), "participation_thread_create",
                       **{"subject_id": about["id"], "title": "Why?", "body": "Words.", "lang": "en", **fields})

    return make


@pytest.fixture
def reply(person: Make, as_user: Make) -> Make:
    def make(thread: dict[str, Any], body: str, **fields: Any) -> dict[str, Any]:
        return as_user(fields.pop("user", None) or person(), "participation_comment_create",
                       **{"thread_id": thread["id"], "body": body, "lang": "en", **fields})

    return make


@pytest.fixture
def found(as_user: Make) -> Found:
    """Bring everything to the search and return `(thread, number)` of the hits."""
    def search(q: str, reader: dict[str, Any] | None = None, **fields: Any) -> list[tuple[int, int]]:
        bring()
        page = as_user(reader, "participation_discussion_search", q=q, **fields)
        assert page["count"] == len(page["results"])
        return [(hit["conversation"]["id"], hit["message"]["seq"]) for hit in page["results"]]

    return search


def text_of(pieces: list[dict[str, Any]]) -> str:
    return "".join(f"<{piece['text']}>" if piece["found"] else piece["text"] for piece in pieces)


def hide(person: Make, as_user: Make, ref: str, state: str = "hidden") -> None:
    as_user(person(sysadmin=True), "participation_visibility_set", kind="comment", id=ref, state=state, reason="No.")


@pytest.mark.parametrize("words", ["réseau", "RESEAUX", "l'année", "annees", "aqueducs", "d’aqueduc l’an", "reseaux \"aqueduc\"", "« réseaux d’aqueduc »"])
def test_french_is_found_without_accents_plurals_and_elisions(words: str, dataset: Make, ask: Make, found: Found) -> None:
    thread = ask(dataset(), title="Les réseaux d’aqueduc", body="Où est l’année 2023 ? Il manque un an.", lang="fr")
    assert found(words) == [(thread["id"], 1)]


@pytest.mark.parametrize("words", ["city", "cities", "women", "Missing", "\"missing cities\""])
def test_english_is_found_by_its_other_forms(words: str, dataset: Make, ask: Make, found: Found) -> None:
    thread = ask(dataset(), title="Women's data", body="Some missing **cities**, see [the list](https://example.org).")
    assert found(words) == [(thread["id"], 1)]


def test_the_best_message_stands_for_its_conversation(dataset: Make, ask: Make, reply: Make, found: Found) -> None:
    thread = ask(dataset(), title="Snow", body="Where is the snow of 2020?")
    reply(thread, "I don't know.")
    reply(thread, "In the archive: the glacier is there, too.")
    other = ask(dataset(), title="Ice", body="A glacier.")
    assert sorted(found("glacier")) == [(thread["id"], 3), (other["id"], 1)]
    assert found("snow archive") == [(thread["id"], 3)]


def test_the_passage_and_the_title_show_the_words_and_nothing_that_a_browser_runs(
        dataset: Make, ask: Make, found: Found, as_user: Make, make_app: Make) -> None:
    ask(dataset(), title="<b>Neiges</b> & vent", lang="fr",
        body="Une première phrase, sans rien. Puis la **neige** de <script>alert(1)</script> l’hiver, et `<i>`.")
    assert found("neiges")
    hit = as_user(None, "participation_discussion_search", q="neiges")["results"][0]
    assert text_of(hit["title"]) == "<b><Neiges></b> & vent"
    assert "<neige> de <script>alert(1)</script> l’hiver" in text_of(hit["passage"])
    page = make_app().get("/participation/search?q=neiges").body
    assert "<mark>Neiges</mark>&lt;/b&gt; &amp; vent" in page
    assert "<mark>neige</mark> de &lt;script&gt;" in page
    assert "<script>alert" not in page


def test_a_changed_text_is_found_by_its_new_words_only(dataset: Make, ask: Make, found: Found, person: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(dataset(), user=asker, body="Sausage.")
    assert found("sausage")
    as_user(asker, "participation_comment_edit", thread_id=thread["id"], seq=1, body="Salad.", title="Lunch")
    assert found("sausage") == []
    assert found("salad lunch") == [(thread["id"], 1)]


def test_a_new_title_is_found_with_every_message(dataset: Make, ask: Make, reply: Make, found: Found, person: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(dataset(), user=asker, title="Drought")
    reply(thread, "In the archive.")
    assert found("drought archive") == [(thread["id"], 2)]
    as_user(asker, "participation_comment_edit", thread_id=thread["id"], seq=1, body="Words.", title="Hail")
    assert found("hail archive") == [(thread["id"], 2)]
    assert found("drought archive") == []


def test_what_is_shown_is_what_the_table_says_now(dataset: Make, ask: Make, found: Found, person: Make, as_user: Make) -> None:
    asker = person()
    thread = ask(dataset(), user=asker, body="The old secret.")
    assert found("secret")
    as_user(asker, "participation_comment_edit", thread_id=thread["id"], seq=1, body="Something else.")
    hit = as_user(None, "participation_discussion_search", q="secret")["results"][0]
    assert hit["passage"] == [{"text": "Something else.", "found": False}]


@pytest.mark.parametrize("state", ["held", "hidden", "removed"])
def test_a_text_out_of_sight_is_not_found(state: str, dataset: Make, ask: Make, reply: Make, found: Found, person: Make, as_user: Make,
                                          ) -> None:
    thread = ask(dataset(), title="Snow", body="A question.")
    answer = reply(thread, "A sausage.")
    assert found("sausage") == [(thread["id"], 2)]
    hide(person, as_user, f"{thread['id']}#{answer['seq']}", state)
    assert as_user(None, "participation_discussion_search", q="sausage")["results"] == [], "before the index knows"
    assert found("sausage") == []
    hide(person, as_user, f"{thread['id']}#{answer['seq']}", "visible")
    assert found("sausage") == [(thread["id"], 2)]


def test_a_conversation_out_of_sight_takes_its_replies_along(dataset: Make, ask: Make, reply: Make, found: Found, person: Make,
                                                             as_user: Make) -> None:
    thread = ask(dataset(), title="Snow")
    reply(thread, "A sausage.")
    assert found("sausage")
    hide(person, as_user, f"{thread['id']}#1")
    assert found("sausage") == []
    assert server.ask("*:*").hits == 0
    hide(person, as_user, f"{thread['id']}#1", "visible")
    assert found("sausage") == [(thread["id"], 2)]


def test_a_text_that_waits_for_a_look_is_not_found_before(dataset: Make, ask: Make, found: Found, person: Make, as_user: Make) -> None:
    about = dataset()
    as_user(person(sysadmin=True), "participation_organization_policy_set", id=about["owner_org"], threads="on", review="before")
    thread = ask(about, body="A sausage.")
    assert found("sausage") == []
    hide(person, as_user, f"{thread['id']}#1", "visible")
    assert found("sausage") == [(thread["id"], 1)]


def test_what_somebody_took_back_is_not_found(dataset: Make, ask: Make, reply: Make, found: Found, person: Make, as_user: Make) -> None:
    writer = person()
    thread = ask(dataset())
    reply(thread, "A sausage.", user=writer)
    assert found("sausage")
    as_user(writer, "participation_comment_delete", thread_id=thread["id"], seq=2)
    assert found("sausage") == []


def test_a_private_datasets_conversations_are_its_members(dataset: Make, ask: Make, found: Found, person: Make) -> None:
    staff = person()
    thread = ask(dataset(staff=staff, private=True), user=staff, body="A sausage.")
    hit = [(thread["id"], 1)]
    assert found("sausage") == []
    assert found("sausage", person()) == []
    assert found("sausage", staff) == hit
    assert found("sausage", person(sysadmin=True)) == hit


def test_a_dataset_that_turns_private_takes_its_conversations_along(dataset: Make, ask: Make, found: Found, person: Make, as_user: Make,
                                                                    ) -> None:
    staff = person()
    about = dataset(staff=staff, resources=[{"url": "https://data.example/a.csv", "name": "A"}])
    thread = ask(about, body="A sausage.")
    of_file = ask(about["resources"][0], subject_type="resource", body="A sausage.")
    assert len(found("sausage")) == 2
    helpers.call_action("package_patch", id=about["id"], private=True)
    now = as_user(None, "participation_discussion_search", q="sausage")
    assert (now["results"], now["count"]) == ([], 0), "before the index knows"
    bring()
    assert server.ask("*:*", fq=['permission_labels:"public"']).hits == 0, "not even a count is left"
    assert as_user(None, "participation_discussion_search", q="sausage")["organizations"] == []
    assert sorted(found("sausage", staff)) == [(thread["id"], 1), (of_file["id"], 1)]
    helpers.call_action("package_patch", id=about["id"], private=False)
    assert len(found("sausage")) == 2


def test_a_dataset_that_changes_hands_is_found_by_the_others_only(dataset: Make, ask: Make, found: Found, person: Make) -> None:
    before, after = person(), person()
    about = dataset(staff=before, private=True)
    thread = ask(about, user=before, body="A sausage.")
    assert found("sausage", before)
    other = factories.Organization(users=[{"name": after["name"], "capacity": "editor"}])
    helpers.call_action("package_patch", id=about["id"], owner_org=other["id"])
    assert found("sausage", before) == []
    assert found("sausage", after) == [(thread["id"], 1)]
    assert found("sausage", after, organization=other["name"]) == [(thread["id"], 1)]


def test_a_deleted_datasets_conversations_are_not_found(dataset: Make, ask: Make, found: Found) -> None:
    about = dataset()
    ask(about, body="A sausage.")
    assert found("sausage")
    helpers.call_action("package_delete", id=about["id"])
    assert found("sausage") == []
    assert server.ask("*:*").hits == 0


def test_what_the_sweep_moves_is_found_at_its_new_place(dataset: Make, ask: Make, found: Found, as_user: Make, person: Make) -> None:
    about = dataset(name="snow-2020")
    thread = ask(about, body="A sausage.")
    assert found("sausage")
    model.Session.execute(sa.text("UPDATE package SET state = 'deleted', name = 'gone' WHERE id = :id"), {"id": about["id"]})
    model.Session.commit()
    as_user(person(sysadmin=True), "participation_subject_sweep")
    bring()
    assert server.ask("*:*").hits == 0
    again = factories.Dataset(name="snow-2020", owner_org=about["owner_org"], title_translated={"fr": "Neige", "en": "Snow"})
    as_user(person(sysadmin=True), "participation_subject_sweep")
    assert found("sausage", subject_id=again["id"]) == [(thread["id"], 1)]


def test_names_are_not_searched(dataset: Make, ask: Make, reply: Make, found: Found, person: Make) -> None:
    staff = person(fullname="Zebulon Ouellette")
    thread = ask(dataset(staff=staff), user=person(fullname="Philomena Ouellette"))
    reply(thread, "An answer.", user=staff, as_organization=True, signed=False)
    assert found("answer")
    for name in ("Ouellette", "Zebulon", "Philomena", staff["name"]):
        assert found(name) == [], name


def test_an_unsigned_answer_found_names_the_organisation_only(dataset: Make, ask: Make, reply: Make, found: Found, person: Make,
                                                              as_user: Make) -> None:
    staff = person(fullname="Zebulon Ouellette")
    reply(ask(dataset(staff=staff)), "An answer.", user=staff, as_organization=True, signed=False)
    assert found("answer")
    hit = as_user(None, "participation_discussion_search", q="answer")["results"][0]
    assert hit["message"]["author"] is None
    assert "Zebulon" not in str(hit)


def test_the_filters_leave_out_the_others(dataset: Make, ask: Make, reply: Make, found: Found, person: Make) -> None:
    staff = person()
    first, second = dataset(staff=staff), dataset()
    question = ask(first, body="A sausage.")
    problem = ask(second, kind="problem", body="Une sausage.", lang="fr")
    assert found("sausage", kind="problem") == [(problem["id"], 1)]
    assert found("sausage", lang="en") == [(question["id"], 1)]
    assert found("sausage", organization=first["organization"]["name"]) == [(question["id"], 1)]
    assert found("sausage", subject_id=second["name"]) == [(problem["id"], 1)]
    reply(question, "It is answered.", user=staff, as_organization=True)
    assert found("sausage", state="answered") == [(question["id"], 1)]
    assert found("sausage", state="open") == [(problem["id"], 1)]


def test_a_files_conversations_are_found_within_its_dataset(dataset: Make, ask: Make, found: Found) -> None:
    about = dataset(resources=[{"url": "https://data.example/a.csv", "name": "A"}])
    thread = ask(about["resources"][0], subject_type="resource", body="A sausage.")
    assert found("sausage", subject_id=about["id"]) == [(thread["id"], 1)]
    assert found("sausage", subject_type="resource", subject_id=about["resources"][0]["id"]) == [(thread["id"], 1)]


def test_a_translation_is_found_in_its_language(dataset: Make, ask: Make, reply: Make, found: Found, person: Make, as_user: Make) -> None:
    staff = person()
    thread = ask(dataset(staff=staff))
    reply(thread, "A sausage.", user=staff, as_organization=True)
    assert found("saucisse") == []
    as_user(staff, "participation_comment_translate", thread_id=thread["id"], seq=2, body="Une saucisse.")
    assert found("saucisses", lang="fr") == [(thread["id"], 2)]
    hit = as_user(None, "participation_discussion_search", q="saucisses")["results"][0]
    assert (hit["lang"], text_of(hit["passage"])) == ("fr", "Une <saucisse>.")


def test_what_a_report_says_is_wrong_is_found(dataset: Make, ask: Make, found: Found) -> None:
    thread = ask(dataset(), kind="problem", problem={"field": "date_obs", "wrong": "9999", "expected": "sausage"})
    assert found("date_obs") == [(thread["id"], 1)]
    assert found("sausage") == [(thread["id"], 1)]


def test_the_newest_come_first_when_asked(dataset: Make, ask: Make, found: Found) -> None:
    about = dataset()
    best = ask(about, title="Sausage sausage", body="Sausage.")
    later = ask(about, title="Other", body="Long ago somebody had words about one sausage and many other things.")
    assert found("sausage") == [(best["id"], 1), (later["id"], 1)]
    assert found("sausage", sort="newest") == [(later["id"], 1), (best["id"], 1)]


def test_a_misspelled_word_is_found_at_the_second_try_which_says_so(dataset: Make, ask: Make, found: Found, as_user: Make) -> None:
    thread = ask(dataset(), title="Déneigement", body="Quand ?", lang="fr")
    assert found("deneigment") == [(thread["id"], 1)]
    assert as_user(None, "participation_discussion_search", q="deneigment")["misspelled"] is True
    assert as_user(None, "participation_discussion_search", q="déneigement")["misspelled"] is False


def test_pages_follow_each_other_without_gaps(dataset: Make, ask: Make, found: Found, as_user: Make) -> None:
    about = dataset()
    made = {ask(about, body=f"A sausage {number}.")["id"] for number in range(5)}
    assert len(found("sausage")) == 5
    seen: list[int] = []
    start: int | None = 0
    while start is not None:
        page = as_user(None, "participation_discussion_search", q="sausage", rows=2, start=start)
        assert page["count"] == 5
        seen += [hit["conversation"]["id"] for hit in page["results"]]
        start = page["next"]
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("words", [
    '{!func}sum(1,1) sausage', 'sausage {!join from=id to=entry}*:*', 'permission_labels:* sausage', '_query_:"*:*" sausage',
    'sausage) OR (*:*', 'sausage && || !', 'sausage AND', 'sausage~', '"sausage', 'sausage\\', 'sausage^99 [* TO *]', 'sausage\x00', 'sausage/'])
def test_the_search_servers_syntax_is_mere_words(words: str, dataset: Make, ask: Make, found: Found, person: Make) -> None:
    staff = person()
    ask(dataset(staff=staff, private=True), user=staff, body="A sausage and more, sum and join.")
    thread = ask(dataset(), body="A sausage, sum 1, func, permission labels, query join from id to entry, or and 99.")
    assert set(found(words)) <= {(thread["id"], 1)}


@pytest.mark.parametrize(("field", "value"), [
    ("q", ""), ("q", "   "), ("q", "?!"), ("q", "a" * 100_000), ("q", ["x"]), ("q", "\ud800"), ("kind", "x"), ("state", ["open"]), ("lang", "de"),
    ("sort", "score desc"), ("rows", 10**9), ("rows", 0), ("rows", "x"), ("start", -1), ("start", 10**9), ("start", 1.5),
    ("organization", "\x00"), ("subject_id", {"a": 1}), ("subject_type", "user")])
def test_bad_input_is_a_named_error(field: str, value: Any, as_user: Make) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        as_user(None, "participation_discussion_search", **{"q": "snow", field: value})
    assert list(refused.value.error_dict) == [field]


def test_an_organisation_that_nobody_knows_is_not_found(as_user: Make) -> None:
    with pytest.raises((tk.ObjectNotFound, tk.NotAuthorized)):
        as_user(None, "participation_discussion_search", q="snow", organization="nobody")


def test_a_private_dataset_can_not_be_searched_within(dataset: Make, as_user: Make) -> None:
    with pytest.raises(tk.NotAuthorized):
        as_user(None, "participation_discussion_search", q="snow", subject_id=dataset(private=True)["id"])


def test_nothing_waits_after_everything_was_brought(dataset: Make, ask: Make, reply: Make) -> None:
    reply(ask(dataset()), "More.")
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(IndexMark)) == 2
    bring()
    assert indexer.waiting() == 0


def test_the_page_works_by_plain_addresses(dataset: Make, ask: Make, found: Found, make_app: Make) -> None:
    about = dataset()
    thread = ask(about, body="A sausage.")
    assert found("sausage")
    app = make_app()
    page = app.get(f"/participation/search?q=sausages&subject_type=dataset&subject_id={about['name']}")
    assert page.status_code == 200
    assert f"/participation/thread/{thread['id']}#1" in page.body
    assert "<mark>sausage</mark>" in page.body
    assert app.get("/participation/search").status_code == 200
    assert "Nobody has said this yet" in app.get("/participation/search?q=cheese").body
    assert app.get("/participation/search?q=cheese&kind=x").status_code == 400
    assert app.get("/fr/participation/search?q=cheese").status_code == 200
    for path in ("/participation/conversations", f"/participation/dataset/{about['name']}/threads",
                 f"/participation/organization/{about['organization']['name']}/conversations"):
        assert 'action="/participation/search"' in app.get(path).body
