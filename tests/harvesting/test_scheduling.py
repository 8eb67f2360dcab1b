"""The timetable of all sources, with PostgreSQL and Redis: what is due gets a job, once, and everybody can read what comes next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import factories
from ckan.tests.helpers import call_action
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestJob, HarvestSource
from harvesting.healthy import failed, run, source, under_way
from statements import statements

from ckanext.participation.harvesting import hosts, indexes, running, scheduling
from ckanext.participation.harvesting.engine.model import HarvestRun
from ckanext.participation.harvesting.timetable import OURS, turn_after

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "with_request_context", "empty_queues")

Make = Callable[..., Any]
Data = dict[str, Any]
STOCK = ("WEEKLY", "BIWEEKLY", "DAILY", "MONTHLY", "ALWAYS")


@pytest.fixture
def empty_queues(_all_plugins: None) -> Iterator[None]:
    queue.purge_queues()
    yield
    queue.purge_queues()


def site_user() -> Any:
    return {"user": tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]}


def look() -> None:
    """Do what the clock does every minute."""
    tk.get_action("harvest_jobs_run")(site_user(), {})
    model.Session.remove()


def jobs(about: Data) -> list[str]:
    model.Session.rollback()
    return list(model.Session.scalars(
        sa.select(HarvestJob.status).where(HarvestJob.source_id == about["id"]).order_by(HarvestJob.created)))


def planned(about: Data) -> datetime | None:
    model.Session.rollback()
    found = model.Session.scalar(sa.select(HarvestSource.next_run).where(HarvestSource.id == about["id"]))
    return found.replace(tzinfo=UTC) if found else None


def due(name: str, frequency: str = "HOURLY", **fields: Any) -> Data:
    """Make a source whose turn came within the last hour: it was read just before that."""
    about = source(name, frequency=frequency, **fields)
    now = datetime.now(UTC)
    turn = turn_after(frequency, about["id"], now - timedelta(hours=1), scheduling.night())
    assert turn is not None
    run(about, now - turn + timedelta(seconds=1))
    return about


def test_what_is_due_gets_a_job_and_what_is_not_does_not() -> None:
    owner = factories.Organization()["id"]
    turn, never, fresh, asked_for = due("turn", organization=owner), *(
        source(name, organization=owner, frequency=frequency) for name, frequency in (
            ("never", "MONTHLY"), ("fresh", "SIX_HOURLY"), ("asked", "MANUAL")))
    run(fresh, timedelta())
    look()
    assert [jobs(one) for one in (turn, never, fresh, asked_for)] == [["Finished", "Running"], ["Running"], ["Finished"], []]
    now = datetime.now(UTC)
    assert all((moment := planned(one)) is not None and moment > now for one in (turn, never, fresh))
    assert planned(asked_for) is None


@pytest.mark.parametrize("frequency", [*OURS, *STOCK])
def test_every_frequency_has_its_jobs_made_and_none_is_made_twice(frequency: str) -> None:
    about = source(frequency=frequency)
    look()
    look()
    assert jobs(about) == ["Running"]


def test_no_job_is_made_while_one_of_the_source_runs() -> None:
    about = source(frequency="ALWAYS")
    under_way(about)
    look()
    assert jobs(about) == ["Running"]


def test_two_clocks_start_a_source_once() -> None:
    owner = factories.Organization()["id"]
    made = [due(f"source-{number}", organization=owner) for number in range(5)]
    together = threading.Barrier(3)

    def clock() -> None:
        together.wait(30)
        scheduling.start_due()
        model.Session.remove()

    clocks = [threading.Thread(target=clock) for _ in range(3)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join(60)
    assert [jobs(about) for about in made] == [["Finished", "Running"]] * 5


def test_a_source_that_cannot_be_started_costs_no_other_its_turn() -> None:
    # Nothing but this row is left of it, so that no job can name its owner.
    model.Session.add(HarvestSource(id="broken", url="https://broken.example", type="nothing", active=True, frequency="HOURLY",
                                    created=datetime.now(UTC).replace(tzinfo=None)))
    model.Session.commit()
    made = due("sound")
    look()
    assert jobs(made) == ["Finished", "Running"]
    # No job is left that nobody would ever do; it is tried again in an hour at the earliest.
    assert jobs({"id": "broken"}) == ["Aborted"]
    look()
    assert jobs({"id": "broken"}) == ["Aborted"]


def test_a_failed_run_is_tried_again_within_hours() -> None:
    about = source(frequency="MONTHLY")
    failed(about, timedelta(minutes=1))
    look()
    assert jobs(about) == ["Finished"]
    moment = planned(about)
    assert moment is not None
    assert timedelta(minutes=58) < moment - datetime.now(UTC) < timedelta(minutes=60)
    shown = tk.get_action("participation_harvest_health_show")(site_user(), {"id": "snow"})
    assert (shown["next_run"], shown["next_why"]) == (moment.isoformat(), "again")


def test_a_new_frequency_counts_from_the_next_look_on() -> None:
    about = source(frequency="MONTHLY")
    run(about, timedelta(hours=1, minutes=30))
    look()
    assert jobs(about) == ["Finished"]
    call_action("harvest_source_patch", site_user(), id=about["id"], frequency="HOURLY")
    model.Session.remove()
    look()
    moment = planned(about)
    assert moment is not None
    assert len(jobs(about)) == 2 or moment < datetime.now(UTC) + timedelta(hours=1)


def test_what_a_reader_sees_is_what_the_clock_does(app: Any) -> None:
    with app.flask_app.test_request_context():
        about = source(frequency="WEEKLY")
        run(about)
        look()
        moment = planned(about)
        assert moment is not None
        written = tk.h.participation_time(moment.isoformat()).iso
    for page in ("/participation/harvest/sources", "/participation/harvest/sources/snow"):
        times = BeautifulSoup(app.get(page).body, "html.parser").find_all("time", datetime=written)
        assert [one.parent.get_text(" ", strip=True).startswith("next:") for one in times] == [True], page


@pytest.fixture
def busy(ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that wants to be left alone for a day."""

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.send_header("Retry-After", "86400")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", [f"127.0.0.1:{server.server_port}"])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/data.json"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("kind", ["participation_dcat", "participation_ckan"])
def test_a_server_that_asks_to_wait_for_a_day_is_read_after_that(busy: str, kind: str, app: Any) -> None:
    about = source(frequency="HOURLY", url=busy, source_type=kind, config="")
    report = running.run(about["id"])
    assert report.sentences
    until = model.Session.scalar(sa.select(HarvestRun.not_before))
    assert until is not None
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(days=1)
    look()
    assert jobs(about) == ["Finished"]
    moment = planned(about)
    assert moment is not None
    assert moment == until
    assert "because its server asked us to wait" in app.get("/participation/harvest/sources/snow").body


