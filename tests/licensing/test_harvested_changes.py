"""A harvest that brings other terms: what is noted, and what it costs."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import call_action
from harvesting.conftest import allowed, make_source, replay  # noqa: F401 (fixtures)

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Event, Outbox
from ckanext.participation.harvesting.running import run
from ckanext.participation.licensing.model import LicenceChange

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., dict[str, Any]]
RECORDS = 8
# For each dataset whose terms change: its subject written and read, its changes, the mark on its row, the event with its announcement.
STATEMENTS = 5


@pytest.fixture
def records(allowed: Any) -> dict[str, Any]:  # noqa: F811 (the fixture)
    """Eight records of the recorded portal of the space agency, under its Open Government Licence; a test may change them."""
    for name in list(allowed.csa.datasets)[RECORDS:]:
        del allowed.csa.datasets[name]
    return allowed.csa.datasets


@pytest.fixture
def source(make_source: Make, records: dict[str, Any]) -> str:  # noqa: F811 (the fixture)
    """The source after its first harvest."""
    found = make_source("csa")
    run(found["id"])
    return found["id"]


def count(*where: Any) -> int:
    return model.Session.scalar(sa.select(sa.func.count()).where(*where)) or 0


def relicense(records: dict[str, Any], licence: str) -> None:
    """Have the source put everything under another licence."""
    for record in records.values():
        record["license_id"] = licence
        record.pop("license_title", None)
        record.pop("license_url", None)
    touch(records)


def touch(records: dict[str, Any]) -> None:
    """Date the records, as a CKAN does with every edit: dates are what a harvest asks for first."""
    for record in records.values():
        record["metadata_modified"] = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def test_a_harvest_that_brings_other_terms_is_noted_dataset_by_dataset(source: str, records: dict[str, Any]) -> None:
    assert count(LicenceChange.id > 0) == 0
    relicense(records, "cc-by-nc-4.0")
    assert run(source).counts == {"updated": RECORDS}
    rows = list(model.Session.scalars(sa.select(LicenceChange)))
    assert [(row.via, row.before, row.after, row.kind, row.state, row.actor_id) for row in rows] == [
        ("harvest", "OGL-Canada-2.0", "CC-BY-NC-4.0", "narrowed", "open", None)] * RECORDS
    assert count(Event.type == "licence.changed") == count(Outbox.kind == "announce") == RECORDS
    assert run(source).counts == {"not modified": RECORDS}
    assert count(LicenceChange.id > 0) == RECORDS


def test_a_source_that_drops_its_licence_is_noted_and_its_words_are_kept(source: str, records: dict[str, Any]) -> None:
    relicense(records, "")
    run(source)
    assert {row.kind for row in model.Session.scalars(sa.select(LicenceChange))} == {"dropped"}
    relicense(records, "The rules of our house")
    run(source)
    latest = list(model.Session.scalars(sa.select(LicenceChange).order_by(LicenceChange.id)))[RECORDS:]
    assert {(row.kind, row.after) for row in latest} == {("unclear", "unrecognised")}
    assert all("The rules of our house" in row.after_words for row in latest)


def test_another_spelling_at_the_source_is_no_change(source: str, records: dict[str, Any]) -> None:
    relicense(records, "Open Government Licence - Canada")
    run(source)
    assert count(LicenceChange.id > 0) == 0


@pytest.fixture
def noting() -> Iterator[list[str]]:
    """The statements that noting a change runs, whatever else a harvest asks."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        if any(frame.name == "note" and frame.filename.endswith("licensing/changes.py") for frame in traceback.extract_stack()):
            seen.append(text)

    sa.event.listen(model.meta.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(model.meta.engine, "before_cursor_execute", note)


def test_a_change_costs_the_same_few_statements_for_each_dataset(source: str, records: dict[str, Any], noting: list[str]) -> None:
    """So a thousand cost a thousand times as much as one, and none more; what changes nothing here costs nothing."""
    for record in records.values():
        record["notes_translated"] = {"en": "Other words", "fr": "D’autres mots"}
    touch(records)
    assert run(source).counts == {"updated": RECORDS}
    assert noting == []
    relicense(records, "cc-by-nc-4.0")
    run(source)
    assert len(noting) == STATEMENTS * RECORDS


def test_a_cleared_source_that_is_harvested_again_keeps_the_history(
        source: str, records: dict[str, Any], as_user: Callable[..., Any]) -> None:
    relicense(records, "cc-by-nc-4.0")
    run(source)
    about = call_action("package_search", rows=1, fq="dataset_type:dataset")["results"][0]
    user = tk.config["ckan.site_id"]
    call_action("harvest_source_clear", {"user": user, "model": model, "session": model.Session}, id=source)
    model.Session.remove()
    subjects.sweep()
    relicense(records, "cc-by-4.0")
    run(source)
    subjects.sweep()
    again = next(row for row in call_action("package_search", rows=1000, fq="dataset_type:dataset")["results"] if row["name"] == about["name"])
    rows = as_user(None, "participation_licence_change_list", id=again["id"])["results"]
    assert [(row["via"], row["before"]["id"], row["after"]["id"]) for row in rows] == [
        ("return", "CC-BY-NC-4.0", "CC-BY-4.0"), ("harvest", "OGL-Canada-2.0", "CC-BY-NC-4.0")]
