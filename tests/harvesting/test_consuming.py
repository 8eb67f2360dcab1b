"""The process that runs queued jobs: beside each other, again after a death, and each source without delaying another."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
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
from ckanext.participation.harvesting.engine import batching
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
