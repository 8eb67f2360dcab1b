"""Harvests whose records are written by processes of their own: what they write, and what is left when one of them ends."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import get_plugin
from ckan.tests.helpers import call_action
from ckanext.harvest.model import HarvestJob, HarvestObject

from ckanext.participation.harvesting.batches.hooks import BATCH_WRITTEN
from ckanext.participation.harvesting.ckan_source import ParticipationCKANHarvester
from ckanext.participation.harvesting.engine import batching, fence, gathering
from ckanext.participation.harvesting.engine.model import HarvestRun, HarvestState
from ckanext.participation.harvesting.engine.problems import StopAsked
from ckanext.participation.harvesting.engine.workers import ENDED
from ckanext.participation.harvesting.running import run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def small_portions(allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "PORTION", 3)
    for name in sorted(allowed.csa.datasets)[14:]:
        del allowed.csa.datasets[name]


@pytest.fixture
def writing_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Callable[[], set[int]]:
    """The processes that mapped a record."""
    maps = ParticipationCKANHarvester.record

    def record(self: Any, *given: Any) -> Any:
        (tmp_path / str(os.getpid())).touch()
        return maps(self, *given)

    monkeypatch.setattr(ParticipationCKANHarvester, "record", record)
    return lambda: {int(path.name) for path in tmp_path.iterdir()}


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[dict[str, Any]], bool]], None]:
    """Let a record that is like this kill the process that maps it, as a fault in a library does; never this one."""
    maps, here = ParticipationCKANHarvester.record, os.getpid()

    def kills(is_deadly: Callable[[dict[str, Any]], bool]) -> None:
        def record(self: Any, content: Any, *more: Any) -> Any:
            if is_deadly(content) and os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            return maps(self, content, *more)

        monkeypatch.setattr(ParticipationCKANHarvester, "record", record)

    return kills


def names() -> set[str]:
    model.Session.expire_all()
    return {row.name for row in model.Session.query(model.Package).filter_by(type="dataset", state="active")}


def last_run() -> Any:
    model.Session.expire_all()
    return model.Session.scalars(sa.select(HarvestRun).order_by(HarvestRun.id.desc()).limit(1)).one()


def test_two_processes_write_what_this_one_reads(make_source: Make, allowed: Any, writing_in: Any) -> None:
    source = make_source("csa")
    number = len(allowed.csa.datasets)
    assert run(source["id"]).counts == {"added": number}
    assert len(names()) == number
    assert len(writing_in()) == 2
    assert os.getpid() not in writing_in()
    found = last_run()
    assert (found.expected, found.read, found.written, found.errors, found.new) == (number, number, number, 0, number)
    assert found.finished is not None
    assert run(source["id"]).counts == {"not modified": number}


@pytest.mark.ckan_config("participation.harvest.workers", 0)
def test_without_processes_everything_is_written_here(make_source: Make, allowed: Any, writing_in: Any) -> None:
    assert run(make_source("csa")["id"]).counts == {"added": len(allowed.csa.datasets)}
    assert writing_in() == {os.getpid()}


@pytest.mark.ckan_config("participation.harvest.workers", 0)
@pytest.mark.parametrize("hooks", ["compat", "fast"])
def test_the_source_says_whether_others_hear_of_each_dataset_or_of_each_batch(make_source: Make, allowed: Any, hooks: str) -> None:
    each: list[str] = []
    batches: list[list[str]] = []

    def of_one(_action: str, **told: Any) -> None:
        each.append(told["result"])

    def of_batch(_source: str, **told: Any) -> None:
        batches.append(told["added"])

    signal_of = tk.signals.ckanext.signal(BATCH_WRITTEN)
    with tk.signals.action_succeeded.connected_to(of_one, "package_create"), signal_of.connected_to(of_batch):
        run(make_source("csa", config=json.dumps({"hooks": hooks, "organizations": "source"}))["id"])
    assert [len(ids) for ids in batches] == [3, 3, 3, 3, 2]
    # The source is a dataset of CKAN's too.
    assert len(each) == (15 if hooks == "compat" else 1)


def test_one_portion_needs_no_process(make_source: Make, allowed: Any, writing_in: Any) -> None:
    for name in sorted(allowed.csa.datasets)[3:]:
        del allowed.csa.datasets[name]
    assert run(make_source("csa")["id"]).counts == {"added": 3}
    assert writing_in() == {os.getpid()}


def test_a_record_that_ends_its_process_costs_only_itself(make_source: Make, allowed: Any, deadly: Any) -> None:
    bad = sorted(allowed.csa.datasets)[4]
    deadly(lambda content: content["name"] == bad)
    source = make_source("csa")
    report = run(source["id"])
    number = len(allowed.csa.datasets)
    assert report.counts == {"added": number - 1, "errored": 1}
    assert [sentence for sentence in report.sentences if ENDED in sentence]
    assert len(names()) == number - 1
    # Once it does no harm it comes, alone.
    deadly(lambda _content: False)
    assert run(source["id"]).counts == {"added": 1, "not modified": number - 1}


def test_a_process_that_ends_between_writing_and_saying_so_has_nothing_written_twice(
        make_source: Make, allowed: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from ckanext.participation.harvesting.engine.importing import Importer

    settle, here = Importer.settle, os.getpid()

    def settle_and_die(self: Any, portion: Any) -> Any:
        tally = settle(self, portion)
        if os.getpid() != here and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return tally

    monkeypatch.setattr(Importer, "settle", settle_and_die)
    source = make_source("csa")
    number = len(allowed.csa.datasets)
    assert run(source["id"]).counts == {"added": number}
    assert (tmp_path / "died").exists()
    assert len(names()) == number
    assert last_run().written == number


def test_an_error_of_this_site_ends_the_run_in_words_and_the_next_one_goes_on(
        make_source: Make, allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.participation.harvesting.engine import state

    note, calls = state.note, []

    def fails_later(rows: Any) -> None:
        calls.append(rows)
        if len(calls) > 1:
            raise RuntimeError("a disk that is full")
        note(rows)

    monkeypatch.setattr(state, "note", fails_later)
    source = make_source("csa")
    report = run(source["id"])
    assert "The source could not be read to its end: an error of this site (RuntimeError)." in report.sentences
    monkeypatch.setattr(state, "note", note)
    number, written = len(allowed.csa.datasets), report.counts["added"]
    assert run(source["id"]).counts == {"added": number - written, "not modified": written} if written else {"added": number}
    assert len(names()) == number


def test_a_run_is_stopped_by_a_person_and_goes_on_with_the_next(
        make_source: Make, allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "BEAT_SECONDS", 0.0)
    take, taken = gathering.Gathering.take, []

    def take_and_stop(self: Any, *given: Any) -> None:
        taken.append(given)
        if len(taken) == 5:
            model.Session.execute(sa.update(HarvestRun).where(HarvestRun.id == self.run).values(stop_asked=True))
        take(self, *given)

    monkeypatch.setattr(gathering.Gathering, "take", take_and_stop)
    source = make_source("csa")
    report = run(source["id"])
    assert str(StopAsked()) in report.sentences
    assert report.counts == {"added": 5}
    assert not last_run().whole
    monkeypatch.setattr(gathering.Gathering, "take", take)
    number = len(allowed.csa.datasets)
    assert run(source["id"]).counts == {"added": number - 5, "not modified": 5}


@pytest.fixture
def another_begins(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let another attempt begin once the first record was read."""

    def begins(statement: str) -> None:
        take, taken = gathering.Gathering.take, []

        def take_and_begin(self: Any, *given: Any) -> None:
            take(self, *given)
            taken.append(given)
            if len(taken) == 1:
                with model.meta.engine.connect() as other:
                    other.execute(sa.text(statement), {"id": self.run})
                    other.commit()

        monkeypatch.setattr(gathering.Gathering, "take", take_and_begin)

    return begins


