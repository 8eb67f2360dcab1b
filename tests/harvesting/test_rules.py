"""What may be removed, which files are the same, and what a refusal costs."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.participation.harvesting import settings
from ckanext.participation.harvesting.rules import keep_file_ids, may_remove, sentence, without_refused


@pytest.mark.parametrize(("gone", "before", "percent", "right"), [
    (1, 3, 20, True), (1, 3, 0, False), (2, 3, 20, False), (2, 10, 20, True), (3, 10, 20, False), (20, 100, 20, True), (21, 100, 20, False), (136, 136, 20, False), (3, 3, 20, False),
    (1, 1, 20, True), (100, 100, 100, True), (50, 100, 50, True),
])  # fmt: skip
def test_a_share_of_the_datasets_may_go_or_one_but_never_all(gone: int, before: int, percent: int, right: bool) -> None:
    assert may_remove(gone, before, percent) is right


def file(**values: Any) -> dict[str, Any]:
    return {"url": "http://x/a", "name": "a", **values}


def test_a_file_keeps_its_id_by_uri_then_by_address_and_name() -> None:
    here = [file(id="1", uri="http://u/1"), file(id="2"), file(id="3", name="b"), file(id="4", url="http://x/z", name="old")]
    incoming = [
        file(name="b"),
        file(url="http://moved/", uri="http://u/1"),
        file(),
        file(url="http://x/z", name="new"),
        file(url="http://x/new"),
    ]
    keep_file_ids(here, incoming)
    assert [row.get("id") for row in incoming] == ["3", "1", "2", "4", None]


def test_two_files_never_get_one_id() -> None:
    incoming = [file(), file()]
    keep_file_ids([file(id="1")], incoming)
    assert [row.get("id") for row in incoming] == ["1", None]


def test_a_file_that_brings_its_id_keeps_it() -> None:
    incoming = [file(id="2", url="http://x/b"), file()]
    keep_file_ids([file(id="1"), file(id="2", url="http://x/b")], incoming)
    assert [row["id"] for row in incoming] == ["2", "1"]


def test_a_refused_value_is_left_out_and_named() -> None:
    dataset = {"title": "a", "frequency": "x", "tags": [{"name": "ok"}, {"name": "!"}], "resources": [{"url": "u", "size": "x"}]}
    errors = {"frequency": ["Not in the list."], "tags": [{}, {"name": ["Bad."]}], "resources": [{"size": ["Not a number."]}]}
    kept, notes = without_refused(dataset, errors)
    assert kept == {"title": "a", "tags": [{"name": "ok"}], "resources": [{"url": "u"}]}
    assert notes == [
        "frequency was left out: Not in the list.",
        "tags 2, name was left out: Bad.",
        "resources 1, size was left out: Not a number.",
    ]


def test_what_a_dataset_needs_is_not_left_out() -> None:
    assert without_refused({"title_translated": {}}, {"title_translated": ["Write this."]}) == ({"title_translated": {}}, [])


def test_errors_become_one_sentence() -> None:
    assert (
        sentence({"name": ["Taken."], "resources": [{}, {"url": ["Bad.", "Long."]}]})
        == "name: Taken.; resources: url: Bad. Long."
    )


def test_settings_are_read_and_every_mistake_names_its_key() -> None:
    assert settings.read("") == settings.Settings()
    chosen = settings.read('{"organizations": "source", "language": "fr", "remove_up_to": 50}')
    assert (chosen.organizations, chosen.language, chosen.remove_up_to) == ("source", "fr", 50)
    for key, written in {
        "JSON": "{",
        "object": "[]",
        "colour": '{"colour": 1}',
        "organizations": '{"organizations": "mine"}',
        "language": '{"language": "de"}',
        "remove_up_to": '{"remove_up_to": 101}',
        "force_all": '{"force_all": "yes"}',
        "rdf_format": '{"rdf_format": "word"}',
        "api_key": '{"api_key": "a\\nb"}',
        "organization_names": '{"organization_names": {"a": {}}}',
        "groups_filter_include": '{"groups_filter_include": ["a b:*"]}',
        "organizations_filter_exclude": '{"organizations_filter_include": [], "organizations_filter_exclude": []}',
    }.items():
        with pytest.raises(settings.BadSettings, match=key):
            settings.read(written)


def test_the_secret_of_a_source_is_not_shown() -> None:
    assert "key-1" not in repr(settings.read('{"api_key": "key-1"}'))
