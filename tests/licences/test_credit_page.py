"""The credit by API and on its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan.tests import helpers

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]


@pytest.fixture
def snow(dataset: Make, app: Any) -> dict[str, Any]:
    with app.flask_app.test_request_context():
        return dataset(name="snow", license_id="OGL-Canada-2.0", version="2.1")


def page(app: Any, path: str, **expected: Any) -> BeautifulSoup:
    app.client = app.test_client()
    return BeautifulSoup(app.get(path, **expected).body, "html.parser")


@pytest.mark.usefixtures("with_request_context")
def test_the_api_gives_every_form_in_both_languages(snow: dict[str, Any]) -> None:
    made = helpers.call_action("participation_licence_credit", id="snow", retrieved="2026-11-01")
    assert set(made["forms"]) == {"en", "fr"}
    assert made["forms"]["fr"]["text"].endswith("Version 2.1. Données obtenues le 1er novembre 2026.")
    assert made["lines"]["fr"] in made["forms"]["fr"]["text"]
    assert "Neige" in made["forms"]["fr"]["bibtex"]


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "9999-01-01", "1066-10-14", "2026-11-01T00:00", "\x00"])
def test_a_day_that_is_none_is_a_named_error(snow: dict[str, Any], day: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        helpers.call_action("participation_licence_credit", id="snow", retrieved=day)
    assert "retrieved" in error.value.error_dict


def test_the_page_shows_each_form_under_its_name(snow: dict[str, Any], app: Any) -> None:
    shown = page(app, "/fr/participation/licences/credit/snow?retrieved=2026-11-01")
    assert [heading["id"] for heading in shown.find_all("h2") if heading.get("id", "").startswith("form-")] == [
        "form-text", "form-html", "form-markdown", "form-bibtex", "form-csl_json", "form-json_ld"]
    assert shown.find(id="credit-text").text.endswith("Données obtenues le 1er novembre 2026.")
    assert shown.find(id="credit-html").text.startswith('<p lang="fr">')


def test_the_licence_box_leads_there(snow: dict[str, Any], app: Any) -> None:
    assert page(app, "/dataset/snow").find("a", href="/participation/licences/credit/snow")


def test_a_wrong_day_comes_back_with_the_reason_and_what_was_typed(snow: dict[str, Any], app: Any) -> None:
    shown = page(app, "/participation/licences/credit/snow?retrieved=someday", status=400)
    assert shown.find(id="field-retrieved", value="someday")
    assert "Must be a day such as 2026-11-22." in shown.text
    assert shown.find(id="credit-text")


def test_a_dataset_without_a_licence_says_how_to_name_it(dataset: Make, app: Any) -> None:
    with app.flask_app.test_request_context():
        dataset(name="bare", license_id="notspecified")
    assert "There is no credit line" in page(app, "/participation/licences/credit/bare").text


@pytest.mark.parametrize("name", ["nowhere", "%00", "x" * 3000])
def test_a_dataset_that_is_not_there_is_404(snow: dict[str, Any], app: Any, name: str) -> None:
    page(app, f"/participation/licences/credit/{name}", status=404)


def test_the_credit_of_a_private_dataset_is_not_shown(dataset: Make, app: Any) -> None:
    with app.flask_app.test_request_context():
        dataset(name="inside", license_id="CC-BY-4.0", private=True)
    page(app, "/participation/licences/credit/inside", status=404)
