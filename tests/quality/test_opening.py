"""How open a dataset is, on its own page: the same stars as in the to-do list, with the reason, and a way on for who may edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from ckan.tests import factories, helpers
from quality.conftest import GOOD

from ckanext.participation.common.translations import translator
from ckanext.participation.quality import computing, opening

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]


def files(*formats: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"url": f"https://data.example.org/{place}", "format": name, **fields} for place, name in enumerate(formats)]


CASES: dict[str, tuple[dict[str, Any], int | None, str]] = {
    "nothing is stated": ({"license_id": "notspecified"}, 0, "no-licence"),
    "nobody knows the licence": ({"license_id": "notspecified", "extras": [{"key": "licence_as_published", "value": "Our own words"}]}, None,
                                 "unknown-licence"),
    "no commercial use": ({"license_id": "CC-BY-NC-4.0"}, 0, "not-open"),
    "no file": ({"resources": []}, 0, "no-file"),
    "for reading": ({"resources": files("PDF")}, 1, "reading"),
    "nobody knows the format": ({"resources": files("")}, 1, "reading"),
    "one maker's": ({"resources": files("PDF", "XLS")}, 2, "owned"),
    "for programs": ({"resources": files("XLS", "CSV", "geojson", "csv")}, 3, "free"),
    "linked": ({"resources": files("TTL")}, 4, "linked"),
    "the files state the licence": ({"license_id": "notspecified", "resources": files("CSV", license="CC-BY-4.0")}, 3, "free"),
}


@pytest.fixture
def town(person: Make) -> dict[str, Any]:
    """An organisation with an editor."""
    staff = person()
    owner = factories.Organization(users=[{"name": staff["name"], "capacity": "editor"}])
    return {"staff": staff, "owner": owner["id"]}


@pytest.fixture
def line(app: Any) -> Callable[..., Tag]:
    """Return the line on a dataset's page."""
    def of(dataset: dict[str, Any], reader: dict[str, Any] | None = None, lang: str = "") -> Tag:
        page = app.get(f"{lang}/dataset/{dataset['name']}", headers={"Authorization": reader["token"]} if reader else {})
        found = [row for row in BeautifulSoup(page.body, "html.parser").select(".pt-title > p") if row.find("strong")]
        assert len(found) == 1
        return found[0]

    return of


def publish(town: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return factories.Dataset(**GOOD | {"owner_org": town["owner"]} | fields)


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.usefixtures("with_request_context")
def test_the_page_gives_the_stars_of_the_to_do_list(town: dict[str, Any], case: str) -> None:
    fields, stars, reason = CASES[case]
    dataset = publish(town, **fields)
    found = opening.of(helpers.call_action("package_show", id=dataset["id"]))
    assert (found.stars, found.reason) == (stars, reason)
    computing.everything()
    assert helpers.call_action("participation_quality_show", id=dataset["id"])["stars"] == stars


def test_the_line_says_how_open_and_why(town: dict[str, Any], line: Callable[..., Tag]) -> None:
    dataset = publish(town, resources=files("XLS", "CSV", "geojson", "JSON", "XML"))
    assert line(dataset).get_text(" ", strip=True) == (
        "Openness: 3 stars of 5. Its licence is open, and any program can read its data (CSV, GEOJSON, JSON…).")
    nothing = publish(town, license_id="notspecified")
    assert line(nothing).get_text(" ", strip=True) == (
        "Openness: 0 stars of 5. It states no licence, so nobody can be sure of being allowed to use the data.")


def test_the_line_is_in_french(town: dict[str, Any], line: Callable[..., Tag]) -> None:
    said = line(publish(town, license_id="notspecified"), lang="/fr").get_text(" ", strip=True)
    assert translator("fr")("It states no licence, so nobody can be sure of being allowed to use the data.") in said
    assert "licence, so" not in said


def test_who_may_edit_is_led_to_what_makes_it_better(town: dict[str, Any], line: Callable[..., Tag], person: Make) -> None:
    for fields, path in (({"license_id": "notspecified"}, "/dataset/edit/{}#field-license_id"), ({"resources": []}, "/dataset/{}/resource/new"),
                         ({"resources": files("PDF")}, "/dataset/{}/resource/new")):
        dataset = publish(town, **fields)
        link = line(dataset, town["staff"]).a
        assert link
        assert link["href"] == path.format(dataset["name"])
        assert link.get_text()
        for other in (None, person()):
            assert line(dataset, other).a is None
    assert line(publish(town), town["staff"]).a is None


def test_a_harvested_dataset_is_made_better_at_its_source(town: dict[str, Any], line: Callable[..., Tag]) -> None:
    dataset = publish(town, license_id="notspecified", extras=[{"key": "harvest_source_id", "value": "some-source"}])
    link = line(dataset, town["staff"]).a
    assert link
    assert link["href"] == "/participation/harvest/sources/some-source"
