"""The pages of sources, as somebody with a browser and no scripts reads and uses them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import factories
from click.testing import CliRunner
from harvesting.healthy import error, failed, hold, run, source, under_way

from ckanext.participation.harvesting.engine.model import HarvestHeld, HarvestRun
from ckanext.participation.harvesting.watching import line_of, watch

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., Any]
Data = dict[str, Any]
HERE = "/participation/harvest/sources"


@pytest.fixture
def about(person: Make, app: Any) -> Data:
    """A source of an organisation with an editor, `staff`."""
    staff = person()
    with app.flask_app.test_request_context():
        owner = factories.Organization(name="snow-city", title="Snow City", users=[{"name": staff["name"], "capacity": "editor"}])
        return {**source(organization=owner["id"]), "headers": {"Authorization": staff["token"]}, "staff": staff}


def soup(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.body, "html.parser")


def test_everybody_sees_the_sources_and_finds_the_way_there(app: Any, about: Data) -> None:
    run(about, errors=2)
    page = soup(app.get(HERE))
    card = page.find(class_="pt-source")
    assert card.h2.a["href"] == f"{HERE}/snow"
    assert [word in card.get_text() for word in ("Works well", "Snow City", "100 datasets", "every day", "Last run: 1 with errors")] == [True] * 5
    for start in ("/about", "/"):
        assert soup(app.get(start)).find("a", href=HERE), start


def test_the_list_is_chosen_from_without_scripts(app: Any, about: Data) -> None:
    assert soup(app.get(f"{HERE}?state=never&q=snow&sort=title")).find(class_="pt-source")
    assert "No source matches" in app.get(f"{HERE}?q=sand").body
    for odd in ("state=perfect", "sort=x", "q=" + "x" * 300):
        app.get(f"{HERE}?{odd}", status=404)
    for odd in ("page=x", "page=0", "page=99999999"):
        app.get(f"{HERE}?{odd}", status=200)


def test_a_source_shows_its_runs_as_picture_and_table_and_its_report(app: Any, about: Data) -> None:
    old = failed(about, timedelta(days=1), said="The answer took too long.")
    job = run(about, errors=1)
    error(job, "record-7", "The record has no title.")
    page = soup(app.get(f"{HERE}/snow"))
    assert len(page.select(".pt-table--runs tbody tr")) == 2
    assert page.select_one(".pt-chart--runs svg .pt-runs__failed")
    assert "The record has no title." in page.select_one(".pt-said").get_text()
    assert "took too long" not in page.get_text()
    assert "took too long" in soup(app.get(f"{HERE}/snow?run={old}")).select_one(".pt-said").get_text()
    assert not page.select("form[method=post]")


def test_an_address_that_is_none_is_not_found(app: Any, about: Data) -> None:
    with app.flask_app.test_request_context():
        other = source("sand")
    job = run(other)
    for odd in ("nothing", "x" * 300, "snow%00", f"snow?run={job}", "snow?run=x"):
        app.get(f"{HERE}/{odd}", status=404)


def test_no_page_shows_a_configuration_or_the_key_in_an_address(app: Any, about: Data) -> None:
    failed(about, said="https://snow.example/data.json?key=secret did not answer.")
    for path in (HERE, f"{HERE}/snow"):
        body = app.get(path).body
        assert "secret" not in body
    assert "secret-key" not in app.get(f"{HERE}/snow", headers=about["headers"]).body


def test_staff_has_it_read_stopped_and_mails_kept_away(app: Any, about: Data) -> None:
    page = soup(app.get(f"{HERE}/snow", headers=about["headers"]))
    assert {form["action"] for form in page.select("#content form[method=post], main form[method=post]")} == {f"{HERE}/snow/run", f"{HERE}/snow/mails"}
    assert "No mails about this source" in page.get_text()
    answer = app.post(f"{HERE}/snow/mails", data={"value": "false"}, headers=about["headers"])
    assert "Mail me about this source" in answer.body
    job = under_way(about)
    page = soup(app.get(f"{HERE}/snow", headers=about["headers"]))
    assert page.select_one("#run-progress progress")["value"] == "300"
    assert page.select_one("#run-progress a")["href"] == f"{HERE}/snow"
    app.post(f"{HERE}/snow/run", headers=about["headers"])
    app.post(f"{HERE}/snow/stop", data={"run": job}, headers=about["headers"])
    assert model.Session.query(HarvestRun).one().stop_asked


def test_nobody_else_may(app: Any, about: Data, person: Make) -> None:
    job = under_way(about)
    other = {"Authorization": person()["token"]}
    for path, data in (("run", {}), ("stop", {"run": job})):
        app.post(f"{HERE}/snow/{path}", data=data, headers=other, status=403)
        app.post(f"{HERE}/snow/{path}", data=data, status=401)
    assert not model.Session.query(HarvestRun).one().stop_asked


def test_the_page_asks_how_far_a_run_is_until_it_is_done(app: Any, about: Data) -> None:
    job = under_way(about)
    piece = app.get(f"{HERE}/snow", headers={"HX-Request": "true"})
    assert "<html" not in piece.body
    assert "300 of 1,000" in piece.body
    model.Session.query(HarvestRun).filter_by(job_id=job).delete()
    run(about)
    model.Session.execute(sa.text("UPDATE harvest_job SET status = 'Finished'"))
    model.Session.commit()
    assert app.get(f"{HERE}/snow", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


class TestHeld:
    """A removal that waits, on its page."""

    @pytest.fixture
    def held(self, app: Any, about: Data, as_user: Make) -> Data:
        with app.flask_app.test_request_context():
            ice = factories.Dataset(owner_org=about["owner_org"], title="Ice")
            as_user(about["staff"], "participation_thread_create", subject_id=ice["id"], title="Why?", body="Words.", lang="en")
        number = hold(about, [ice])
        return {**about, "path": f"/participation/harvest/held/{number}", "ice": ice}

    def test_mails_lead_who_is_not_signed_in_to_do_so(self, app: Any, held: Data) -> None:
        answer = app.get(held["path"], follow_redirects=False)
        assert "/user/login?came_from=" in answer.headers["Location"]

    def test_a_stranger_learns_nothing(self, app: Any, held: Data, person: Make) -> None:
        other = {"Authorization": person()["token"]}
        app.get(held["path"], headers=other, status=404)
        app.post(held["path"], data={"decision": "confirmed"}, headers=other, status=403)
        assert "wait for your word" not in app.get(f"{HERE}/snow", headers=other).body
        assert "Waits for a person" in app.get(f"{HERE}/snow", headers=other).body

    def test_the_source_leads_there_and_it_shows_what_would_go(self, app: Any, held: Data) -> None:
        assert soup(app.get(f"{HERE}/snow", headers=held["headers"])).find("a", href=held["path"])
        page = soup(app.get(held["path"], headers=held["headers"]))
        row = page.select_one(".pt-goes li")
        assert row.a["href"] == f"/dataset/{held['ice']['name']}"
        assert "1 conversation" in row.get_text()
        assert {button["value"] for button in page.select("button[name=decision]")} == {"confirmed", "refused"}

    def test_confirming_twice_is_confirming_and_can_be_taken_back(self, app: Any, held: Data) -> None:
        for _ in range(2):
            answer = app.post(held["path"], data={"decision": "confirmed"}, headers=held["headers"])
            assert "Their removal is confirmed" in answer.body
        assert model.Session.query(HarvestHeld).one().state == "confirmed"
        assert "Read the source now" in answer.body
        refused = app.post(held["path"], data={"decision": "refused"}, headers=held["headers"], status=409)
        assert soup(refused).select_one(".pt-errors")
        app.post(f"{held['path']}/undo", headers=held["headers"])
        model.Session.expire_all()
        assert model.Session.query(HarvestHeld).one().state == "open"

    def test_an_odd_answer_is_said_to_be_none(self, app: Any, held: Data) -> None:
        assert soup(app.post(held["path"], data={"decision": "perhaps"}, headers=held["headers"], status=409)).select_one(".pt-errors")


def test_watching_a_run_that_is_done_says_how_it_ended(about: Data) -> None:
    run(about)
    shown = CliRunner().invoke(watch, ["snow"])
    assert (shown.exit_code, shown.output) == (0, "well in 180 s: 100 listed, 6 new, 4 changed, 90 unchanged, 0 gone, 0 errors\n")
    failed(about, timedelta())
    assert CliRunner().invoke(watch, ["snow"]).exit_code == 1
    assert "There is no harvest source" in CliRunner().invoke(watch, ["nothing"]).output


def test_watching_says_rows_rate_and_time_left() -> None:
    far = {"step": "reading", "done": 1200, "total": 5000, "rate": 80.0, "left": 48, "quiet": False, "silent": 1, "stopping": True}
    assert line_of({"progress": far}) == "reading 1,200 of 5,000, 80.0 a second, 48 s left, stopping"
    quiet = {**far, "step": "writing", "total": None, "rate": None, "left": None, "quiet": True, "silent": 400, "stopping": False}
    assert line_of({"progress": quiet}) == "writing 1,200, no sign for 400 s"
    assert line_of({"progress": {**far, "step": "asked"}}) == "asked for, not begun"
    assert line_of(None) == "never run"


def test_the_form_of_a_source_offers_our_frequencies_in_words(app: Any, person: Make) -> None:
    admin = person(sysadmin=True)
    page = BeautifulSoup(app.get("/harvest/new", headers={"Authorization": admin["token"]}).body, "html.parser")
    choices = {option["value"]: option.get_text(strip=True) for option in page.find("select", id="field-frequency").find_all("option")}
    assert (choices["HOURLY"], choices["SIX_HOURLY"], choices["DAILY"]) == ("Every hour", "Every six hours", "Every day")
    assert next(iter(choices)) == "MANUAL"
    assert {"MONTHLY", "BIWEEKLY", "WEEKLY", "ALWAYS"} < set(choices)