def test_what_a_server_asks_of_one_source_holds_for_all_that_it_serves(busy: str, app: Any) -> None:
    owner = factories.Organization()["id"]
    asked, fresh = (source(name, organization=owner, frequency="HOURLY", url=f"{busy}/{name}", config="") for name in ("asked", "fresh"))
    other = due("other", url=f"{busy}/other", config="", organization=owner)
    elsewhere = due("elsewhere", organization=owner)
    running.run(asked["id"])
    until = model.Session.scalar(sa.select(HarvestRun.not_before).where(HarvestRun.source_id == asked["id"]))
    look()
    assert [jobs(one) for one in (asked, fresh, other, elsewhere)] == [["Finished"], [], ["Finished"], ["Finished", "Running"]]
    assert {planned(one) for one in (asked, fresh, other)} == {until}
    for name in ("asked", "fresh", "other"):
        assert "because its server asked us to wait" in app.get(f"/participation/harvest/sources/{name}").body
    assert "because its server asked us to wait" not in app.get("/participation/harvest/sources/elsewhere").body


def test_a_source_that_was_queued_already_leaves_its_server_alone_too(busy: str, as_user: Make, person: Make) -> None:
    owner = factories.Organization()["id"]
    asked, other = (source(name, organization=owner, frequency="MANUAL", url=f"{busy}/{name}", config="") for name in ("asked", "other"))
    running.run(asked["id"])
    host = busy.split("/")[2]
    sentence, = running.run(other["id"]).sentences
    assert sentence.startswith(f"The server {host} asked, when another source on it was read, to be left alone until 20")
    assert model.Session.scalar(sa.select(HarvestRun.requests).where(HarvestRun.source_id == other["id"])) == 0
    # Whoever wants the one that was asked to be read now is heard: nothing another source was refused for counts twice.
    assert "asked, when another" not in " ".join(running.run(asked["id"]).sentences)
    # Its latest run alone counts.
    run(asked, timedelta())
    assert "asked, when another" not in " ".join(running.run(other["id"]).sentences)