def test_nothing_is_written_any_more_for_a_run_that_another_one_follows(make_source: Make, allowed: Any, another_begins: Any) -> None:
    another_begins("""INSERT INTO participation_harvest_run (source_id, job_id, attempt, started, whole, by_content, listed, unchanged, new,
        changed, retried, gone, requests, bytes) SELECT source_id, 'another job', attempt + 1000, started, false, false, 0, 0, 0, 0, 0, 0, 0, 0
        FROM participation_harvest_run WHERE id = :id""")
    report = run(make_source("csa")["id"])
    assert report.sentences == [str(fence.Superseded())]
    assert report.counts == {}
    assert names() == set()


def test_an_earlier_process_of_the_same_job_ends_without_a_word(make_source: Make, allowed: Any, another_begins: Any) -> None:
    another_begins("UPDATE participation_harvest_run SET attempt = attempt + 1000 WHERE id = :id")
    report = run(make_source("csa")["id"])
    assert report.sentences == []
    assert names() == set()


def test_a_job_that_was_cut_off_goes_on_where_it_was(make_source: Make, allowed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source("csa")
    number = len(allowed.csa.datasets)
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    job: Any = HarvestJob.get(call_action("harvest_job_create", {"user": user}, source_id=source["id"], run=False)["id"])
    harvester: Any = get_plugin("participation_harvest_ckan")

    def power_cut(self: Any, whole: bool) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(gathering.Gathering, "finish", power_cut)
        with pytest.raises(KeyboardInterrupt):
            harvester.gather(job)
    before = len(names())
    assert 0 < before < number
    harvester.gather(job)
    assert len(names()) == number
    found = last_run()
    assert (found.whole, found.new, found.unchanged, found.written) == (True, number, 0, number - before)
    assert set(model.Session.scalars(sa.select(HarvestState.seen_run))) == {found.id}
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(HarvestObject)) == number
