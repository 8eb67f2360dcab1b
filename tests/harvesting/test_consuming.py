"""The process that runs queued jobs: beside each other, again after a death, and each source without delaying another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import wait
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import call_action
from ckanext.harvest import queue
from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject

from ckanext.participation.harvesting import consuming
from ckanext.participation.harvesting.ckan_source import ParticipationCKANHarvester
from ckanext.participation.harvesting.consuming import Consumer
from ckanext.participation.harvesting.engine import batching, patience
from ckanext.participation.harvesting.engine.patience import Place
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.metadata import fields

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index", "empty_queues")

Make = Callable[..., dict[str, Any]]
LIMIT = 120.0


@pytest.fixture
def empty_queues(_all_plugins: None) -> Iterator[None]:
    def purge() -> None:
        queue.purge_queues()
        redis: Any = queue.get_connection()
        for key in redis.keys("participation:*:taken"):
            redis.delete(key)

    purge()
    yield
    purge()


@pytest.fixture(autouse=True)
def few_datasets(allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "PORTION", 3)
    monkeypatch.setattr(consuming, "LOOK_SECONDS", 0.2)
    for name in sorted(allowed.csa.datasets)[8:]:
        del allowed.csa.datasets[name]


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    made = Consumer(at_once=2)
    yield made
    made.stop()


def ask(source: dict[str, Any]) -> str:
    """Ask for a harvest, as the button does; the job's id."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return call_action("harvest_job_create", {"user": user}, source_id=source["id"], run=True)["id"]


