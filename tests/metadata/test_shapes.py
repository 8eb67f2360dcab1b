"""Groups of values, from forms and from API clients, without CKAN."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.participation.metadata import fields, shapes
from ckanext.participation.metadata.rules import Refused


def gathered(**sent: Any) -> dict[str, Any]:
    data = {name.replace("__", "-"): value for name, value in sent.items()}
    shapes.gather(data, ["contact"])
    return data


def test_a_forms_inputs_become_a_list_in_the_order_of_their_numbers() -> None:
    data = gathered(contact__10__name="Third", contact__0__name="First", contact__2__email="a@b.org", title="T")
    assert data == {"contact": [{"name": "First"}, {"email": "a@b.org"}, {"name": "Third"}], "title": "T"}


def test_a_blank_entry_is_dropped() -> None:
    assert gathered(contact__0__name="A", contact__1__name=" ", contact__1__email="") == {"contact": [{"name": "A"}]}


def test_a_form_page_that_showed_the_group_may_empty_it() -> None:
    assert gathered(contact__shown="1", contact__0__name="") == {"contact": []}


def test_a_form_page_without_the_group_leaves_it_alone() -> None:
    data: dict[str, Any] = {"contact": [{"name": "A"}], "title": "T"}
    shapes.gather(data, ["contact"])
    assert data == {"contact": [{"name": "A"}], "title": "T"}


def test_an_input_per_language_stays_with_its_group() -> None:
    assert gathered(**{"contact-0-name_translated-fr": "Routes"}) == {"contact": [{"name_translated-fr": "Routes"}]}


@pytest.mark.parametrize("value", [[{"a": "b"}], {"a": "b"}, '[{"a": "b"}]', '{"a": "b"}'])
def test_a_group_may_come_as_a_list_a_dictionary_or_json(value: Any) -> None:
    assert shapes.listed(value) == [{"a": "b"}]


@pytest.mark.parametrize("value", ["text", 3, ["a"], [["a"]], True, "[1]"])
def test_what_is_not_a_group_is_refused(value: Any) -> None:
    with pytest.raises(Refused):
        shapes.listed(value)


def test_a_harvester_learns_what_a_field_would_take() -> None:
    assert fields.accept("dataset", "issued", "2015-10-27 00:00:00") == "2015-10-27T00:00:00"
    assert fields.accept("dataset", "issued", "soon") is None
    assert fields.accept("dataset", "frequency", "R/P1Y").endswith("/ANNUAL")
    assert fields.accept("dataset", "frequency", "now and then") is None
    assert fields.accept("dataset", "language", ["en-US", "fra; CAN", "?"]) == [
        "http://publications.europa.eu/resource/authority/language/ENG",
        "http://publications.europa.eu/resource/authority/language/FRA",
    ]
    assert fields.accept("dataset", "contact.email", "mailto:a@b.org") == "a@b.org"
    assert fields.accept("dataset", "title_translated", {"fr": "Routes", "en": ""}) == {"fr": "Routes"}
    assert fields.accept("resource", "size", "1.2 MB") is None
    assert fields.accept("dataset", "theme", ["health", "geospatial"]) == [
        "http://publications.europa.eu/resource/authority/data-theme/HEAL"
    ]
