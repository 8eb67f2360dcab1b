"""Datasets are judged soon after they are written, whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import helpers
from quality.conftest import GOOD
from statements import statements

from ckanext.participation.common.model import now
from ckanext.participation.quality import computing, rules
from ckanext.participation.quality.model import Link, LinkUse, Quality, QualityMark

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "with_request_context")

Make = Callable[..., dict[str, Any]]


def found(about: dict[str, Any]) -> Quality | None:
    model.Session.expire_all()
    return model.Session.get(Quality, about["id"])


def missing(about: dict[str, Any]) -> list[str]:
    row = found(about)
    assert row
    return [name for name in rules.CRITERIA if rules.answer(row.met, row.missing, name) is False]


def marks() -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(QualityMark)) or 0


def test_a_new_dataset_is_judged_at_the_next_round(dataset: Make) -> None:
    about = dataset(**GOOD)
    assert found(about) is None
    assert computing.marked() >= 1
    row = found(about)
    assert row
    assert missing(about) == []
    assert (row.stars, row.files, row.machine, row.organization_id) == (3, 1, 1, about["owner_org"])


def test_what_is_missing_is_named(dataset: Make) -> None:
    about = dataset(license_id="notspecified", resources=[{"url": "https://data.example.org/a.pdf", "format": "PDF"}], notes_translated={"fr": "Où ?"})
    computing.marked()
    assert missing(about) == ["licence", "openness", "contact", "languages", "formats"]


def test_a_change_is_judged_anew(dataset: Make) -> None:
    about = dataset(**GOOD)
    computing.marked()
    helpers.call_action("package_patch", id=about["id"], contact=[])
    assert marks() == 1
    computing.marked()
    assert missing(about) == ["contact"]
    assert marks() == 0


def test_a_write_that_fails_marks_nothing(dataset: Make) -> None:
    about = dataset(**GOOD)
    computing.marked()
    with pytest.raises(tk.ValidationError):
        helpers.call_action("package_patch", id=about["id"], name="No name!")
    model.Session.commit()
    assert marks() == 0


def test_a_deleted_dataset_is_forgotten_with_its_addresses(dataset: Make) -> None:
    about = dataset(**GOOD)
    computing.marked()
    helpers.call_action("package_delete", id=about["name"])
    computing.marked()
    assert found(about) is None
    assert model.Session.scalars(sa.select(LinkUse)).all() == []


def test_what_no_mark_told_of_is_found_within_a_day(dataset: Make) -> None:
    about = dataset(**GOOD)
    computing.everything()
    assert computing.due() == 0
    model.Session.execute(sa.update(Quality).values(at=now() - timedelta(days=2)))
    model.Session.execute(sa.text("UPDATE package SET license_id = 'Terms nobody knows' WHERE id = :id"), {"id": about["id"]})
    model.Session.commit()
    assert computing.due() == 1
    assert "licence" in missing(about)


def test_other_rules_judge_everything_anew(dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset(**GOOD)
    computing.everything()
    monkeypatch.setattr(rules, "VERSION", rules.VERSION + 1)
    assert computing.due() == 1
    assert computing.due() == 0


def test_the_licence_of_every_file_is_the_datasets(dataset: Make) -> None:
    files = [{"url": f"https://data.example.org/{name}.csv", "format": "CSV", "license": "https://creativecommons.org/licenses/by/4.0/"}
             for name in "ab"]  # fmt: skip
    about = dataset(**GOOD | {"license_id": "", "resources": files})
    other = dataset(**GOOD | {"license_id": "", "resources": [*files, {"url": "https://data.example.org/c.csv", "format": "CSV"}]})
    computing.marked()
    assert missing(about) == []
    assert missing(other) == ["licence", "openness"]


def test_one_address_of_many_files_is_kept_once(dataset: Make) -> None:
    one, other = dataset(**GOOD), dataset(**GOOD)
    computing.marked()
    assert len(model.Session.scalars(sa.select(Link)).all()) == 1
    assert {use.package_id for use in model.Session.scalars(sa.select(LinkUse))} == {one["id"], other["id"]}


def test_addresses_of_a_private_dataset_are_not_kept(dataset: Make) -> None:
    about = dataset(private=True, **GOOD)
    computing.marked()
    assert model.Session.scalars(sa.select(Link)).all() == []
    row = found(about)
    assert row
    assert rules.answer(row.met, row.missing, "links") is None


def test_followers_and_messages_count_as_use(dataset: Make, person: Make, as_user: Callable[..., Any]) -> None:
    from ckanext.participation.threads import counting

    about, reader = dataset(**GOOD), person()
    helpers.call_action("follow_dataset", context={"user": reader["name"]}, id=about["id"])
    as_user(reader, "participation_thread_create", subject_id=about["id"], title="Why?", body="One.", lang="en")
    counting.recount(seconds=0)
    computing.everything()
    row = found(about)
    assert row
    assert (row.follows, row.messages, row.use) == (1, 1, 2)


def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(dataset: Make) -> None:
    few = [dataset(**GOOD)["id"]]
    many = [dataset(**GOOD)["id"] for _ in range(6)]
    computing.everything()
    with statements() as for_few:
        computing.these(few)
    with statements() as for_many:
        computing.these(many)
    assert len(for_few) == len(for_many)


def test_a_write_costs_one_statement_more_however_often_it_marks(dataset: Make) -> None:
    from ckanext.participation.quality import marking

    model.Session.commit()
    for name in "abc":
        marking.mark(name)
    with statements() as seen:
        model.Session.commit()
    assert len([one for one in seen if "participation_quality_mark" in one]) == 1
