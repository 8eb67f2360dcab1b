"""What a batch does with records that cannot be written as they are, and when something fails on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import harvest_batches as both
import pytest
import sqlalchemy as sa
from ckan import logic, model
from ckanext.harvest.model import HarvestObject, HarvestObjectError, HarvestObjectExtra

from ckanext.participation.common.model import Event, IndexMark
from ckanext.participation.harvesting import batches, organisations
from ckanext.participation.harvesting.batches import naming, prefetched, searching
from ckanext.participation.harvesting.record import Organisation, Record
from ckanext.participation.harvesting.settings import Settings
from ckanext.participation.search import indexer

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def run(make_source: both.Make) -> batches.Run:
    """A run of a source that has not been read."""
    source = make_source("csa")
    job = tk.get_action("harvest_job_create")({"user": both.user(), "ignore_auth": True}, {"source_id": source["id"], "run": False})
    return both.run_of(source, job["id"], mode="fast")


@pytest.fixture
def owner(run: batches.Run) -> str:
    package: Any = model.Package.get(run.source_id)
    return package.owner_org


@pytest.fixture
def item(owner: str) -> Callable[..., batches.Item]:
    def make(guid: str, package_id: str | None = None, **fields: Any) -> batches.Item:
        dataset = {"title_translated": {"en": f"Snow {guid}"}, "title": f"Snow {guid}", "license_id": "CC-BY-4.0", "extras": [],
                   "resources": [{"url": f"https://example.org/{len(guid)}.csv", "format": "CSV"}]} | fields
        return batches.Item(guid, Record(dataset), owner, package_id)

    return make


def dataset(outcome: batches.Outcome) -> dict[str, Any]:
    return tk.get_action("package_show")({"ignore_auth": True, "use_cache": False}, {"id": outcome.package_id})


def marks() -> set[str]:
    return set(model.Session.scalars(sa.select(IndexMark.ref).where(IndexMark.kind == searching.DATASET)))


def count(*where: Any) -> int:
    return model.Session.scalar(sa.select(sa.func.count()).where(*where)) or 0


def test_records_that_want_one_name_get_numbers(run: batches.Run, item: Any) -> None:
    same = {"title": "Snow", "title_translated": {"en": "Snow"}}
    batches.write([item("0", **same)], run)
    found = batches.write([item("1", **same), item("2", **same), item("3", title="Rain", title_translated={"en": "Rain"})], run)
    assert [dataset(outcome)["name"] for outcome in found] == ["snow1", "snow2", "rain"]


def test_names_are_never_longer_than_they_may_be_and_go_on_after_the_last_number() -> None:
    assert naming.choose(["a" * 120, "a" * 100], set()) == ["a" * 100, "a" * 99 + "1"]
    assert naming.choose(["snow"], {"snow", *(f"snow{number}" for number in range(1, 1000))}) == [None]


def test_the_thousandth_of_a_name_gets_the_next_number_for_a_few_questions(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ["snow", *(f"snow{number}" for number in range(1, 700))]
    model.Session.execute(sa.insert(model.package_table), [{"id": name, "name": name, "type": "dataset", "owner_org": owner} for name in here])
    asked: list[int] = []
    taken = naming.taken

    def counted(names: Any) -> set[str]:
        asked.append(len(names))
        return taken(names)

    monkeypatch.setattr(naming, "taken", counted)
    assert naming.reserve(["snow", "rain", "snow", "snow"], {"snow701"}) == ["snow700", "rain", "snow702", "snow703"]
    assert sum(asked) < 150
    model.Session.execute(sa.insert(model.package_table), [{"id": name, "name": name, "type": "dataset", "owner_org": owner}
                                                           for name in (f"snow{number}" for number in range(700, 1000))])
    [given] = naming.reserve(["snow"])
    assert given.startswith("snow-")


def test_a_name_that_somebody_takes_meanwhile_becomes_another(
    run: batches.Run, item: Any, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one commits after the names were reserved, and before the batch has the lock."""
    reserve = naming.reserve
    taken: list[str] = []

    def late(wanted: Any, besides: Any = ()) -> list[str]:
        chosen = reserve(wanted, besides)
        if chosen and not taken:
            taken.append(chosen[0])
            with model.meta.engine.begin() as other:  # type: ignore[union-attr]
                other.execute(sa.insert(model.package_table).values(id="another", name=chosen[0], type="dataset", owner_org=owner))
        return chosen

    monkeypatch.setattr(naming, "reserve", late)
    [outcome] = batches.write([item("1", title="Snow", title_translated={"en": "Snow"})], run)
    assert taken == ["snow"]
    assert (outcome.status, dataset(outcome)["name"]) == ("added", "snow1")


