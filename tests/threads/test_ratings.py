"""Stars: one rating per person, the last one counts, and who has just rated sees it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from statements import statements

from ckanext.participation.common.model import Event, Person, Subject, now
from ckanext.participation.threads import ratings
from ckanext.participation.threads.records import Rating, Recount, SubjectCount

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]


@pytest.fixture
def rate(as_user: Make, app: Any) -> Make:
    def give(user: dict[str, Any] | None, about: dict[str, Any], value: Any) -> dict[str, Any]:
        with app.flask_app.test_request_context():
            return as_user(user, "participation_rating_set", subject_id=about["id"], value=value)

    return give


def test_ratings_are_averaged_and_spread(person: Make, dataset: Make, rate: Make) -> None:
    about = dataset()
    for value in (5, 4, 4, 1):
        shown = rate(person(), about, value)
    assert shown == {"average": 3.5, "count": 4, "distribution": [1, 0, 0, 2, 1], "own": 1}


def test_the_last_rating_of_a_person_counts_and_can_be_taken_back(person: Make, dataset: Make, rate: Make) -> None:
    about, reader = dataset(), person()
    rate(reader, about, "2")
    assert rate(reader, about, 5)["distribution"] == [0, 0, 0, 0, 1]
    assert rate(reader, about, 0) == {"average": None, "count": 0, "distribution": [0] * 5, "own": None}


def test_each_change_has_one_event_and_asks_for_a_recount(person: Make, dataset: Make, rate: Make) -> None:
    about, reader = dataset(), person()
    for value in (3, 3, 4, 0, 0):
        rate(reader, about, value)
    rows = model.Session.scalars(sa.select(Event).where(Event.type == "rating.set").order_by(Event.id)).all()
    assert [row.data for row in rows] == [{"value": 3, "from": 0}, {"value": 4, "from": 3}, {"value": 0, "from": 4}]
    assert model.Session.scalars(sa.select(Recount.subject_id)).all() == [rows[0].subject_id]


def test_a_rating_sent_many_times_at_once_is_one(person: Make, dataset: Make, app: Any) -> None:
    about, reader = dataset(), person()

    def send(value: int) -> None:
        with app.flask_app.test_request_context():
            try:
                tk.get_action("participation_rating_set")({"user": reader["name"], "ignore_auth": False}, {"subject_id": about["id"], "value": value})
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, [1, 2, 3, 4, 5] * 8))
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Rating)) == 1


def test_everyone_sees_the_average_and_nobody_anothers_rating(person: Make, dataset: Make, rate: Make, as_user: Make, app: Any) -> None:
    about = dataset()
    rate(person(), about, 4)
    with app.flask_app.test_request_context():
        shown = as_user(None, "participation_rating_show", subject_id=about["name"])
    assert (shown["average"], shown["own"]) == (4.0, None)


def test_a_private_datasets_ratings_are_told_to_nobody_else(person: Make, dataset: Make, rate: Make, as_user: Make, app: Any) -> None:
    staff = person()
    about = dataset(staff=staff, private=True)
    rate(staff, about, 4)
    for reader in (None, person()):
        with app.flask_app.test_request_context(), pytest.raises(tk.NotAuthorized):
            as_user(reader, "participation_rating_show", subject_id=about["id"])
        with pytest.raises(tk.NotAuthorized):
            rate(reader, about, 1)


@pytest.mark.parametrize("value", [6, -1, "", None, True, 2.5, "five", [5], {"a": 1}, "\u0665"])
def test_a_wrong_number_of_stars_is_named(person: Make, dataset: Make, rate: Make, value: Any) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        rate(person(), dataset(), value)
    assert "value" in refusal.value.error_dict


@pytest.mark.ckan_config("participation.threads.read_only", True)
def test_nobody_rates_while_the_site_only_reads(person: Make, dataset: Make, rate: Make) -> None:
    with pytest.raises(tk.ValidationError) as refusal:
        rate(person(), dataset(), 3)
    assert "read_only" in refusal.value.error_dict


def test_the_page_reads_the_counted_stars_once_they_are_counted(person: Make, dataset: Make, rate: Make) -> None:
    about, reader = dataset(), person()
    rate(reader, about, 4)
    assert ratings.summary("dataset", about["id"], reader["id"]) == {"average": 4.0, "count": 1, "distribution": [0, 0, 0, 1, 0], "own": 4}
    subject = model.Session.scalars(sa.select(Subject.id)).one()
    model.Session.execute(sa.delete(Recount))
    model.Session.add(SubjectCount(subject_id=subject, threads=0, threads_open=0, questions_open=0, problems_open=0, comments=0, answered=0,
                                   stars_1=0, stars_2=0, stars_3=0, stars_4=1, stars_5=9, counted_at=now()))
    model.Session.commit()
    assert ratings.summary("dataset", about["id"], None) == {"average": 4.9, "count": 10, "distribution": [0, 0, 0, 1, 9], "own": None}
    rate(reader, about, 5)
    assert ratings.summary("dataset", about["id"], reader["id"])["distribution"] == [0, 0, 0, 0, 1]


def test_the_page_asks_one_statement(person: Make, dataset: Make, rate: Make) -> None:
    about = dataset()
    rate(person(), about, 4)
    subject = model.Session.scalars(sa.select(Subject.id)).one()
    model.Session.execute(sa.delete(Recount))
    model.Session.add(SubjectCount(subject_id=subject, **dict.fromkeys(
        ("threads", "threads_open", "questions_open", "problems_open", "comments", "answered", *(f"stars_{n}" for n in range(1, 6))), 0)))
    model.Session.commit()
    with statements() as seen:
        ratings.summary("dataset", about["id"], "somebody")
    assert len(seen) == 1


def test_ratings_move_with_their_subject_and_a_person_keeps_the_later_one(person: Make, dataset: Make, rate: Make) -> None:
    old, new, both, only = dataset(), dataset(), person(), person()
    for user, about, value in ((both, new, 1), (both, old, 5), (only, old, 3)):
        rate(user, about, value)
    ids = {row.ref: row.id for row in model.Session.scalars(sa.select(Subject))}
    ratings.move(ids[old["id"]], ids[new["id"]])
    model.Session.commit()
    rows = {(row.subject_id, row.person_id): row.value for row in model.Session.scalars(sa.select(Rating))}
    assert rows == {(ids[new["id"]], Person.for_user(both["id"])): 5, (ids[new["id"]], Person.for_user(only["id"])): 3}


def test_the_dataset_page_shows_stars_in_words_and_as_a_table(person: Make, dataset: Make, rate: Make, app: Any) -> None:
    about = dataset()
    for value in (5, 4):
        rate(person(), about, value)
    app.client = app.test_client()
    shown = BeautifulSoup(app.get(f"/dataset/{about['name']}").body, "html.parser").find(id="rating")
    assert "4.5 out of 5, 2 ratings" in shown.text
    assert [row.text for row in shown.table.tbody.find_all("td")] == ["1", "1", "0", "0", "0"]
    assert not shown.find("form")
    french = BeautifulSoup(app.get(f"/fr/dataset/{about['name']}").body, "html.parser").find(id="rating")
    assert "4,5" in french.text


def test_a_signed_in_reader_rates_by_a_plain_form(person: Make, dataset: Make, app: Any) -> None:
    about, reader = dataset(), person()
    app.client = app.test_client()
    app.set_session_user(reader["id"])
    form = BeautifulSoup(app.get(f"/dataset/{about['name']}").body, "html.parser").find(id="rating").form
    token = {"_csrf_token": form.find("input", attrs={"name": "_csrf_token"})["value"]}
    assert len(form.fieldset.find_all("label")) == 5
    assert form.fieldset.legend.text.strip()
    answer = app.post(form["action"], data={"value": "4", **token}, follow_redirects=False)
    assert answer.headers["Location"].endswith(f"/dataset/{about['name']}#rating")
    again = BeautifulSoup(app.get(f"/dataset/{about['name']}").body, "html.parser").find(id="rating")
    assert again.find("input", checked=True)["value"] == "4"
    app.post(form["action"], data={"value": "4", "withdraw": "true", **token})
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Rating)) == 0


def test_no_choice_comes_back_with_the_form_and_a_reason(person: Make, dataset: Make, app: Any) -> None:
    about, reader = dataset(), person()
    app.client = app.test_client()
    app.set_session_user(reader["id"])
    path = f"/participation/dataset/{about['name']}/rating"
    token = BeautifulSoup(app.get(path).body, "html.parser").find("input", attrs={"name": "_csrf_token"})["value"]
    answer = app.post(path, data={"_csrf_token": token})
    shown = BeautifulSoup(answer.body, "html.parser")
    assert answer.status_code == 409
    assert shown.find(class_="pt-errors").a["href"] == "#field-value"
    assert shown.find(id="field-value")