@pytest.mark.parametrize(("url", "host"), [
    ("https://user:word@Data.Example:8443/x?y#z", "data.example:8443"), ("http://[2001:db8::1]:80/", "[2001:db8::1]:80"),
    ("HTTPS://data.example", "data.example"), ("https://data.example?x=https://other.example/", "data.example"), ("data.example/x", ""),
    ("", ""), (None, "")])
def test_the_database_reads_a_host_as_this_code_does(url: str | None, host: str) -> None:
    assert hosts.host_of(url) == host
    assert (model.Session.scalar(sa.text(f"SELECT {hosts._HOST.format(address=':url')}"), {"url": url}) or "") == host


def test_a_frequency_that_nobody_knows_is_refused() -> None:
    with pytest.raises(tk.ValidationError) as problem:
        source(frequency="SECONDLY")
    assert "frequency" in problem.value.error_dict


def test_stuck_jobs_are_ended_whatever_the_frequency() -> None:
    owner = factories.Organization()["id"]
    made = {name: source(name.lower(), organization=owner, frequency=name) for name in ("HOURLY", "SIX_HOURLY", "DAILY", "WEEKLY")}
    for about in made.values():
        job = HarvestJob(source_id=about["id"], created=datetime.now(UTC).replace(tzinfo=None) - timedelta(days=2), status="Running")
        model.Session.add(job)
    model.Session.commit()
    call_action("harvest_abort_failed_jobs", site_user(), life_span=7, exclude=made["SIX_HOURLY"]["id"])
    assert {name: jobs(about) for name, about in made.items()} == {
        "HOURLY": ["Finished"], "SIX_HOURLY": ["Running"], "DAILY": ["Finished"], "WEEKLY": ["Running"]}
    call_action("harvest_abort_failed_jobs", site_user(), life_span=7, include=made["SIX_HOURLY"]["id"])
    assert jobs(made["SIX_HOURLY"]) == ["Finished"]


def test_only_administrators_run_the_timetable(as_user: Make, person: Make) -> None:
    about = source()
    for who in (None, person()):
        with pytest.raises(tk.NotAuthorized):
            as_user(who, "harvest_jobs_run")
    assert jobs(about) == []


def test_a_look_costs_the_same_for_thirty_sources_as_for_three() -> None:
    owner = factories.Organization()["id"]

    def cost() -> int:
        look()
        with statements() as seen:
            scheduling.start_due()
        return len(seen)

    for number in range(3):
        run(source(f"source-{number}", organization=owner), timedelta())
    three = cost()
    for number in range(3, 30):
        run(source(f"source-{number}", organization=owner), timedelta())
    assert cost() == three <= 4


def test_jobs_and_reports_of_a_source_are_found_by_indexes_that_the_clock_makes_where_they_are_missing() -> None:
    indexes.ensure()
    model.Session.execute(sa.text("DROP INDEX participation_harvest_job_source_idx"))
    model.Session.commit()
    assert indexes.ensure() == ["participation_harvest_job_source_idx"]
    assert indexes.ensure() == []
    found = dict(model.Session.execute(sa.text(
        "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid IN ('harvest_job'::regclass, 'harvest_gather_error'::regclass)"
    )).tuples().all())
    assert found["participation_harvest_job_source_idx"]
    assert found["participation_harvest_gather_error_job_idx"]