def test_a_name_that_a_person_is_writing_is_waited_for_and_becomes_another(run: batches.Run, item: Any, owner: str) -> None:
    """Their row is not committed yet: the database lets the batch wait, then refuses, and the second attempt sees the name."""
    assert model.meta.engine is not None
    other = model.meta.engine.connect()
    other.execute(sa.insert(model.package_table).values(id="another", name="snow", type="dataset", owner_org=owner))
    found: list[batches.Outcome] = []

    def write() -> None:
        try:
            found.extend(batches.write([item("1", title="Snow", title_translated={"en": "Snow"}), item("2")], run))
        finally:
            model.Session.remove()

    writer = threading.Thread(target=write)
    writer.start()
    waits = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO package %'")
    with model.meta.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        while writer.is_alive() and not watching.scalar(waits):
            writer.join(0.05)
    other.commit()
    other.close()
    writer.join()
    assert [dataset(outcome)["name"] for outcome in found] == ["snow1", "snow-2"]


def test_an_organisation_that_another_process_is_making_is_waited_for_and_used(owner: str) -> None:
    """Two processes of one harvest meet the same new publisher in the same moment: neither sees the other's row."""
    assert model.meta.engine is not None
    other = model.meta.engine.connect()
    other.execute(sa.insert(model.group_table).values(id="another", name="roads", title="Roads", type="organization", is_organization=True,
                                                      state="active", extras={"remote_identifiers": '["Roads"]'}))
    ended = threading.Event()
    waits = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"group\" %'")

    def commit() -> None:
        with model.meta.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            while not watching.scalar(waits) and not ended.wait(0.05):
                pass
        other.commit()
        other.close()

    committing = threading.Thread(target=commit)
    committing.start()
    try:
        found = organisations.owner_of(Organisation("Roads", "roads", {"en": "Roads"}), owner, Settings(), both.user(), lambda made: made)
    finally:
        ended.set()
        committing.join()
    assert found == ("another", [])


@pytest.mark.parametrize("bad", ["with \x00 in it", "with \ud800 in it"])
def test_text_that_no_database_holds_costs_its_field_only(run: batches.Run, item: Any, bad: str) -> None:
    first, second = batches.write([item("1", version=bad), item("2")], run)
    assert (first.status, second.status) == ("added", "added")
    assert "version" in " ".join(first.notes)
    assert not dataset(first).get("version")


def test_a_record_whose_identifier_no_database_holds_is_refused_in_words_and_costs_no_other(run: batches.Run, item: Any) -> None:
    bad, good = batches.write([item("a\x00b"), item("2")], run)
    assert (bad.status, good.status) == ("errored", "added")
    assert count(HarvestObjectError.harvest_object_id == bad.object_id) == 1
    assert count(HarvestObject.id == bad.object_id, HarvestObject.report_status == "errored") == 1


def test_tags_that_are_refused_are_left_out_and_named(run: batches.Run, item: Any) -> None:
    [outcome] = batches.write([item("1", tags=[{"name": "snow"}, {"name": "a" * 200}, {"name": "x"}])], run)
    assert [tag["name"] for tag in dataset(outcome)["tags"]] == ["snow"]
    assert len(outcome.notes) == 2
    report = model.Session.scalars(sa.select(HarvestObjectError.message)).one()
    assert "tags 2" in report
    assert "tags 3" in report


def test_a_tag_exists_once_however_many_datasets_have_it(run: batches.Run, item: Any) -> None:
    batches.write([item("1", tags=[{"name": "snow"}]), item("2", tags=[{"name": "snow"}, {"name": "Snow"}])], run)
    batches.write([item("3", tags=[{"name": "snow"}])], run)
    assert sorted(model.Session.scalars(sa.select(model.Tag.name))) == ["Snow", "snow"]


