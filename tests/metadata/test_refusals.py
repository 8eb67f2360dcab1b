"""Bad input to CKAN's own actions: a message on the very field, never an error that names none. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests.helpers import call_action

pytestmark = pytest.mark.usefixtures("with_plugins", "non_clean_db")

BOTH = {"fr": "Routes de l’hiver", "en": "Winter roads"}
UNSTORABLE = ["a\x00b", "\ud800"]
NOT_TEXT: list[Any] = [["a", 3], {"x": "y"}, True, *UNSTORABLE, "x" * 1_000_000]
TEXT_FIELDS = [
    "title", "notes", "version", "maintainer", "author", "maintainer_email", "author_email", "url", "issued", "modified",
    "provenance", "identifier", "uri", "frequency", "access_rights", "distribution_category", "license_id", "dcat_type",
]  # fmt: skip


def refusal(action: str = "package_create", **fields: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as error:
        call_action(action, **{"name": "never-written", "title_translated": BOTH, **fields})
    return error.value.error_dict


def not_refused(names: Iterable[str], values: Iterable[Any], action: str = "package_create") -> list[tuple[str, str]]:
    """The pairs of field and value whose refusal does not name the field."""
    return [
        (name, repr(value)[:30]) for name in names for value in values if name not in refusal(action, **{name: value})
    ]


def test_what_is_not_text_is_refused_on_its_own_field() -> None:
    assert not_refused(TEXT_FIELDS, NOT_TEXT) == []


def test_what_is_not_text_by_language_is_refused_on_its_own_field() -> None:
    values = [["Routes"], {"es": "Calles"}, {"fr": ["x"]}, {"fr": "a\x00"}, 3, {"fr": "\ud800"}, {"fr": "x" * 1_000_000},
              [{"fr": "x"}]]  # fmt: skip
    assert not_refused(["title_translated", "notes_translated", "quality_notes_translated"], values) == []


def test_a_bad_name_or_organisation_is_refused_before_the_database_is_asked() -> None:
    assert not_refused(["name", "owner_org"], [*UNSTORABLE, ["a"], {"a": "b"}]) == []


def test_a_bad_value_in_a_list_is_refused_on_its_own_field() -> None:
    values: list[Any] = [[{"a": "b"}], {"a": "b"}, ["a\x00"], ["\ud800"], ["x" * 5_000], [["a"]], ["a"] * 2_000]
    assert not_refused(["tags_translated"], values[:2]) == []
    assert not_refused(["language", "theme", "documentation", "conforms_to"], values) == []


def test_a_misshapen_group_is_refused_on_its_own_field() -> None:
    names = ["contact", "publisher", "creator", "temporal_coverage", "spatial_coverage", "quality", "data_dictionary"]
    assert not_refused(names, ["text", ["text"], 3, [["a"]], '["a"]']) == []


def test_a_misshapen_list_of_ckans_own_is_refused_on_its_own_field() -> None:
    assert not_refused(["resources", "tags", "extras", "groups"], [["text"], "text", 3]) == []


@pytest.mark.parametrize(
    ("field", "row", "child"),
    [
        ("contact", {"name": "Team", "email": "nobody"}, "email"),
        ("contact", {"name": "a\x00"}, "name"),
        ("temporal_coverage", {"start": "2014", "end": "2013"}, "end"),
        ("temporal_coverage", {"start": "soon"}, "start"),
        ("spatial_coverage", {"geom": "Quebec"}, "geom"),
        ("data_dictionary", {"url": "javascript:alert(1)"}, "url"),
        ("quality", {"heading": "beauty"}, "heading"),
    ],
)
def test_a_bad_value_in_a_group_is_refused_on_its_subfield(field: str, row: dict[str, str], child: str) -> None:
    assert list(refusal(**{field: [row]})[field][0]) == [child]


def test_an_extra_that_cannot_be_stored_is_refused() -> None:
    assert "extras" in refusal(extras=[{"key": "k", "value": "a\x00"}])
    assert "extras" in refusal(extras=[{"key": "a\x00", "value": "v"}])


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", "big"), ("size", 2**63), ("url", "javascript:alert(1)"), ("name_translated", {"es": "x"}),
     ("hash", "a\x00"), ("issued", "soon"), ("language", ["klingon"]), ("format", ["CSV"]), ("license", {"a": 1}),
     ("data_dictionary", "text")],
)  # fmt: skip
def test_a_bad_value_of_a_file_is_refused_on_that_file(field: str, value: Any) -> None:
    good = {"url": "https://example.org/a.csv"}
    errors = refusal(resources=[good, {"url": "https://example.org/b.csv", field: value}])["resources"]
    assert list(errors[-1]) == [field]


def test_a_bad_value_of_an_organisation_is_refused_on_its_own_field() -> None:
    bad: dict[str, list[Any]] = {
        "title_translated": [{"es": "x"}, "x" * 1_000_000, ["x"]],
        "title": [["x"], "a\x00"],
        "name": UNSTORABLE,
        "email": ["nobody", {"a": 1}],
        "url": ["example"],
        "image_url": ["javascript:x"],
        "remote_identifiers": [[{"a": 1}], ["\ud800"]],
    }
    found = [pair for name, values in bad.items() for pair in not_refused([name], values, "organization_create")]
    assert found == []


def test_a_refusal_says_what_to_write() -> None:
    assert refusal(issued="soon") == {"issued": ["Write the date as YYYY, YYYY-MM or YYYY-MM-DD, for example 2026-11-03."]}
    assert refusal(title_translated={}) == {"title_translated": ["Write this in French, in English, or better in both."]}


def test_one_bad_title_is_one_message() -> None:
    assert list(refusal(title_translated=None, title=["x"])) == ["title"]