def turn_until(consumer: Consumer, done: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not done():
        consumer.turn()
        assert time.monotonic() - began < LIMIT, "the consumer did not get there"


def status(job_id: str) -> str:
    model.Session.rollback()
    return model.Session.scalar(sa.select(HarvestJob.status).where(HarvestJob.id == job_id)) or ""


def reported(job_id: str) -> list[str]:
    model.Session.rollback()
    return sorted(model.Session.scalars(sa.select(HarvestObject.report_status).where(HarvestObject.harvest_job_id == job_id)))


def sentences(job_id: str) -> list[str]:
    model.Session.rollback()
    return list(model.Session.scalars(sa.select(HarvestGatherError.message).where(HarvestGatherError.harvest_job_id == job_id)))


def datasets() -> int:
    model.Session.rollback()
    return model.Session.query(model.Package).filter_by(type="dataset", state="active").count()


def test_a_queued_job_is_done_and_finished(make_source: Make, consumer: Consumer) -> None:
    job = ask(make_source("csa"))
    turn_until(consumer, lambda: consumer.idle)
    assert status(job) == "Finished"
    assert reported(job) == ["added"] * 8
    assert datasets() == 8


def test_what_no_job_changes_is_read_once_before_their_processes_begin() -> None:
    bundled_register.cache_clear()
    fields.definitions.cache_clear()
    Consumer(at_once=1)
    assert bundled_register.cache_info().currsize == 1
    assert fields.definitions.cache_info().currsize == 3


def test_a_job_whose_process_is_killed_goes_on_where_it_was(
        make_source: Make, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from ckanext.participation.harvesting.engine.gathering import Gathering

    take, here = Gathering.take, os.getpid()

    def killed_twice(self: Any, *given: Any) -> None:
        deaths = len(list(tmp_path.iterdir()))
        if os.getpid() != here and deaths < 2 and self.counts["listed"] == 7:
            (tmp_path / str(deaths)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        take(self, *given)

    monkeypatch.setattr(Gathering, "take", killed_twice)
    job = ask(make_source("csa"))
    turn_until(consumer, lambda: consumer.idle)
    assert len(list(tmp_path.iterdir())) == 2
    assert status(job) == "Finished"
    assert sentences(job) == []
    assert reported(job) == ["added"] * 8
    assert datasets() == 8


def test_a_source_that_hangs_delays_no_other(
        make_source: Make, consumer: Consumer, allowed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    read = ParticipationCKANHarvester.read

    def hangs(self: Any, *given: Any) -> None:
        (tmp_path / "asked").touch()
        began = time.monotonic()
        while not (tmp_path / "released").exists() and time.monotonic() - began < LIMIT:
            threading.Event().wait(0.05)
        read(self, *given)

    monkeypatch.setattr(ParticipationCKANHarvester, "read", hangs)
    slow = ask(make_source("csa"))
    # The replay server is one host under two names.
    quick = ask(make_source("psdi", url=allowed.url("/psdi/catalog.ttl").replace("127.0.0.1", "localhost")))
    turn_until(consumer, lambda: (tmp_path / "asked").exists() and status(quick) == "Finished")
    assert status(slow) == "Running"
    (tmp_path / "released").touch()
    turn_until(consumer, lambda: consumer.idle)
    assert status(slow) == "Finished"
    assert reported(slow) == ["added"] * 8


@pytest.fixture
def dripping(ckan_config: Any, allowed: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], str]]:
    """Give addresses of catalogues that come a byte at a time and never end; each is a host of its own."""
    over = threading.Event()

    class Drips(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/turtle")
            self.end_headers()
            while not over.wait(0.2):
                try:
                    self.wfile.write(b"#")
                    self.wfile.flush()
                except OSError:
                    return

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Drips)  # all of 127.0.0.0/8, where each address is another host
    server.daemon_threads = True
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", ["127.0.0.0/8", f"localhost:{allowed.port}"])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield lambda number: f"http://127.0.1.{number}:{server.server_port}/catalog.ttl"
    over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_sources_that_drip_do_not_keep_the_places(make_source: Make, dripping: Callable[[int], str]) -> None:
    consumer = Consumer(at_once=2, waiting=2)
    slow = [ask(make_source("psdi", name=f"slow-{number}", url=dripping(number))) for number in range(1, 5)]
    try:
        turn_until(consumer, lambda: sum(bool(job.process) for job in consumer._jobs.values()) == 2)
        # The places are taken: the third and fourth begin when the first two were seen to do nothing but wait.
        quick = ask(make_source("csa"))
        began = time.monotonic()
        turn_until(consumer, lambda: sum(bool(job.process) for job in consumer._jobs.values()) == 4)
        assert time.monotonic() - began < 10
        # And that is all there is room for.
        for _ in range(8):
            consumer.turn()
        assert status(quick) == "Running"
        assert _started(quick) is None
        assert [_started(job) is not None for job in slow] == [True] * 4
    finally:
        consumer.stop()


def test_a_source_is_begun_within_five_seconds_beside_six_that_drip(make_source: Make, dripping: Callable[[int], str]) -> None:
    consumer = Consumer()
    assert (consumer.at_once, consumer.waiting) == (6, 18)
    for number in range(1, 7):
        ask(make_source("psdi", name=f"slow-{number}", url=dripping(number)))
    try:
        turn_until(consumer, lambda: [job.place.gauge.waited() > 0 for job in consumer._jobs.values()] == [True] * 6)
        asked = datetime.now(UTC).replace(tzinfo=None)
        quick = ask(make_source("csa"))
        turn_until(consumer, lambda: _started(quick) is not None)
        assert (_started(quick) - asked).total_seconds() < 5
        turn_until(consumer, lambda: status(quick) == "Finished" and len(consumer._jobs) == 6)
        assert all(job.process for job in consumer._jobs.values())
    finally:
        consumer.stop()


def _started(job_id: str) -> Any:
    model.Session.rollback()
    return model.Session.scalar(sa.select(HarvestJob.gather_started).where(HarvestJob.id == job_id))


def test_what_a_process_waits_is_seen_by_the_one_that_began_it() -> None:
    place = Place()
    assert not place.is_given_up()

    def waits() -> None:
        with place.gauge.waiting():
            time.sleep(LIMIT)

    child = multiprocessing.get_context("fork").Process(target=waits)
    child.start()
    try:
        began = time.monotonic()
        while not place.is_given_up():
            assert time.monotonic() - began < LIMIT
            wait([child.sentinel], 0.1)
    finally:
        child.kill()
        child.join()


def test_a_job_that_works_between_short_answers_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: clock[0])
    place = Place()

    def spend(waits: float, works: float) -> bool:
        with place.gauge.waiting():
            clock[0] += waits
        clock[0] += works
        return place.is_given_up()

    assert [spend(0.5, 0.5) for _ in range(6)] == [False] * 6
    assert [spend(1.0, 0.0) for _ in range(4)][-1]
    # It begins to work again, and has its place again after a span.
    assert [spend(0.0, 1.0) for _ in range(3)][-1] is False


def test_sources_of_one_host_take_turns(make_source: Make, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    read = ParticipationCKANHarvester.read

    def noted(self: Any, *given: Any) -> None:
        (tmp_path / "reading").mkdir()
        read(self, *given)
        (tmp_path / "reading").rmdir()

    monkeypatch.setattr(ParticipationCKANHarvester, "read", noted)
    first = ask(make_source("csa"))
    second = ask(make_source("csa", name="another", config='{"remove_up_to": 30}'))
    turn_until(consumer, lambda: consumer.idle)
    # Two at once would have found the folder there.
    assert sentences(first) == sentences(second) == []


def test_a_job_that_no_queue_knows_of_is_found(make_source: Make, consumer: Consumer) -> None:
    job = ask(make_source("csa"))
    queue.purge_queues()
    turn_until(consumer, lambda: status(job) == "Finished")
    assert reported(job) == ["added"] * 8


def test_a_job_that_was_taken_while_the_database_was_away_is_found(make_source: Make, consumer: Consumer) -> None:
    job = ask(make_source("csa"))
    redis: Any = queue.get_connection()
    redis.lmove(queue.get_gather_routing_key(), consumer._taken, "LEFT", "RIGHT")
    turn_until(consumer, lambda: status(job) == "Finished")
    turn_until(consumer, lambda: consumer.idle)
    assert reported(job) == ["added"] * 8
    assert redis.llen(consumer._taken) == 0


def test_what_an_earlier_consumer_had_taken_is_taken_up(make_source: Make, consumer: Consumer) -> None:
    job = ask(make_source("csa"))
    redis: Any = queue.get_connection()
    redis.lmove(queue.get_gather_routing_key(), consumer._taken, "LEFT", "RIGHT")
    consumer.recover()
    turn_until(consumer, lambda: consumer.idle)
    assert status(job) == "Finished"
    assert redis.llen(consumer._taken) == 0


def test_a_job_that_never_gets_anywhere_is_given_up_in_words(
        make_source: Make, consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getpid()

    def dies(self: Any, *_given: Any) -> None:
        assert os.getpid() != here
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(ParticipationCKANHarvester, "read", dies)
    monkeypatch.setattr(consuming, "MAX_ATTEMPTS", 3)
    monkeypatch.setattr(consuming, "LONGEST_PAUSE", 0.1)
    job = ask(make_source("csa"))
    turn_until(consumer, lambda: consumer.idle)
    assert status(job) == "Finished"
    said = "The harvest was given up: its process ended 3 times without having written anything. The server's log says why."
    assert sentences(job) == [said]


def test_an_error_of_this_site_is_reported_at_once(make_source: Make, consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(self: Any, *_given: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(ParticipationCKANHarvester, "read", stumbles)
    job = ask(make_source("csa"))
    turn_until(consumer, lambda: consumer.idle)
    assert status(job) == "Finished"
    assert sentences(job) == ["The source could not be read to its end: an error of this site (RecursionError)."]


def test_a_job_is_begun_again_when_the_database_was_away(
        make_source: Make, consumer: Consumer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    read = ParticipationCKANHarvester.read

    def is_away_once(self: Any, *given: Any) -> None:
        if not (tmp_path / "away").exists():
            (tmp_path / "away").touch()
            with model.meta.engine.connect() as other:
                other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": model.Session.scalar(sa.text("SELECT pg_backend_pid()"))})
        read(self, *given)

    monkeypatch.setattr(ParticipationCKANHarvester, "read", is_away_once)
    job = ask(make_source("csa"))
    turn_until(consumer, lambda: consumer.idle)
    assert (tmp_path / "away").exists()
    assert sentences(job) == []
    assert reported(job) == ["added"] * 8


@pytest.mark.parametrize("message", ["nonsense", "[]", '{"harvest_job_id": "no-such-job"}', "{}"])
def test_a_message_that_is_no_job_is_put_away(consumer: Consumer, message: str) -> None:
    redis: Any = queue.get_connection()
    redis.rpush(queue.get_gather_routing_key(), message)
    turn_until(consumer, lambda: consumer.idle)
    assert redis.llen(consumer._taken) == 0


def test_a_source_type_of_another_extension_is_gathered_as_ckanext_harvest_does(make_source: Make, consumer: Consumer) -> None:
    source = make_source("csa")
    job = ask(source)
    model.Session.execute(sa.text("UPDATE harvest_source SET type = 'no_such_type' WHERE id = :id"), {"id": source["id"]})
    model.Session.commit()
    turn_until(consumer, lambda: consumer.idle)
    assert status(job) == "Finished"
    assert sentences(job) == ["System error - No harvester could be found for source type no_such_type"]