def test_a_very_long_title_is_refused_with_its_reason(run: batches.Run, item: Any) -> None:
    long, good = batches.write([item("1", title="a" * 900, title_translated={"en": "a" * 900}), item("2")], run)
    assert (long.status, good.status) == ("errored", "added")
    assert "title" in long.reason
    assert long.reason.startswith("The catalogue refused the record: ")


def test_a_row_that_the_database_refuses_costs_itself_only(run: batches.Run, item: Any) -> None:
    """Here for a constraint that no validator knows."""
    items = [item(str(number)) for number in range(9)]
    seen: list[list[str]] = []
    trouble = sa.text("ALTER TABLE package ADD CONSTRAINT no_four CHECK (extras ->> 'guid' <> '4')")
    # What waits for the table would wait for this session.
    model.Session.remove()
    with model.meta.engine.begin() as other:  # type: ignore[union-attr]
        other.execute(trouble)
    try:
        found = batches.write(items, run, lambda outcomes: seen.append([outcome.guid for outcome in outcomes]))
    finally:
        model.Session.remove()
        with model.meta.engine.begin() as other:  # type: ignore[union-attr]
            other.execute(sa.text("ALTER TABLE package DROP CONSTRAINT no_four"))
    assert [outcome.status for outcome in found] == ["added"] * 4 + ["errored"] + ["added"] * 4
    assert "IntegrityError" in found[4].reason
    assert sorted(guid for guids in seen for guid in guids) == [str(number) for number in range(9)]
    assert len(model.Session.scalars(sa.select(HarvestObject.id)).all()) == 9


def test_the_batch_is_written_with_what_the_caller_adds_or_not_at_all(run: batches.Run, item: Any) -> None:
    def refuse(outcomes: Any) -> None:
        assert model.Session.scalar(sa.select(sa.func.count()).select_from(model.Package).where(model.Package.name == "snow-1")) == 1
        raise RuntimeError("the checkpoint")

    with pytest.raises(RuntimeError, match="the checkpoint"):
        batches.write([item("1"), item("2")], run, refuse)
    assert count(model.Package.type == "dataset") == 0
    assert count(HarvestObject.id.is_not(None)) == 0
    assert marks() == set()


