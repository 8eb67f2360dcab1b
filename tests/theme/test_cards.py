"""What the cards of a list say of the conversations about their datasets, and what that costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.lib.search.common import make_connection
from flask import g
from statements import statements

from ckanext.participation.threads import counting

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")]

Make = Callable[..., Any]


@pytest.fixture
def talked_about(person: Make, dataset: Make, as_user: Make) -> Callable[..., dict[str, Any]]:
    """Make a dataset with an open question, a problem report and two ratings, counted and indexed."""

    def make(**fields: Any) -> dict[str, Any]:
        staff = person()
        about = dataset(staff=staff, **fields)
        for kind in ("question", "problem"):
            as_user(staff, "participation_thread_create", subject_id=about["id"], kind=kind, title="Why?", body="Words.")
        for value in (5, 4):
            reader = staff if fields.get("private") else person()
            as_user(reader, "participation_rating_set", subject_id=about["id"], value=value)
        while counting.recount(seconds=0):
            pass
        counting.index()
        make_connection().commit()
        return about

    return make


def words(tag: Any) -> str:
    return re.sub(r"\s+", " ", tag.get_text(" ", strip=True))


def cards(app: Any, path: str = "/dataset/", **more: Any) -> dict[str, list[str]]:
    page = BeautifulSoup(app.get(path, **more).body, "html.parser")
    return {words(card.select_one(".pt-card__title")): [words(fact) for fact in card.select(".pt-card__facts .pt-fact")]
            for card in page.select(".dataset-list .pt-card")}


def test_a_card_says_what_is_said_in_words(app: Any, talked_about: Make, dataset: Make) -> None:
    talked_about()
    dataset(title_translated={"fr": "Grêle", "en": "Hail"})
    shown = cards(app)
    assert shown["Snow"][-4:] == ["2 conversations", "1 open question", "1 problem reported", "4.5 out of 5, 2 ratings"]
    assert not [fact for fact in shown["Hail"] if "conversation" in fact or "out of" in fact]


def test_cards_cost_one_more_statement_however_many(app: Any, talked_about: Make) -> None:
    talked_about()
    app.get("/dataset/")
    asked = {}
    for number in (1, 6):
        while model.Session.query(model.Package).filter_by(type="dataset").count() < number:
            talked_about()
        # The test's own request outlives those of the reader, and so does what is remembered in it.
        g.pop("participation_talk", None)
        with statements() as seen:
            assert len(cards(app)) > 0
        asked[number] = [statement for statement in seen if "participation_subject_count" in statement]
    assert {number: len(found) for number, found in asked.items()} == {1: 1, 6: 1}


def test_a_private_datasets_card_is_counted_only_for_those_who_see_it(app: Any, talked_about: Make, person: Make) -> None:
    talked_about(private=True)
    assert cards(app) == {}
    page = app.get("/dataset/").body
    assert "open question" not in page


def test_what_is_said_is_a_filter_with_words(app: Any, talked_about: Make, dataset: Make) -> None:
    talked_about()
    dataset(title_translated={"fr": "Grêle", "en": "Hail"})
    page = BeautifulSoup(app.get("/dataset/").body, "html.parser")
    labels = [words(link) for link in page.select(".pt-filters a")]
    assert any("Has open questions" in label for label in labels)
    assert any("Has problem reports" in label for label in labels)
    assert list(cards(app, "/dataset/?participation_talk=problem")) == ["Snow"]


def test_a_list_can_be_sorted_by_discussion(app: Any, talked_about: Make, dataset: Make) -> None:
    dataset(title_translated={"fr": "Grêle", "en": "Hail"})
    talked_about()
    dataset(title_translated={"fr": "Pluie", "en": "Rain"})
    page = BeautifulSoup(app.get("/dataset/").body, "html.parser")
    option = next(option for option in page.select("#field-order-by option") if words(option) == "Most discussed")
    assert next(iter(cards(app, f"/dataset/?sort={option['value']}"))) == "Snow"