def test_what_was_committed_and_not_indexed_is_marked_and_indexed_later(
    run: batches.Run, item: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the commit and the search."""

    class Killed(BaseException):
        pass

    def kill(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(searching, "index", kill)
        with pytest.raises(Killed):
            batches.write([item("1"), item("2")], run)
    model.Session.remove()
    ids = set(model.Session.scalars(sa.select(HarvestObject.package_id)))
    assert len(ids) == 2
    assert marks() == ids
    assert both.searched(ids) == set()
    # The sender of conversations leaves them alone; a mark so young is its own process's to settle.
    indexer.index(seconds=0)
    searching.run()
    assert marks() == ids
    monkeypatch.setattr(searching, "PATIENCE", -searching.PATIENCE)
    searching.run()
    assert both.searched(ids) == ids
    assert marks() == set()


def test_a_search_that_is_away_delays_only_the_search(
    run: batches.Run, item: Any, ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setitem(ckan_config, "solr_url", "http://127.0.0.1:1/solr/ckan")
        [outcome] = batches.write([item("1")], run)
        assert outcome.status == "added"
        assert marks() == {outcome.package_id}
        batches.remove([batches.Removal("1", str(outcome.package_id))], run)
        assert marks() == {outcome.package_id}
    [outcome] = batches.write([item("1", outcome.package_id)], run)
    assert (outcome.status, dataset(outcome)["state"], marks()) == ("updated", "active", set())
    assert both.searched([str(outcome.package_id)]) == {outcome.package_id}


def test_a_document_that_the_search_refuses_costs_no_other(run: batches.Run, item: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ckan.lib.search.index import PackageSearchIndex

    build = PackageSearchIndex.index_package

    def wrong(self: Any, pkg_dict: Any, defer_commit: bool = False) -> None:
        build(self, {**pkg_dict, "metadata_created": "never"} if pkg_dict["name"] == "snow-2" else pkg_dict, defer_commit)

    monkeypatch.setattr(PackageSearchIndex, "index_package", wrong)
    found = batches.write([item("1"), item("2"), item("3")], run)
    ids = {outcome.guid: str(outcome.package_id) for outcome in found}
    assert both.searched(ids.values()) == {ids["1"], ids["3"]}
    assert marks() == {ids["2"]}


def test_validators_are_ckans_own_again_afterwards_and_for_everybody_else(run: batches.Run, item: Any) -> None:
    names = ("package_name_validator", "owner_org_validator", "package_id_does_not_exist", "resource_id_does_not_exist")
    batches.write([item("1")], run)
    assert {tk.get_validator(name).__module__ for name in names} == {"ckan.logic.validators"}

    def fail() -> None:
        with prefetched.validators():
            assert {tk.get_validator(name).__module__ for name in names} == {prefetched.__name__}
            with pytest.raises(tk.ValidationError, match="already in use"):
                tk.get_action("package_create")({"user": both.user(), "ignore_auth": True}, {"name": "snow-1", "title": "Snow"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert {logic._validators_cache[name].__module__ for name in names} == {"ckan.logic.validators"}


@pytest.mark.parametrize("mode", ["fast", "compat"])
def test_a_licence_that_changes_is_noted(mode: str, run: batches.Run, item: Any) -> None:
    run = batches.Run(run.source_id, run.job_id, run.user, mode)  # type: ignore[arg-type]
    first = batches.write([item("1"), item("2")], run)
    batches.write([item("1", first[0].package_id, license_id="CC-BY-NC-4.0"), item("2", first[1].package_id, version="2")], run)
    [event] = model.Session.scalars(sa.select(Event).where(Event.type == "licence.changed"))
    assert [(row["before"], row["after"]) for row in event.data["changes"]] == [("CC-BY-4.0", "CC-BY-NC-4.0")]


def test_what_does_not_differ_is_not_touched(run: batches.Run, item: Any) -> None:
    [first] = batches.write([item("1")], run)
    # The first update guesses media types, as CKAN's own does.
    batches.write([item("1", first.package_id)], run)
    before = dataset(first)
    batches.write([item("1", first.package_id)], run)
    assert dataset(first) == before
    rows = model.Session.execute(sa.select(HarvestObject.current, HarvestObject.report_status).order_by(HarvestObject.gathered)).all()
    assert [tuple(row) for row in rows] == [(False, "added"), (False, "updated"), (True, "updated")]
    assert count(HarvestObjectExtra.key == "digest") == 3


def test_a_dataset_that_was_purged_is_made_anew(run: batches.Run, item: Any) -> None:
    [outcome] = batches.write([item("1", "no-longer-there")], run)
    assert (outcome.status, dataset(outcome)["title"]) == ("added", "Snow 1")


def test_ids_of_files_that_others_have_are_not_taken_over(run: batches.Run, item: Any) -> None:
    own = "6f1d5d0c-0000-4000-8000-000000000001"
    files = [{"id": own, "url": "https://example.org/a.csv"}]
    found = batches.write([item("1", resources=files), item("2", resources=files)], run)
    found += batches.write([item("3", resources=files)], run)
    assert [dataset(outcome)["resources"][0]["id"] == own for outcome in found] == [True, False, False]


def test_a_batch_holds_a_record_once(run: batches.Run, item: Any) -> None:
    with pytest.raises(ValueError, match="guid"):
        batches.write([item("1"), item("1")], run)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []

    def hear(_sender: Any, **said: Any) -> None:
        told.append(said)

    signal = tk.signals.ckanext.signal("participation:batch_written")
    with signal.connected_to(hear):
        yield told


def test_other_extensions_hear_of_the_batch_once(run: batches.Run, item: Any, heard: list[dict[str, Any]]) -> None:
    first, second = batches.write([item("1"), item("2")], run)
    batches.remove([batches.Removal("1", str(first.package_id))], run)
    assert heard == [{"added": [first.package_id, second.package_id], "updated": [], "deleted": []},
                     {"added": [], "updated": [], "deleted": [first.package_id]}]


def test_this_site_lets_datasets_be_written_in_batches() -> None:
    assert batches.obstacles() == []
