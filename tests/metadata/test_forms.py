"""The forms as a clerk meets them, without JavaScript: pages in order, both languages, errors that lead to their field."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from ckan.tests import factories
from ckan.tests.helpers import call_action

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def clerk(app: Any) -> Any:
    """A browser signed in as an administrator, on a site with one organisation."""
    person = factories.SysadminWithToken()
    factories.Organization(name="transport-ministry", title="Transport")

    def ask(address: str, data: Any = None, status: int = 200) -> Any:
        headers = {"Authorization": person["token"]}
        if data is None:
            return app.get(address, headers=headers, status=status)
        return app.post(address, headers=headers, data=data, status=status, follow_redirects=False)

    return ask


def page(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.body, "html.parser")


FIRST_PAGE = {
    "title_translated-fr": "Routes",
    "title_translated-en": "Roads",
    "name": "roads",
    "notes_translated-fr": "Les routes.",
    "notes_translated-en": "The roads.",
    "tags_translated-fr": "routes, neige",
    "tags_translated-en": "roads, snow",
    "theme": "",
    "_ckan_phase": "1",
    "save": "go-resources",
}


def test_every_input_of_a_form_has_a_label_and_no_inline_style(clerk: Any) -> None:
    for address in ("/dataset/new", "/fr/dataset/new", "/organization/new"):
        form = page(clerk(address)).select_one("form:has([name=save])")
        assert form is not None
        labelled = {label.get("for") for label in form.select("label")}
        inputs = form.select("input:not([type=hidden]), select, textarea")
        assert [field.get("name") for field in inputs if field.get("id") not in labelled] == []
        assert form.select(".participation-field [style], .participation-steps [style]") == []


def test_each_input_says_in_which_language_it_is_written(clerk: Any) -> None:
    form = page(clerk("/dataset/new"))
    assert [field["lang"] for field in form.select("[name^=title_translated-]")] == ["en", "fr"]
    form = page(clerk("/fr/dataset/new"))
    assert [field["lang"] for field in form.select("[name^=title_translated-]")] == ["fr", "en"]
    assert "Titre" in form.select_one("#field-title_translated legend").text


def test_ids_are_unique(clerk: Any) -> None:
    call_action("package_create", name="roads", title_translated={"fr": "Routes", "en": "Roads"},
                contact=[{"name": "A"}], state="draft")  # fmt: skip
    for number in (1, 2, 3, 4):
        ids = [tag["id"] for tag in page(clerk(f"/dataset/edit/roads/{number}")).select("[id]")]
        assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_an_error_leads_to_its_field_and_nothing_typed_is_lost(clerk: Any) -> None:
    answer = page(clerk("/dataset/new", {**FIRST_PAGE, "title_translated-fr": ""}))
    link = answer.select_one("#participation-errors a")
    assert link is not None
    target = answer.select_one(link["href"])
    assert target is not None
    assert target["aria-invalid"] == "true"
    error = answer.select_one("#" + target["aria-describedby"].split()[-1])
    assert error is not None
    assert "French" in error.text
    assert answer.select_one("[name=title_translated-en]")["value"] == "Roads"
    assert "Les routes." in answer.select_one("[name=notes_translated-fr]").text


def test_a_dataset_is_made_page_by_page_and_each_page_keeps_the_others(clerk: Any) -> None:
    assert clerk("/dataset/new", FIRST_PAGE, 302).headers["location"].endswith("/dataset/new/roads/2")
    second = {"contact-shown": "1", "contact-0-name": "Team", "contact-0-email": "team@example.org", "contact-1-name": "",
              "publisher-shown": "1", "publisher-0-name_translated-fr": "Ministère",
              "publisher-0-name_translated-en": "Ministry", "language": ["", "fr"], "save": "go"}  # fmt: skip
    clerk("/dataset/new/roads/2", second, 302)
    third = {"frequency": "annual", "issued": "2013", "temporal_coverage-shown": "1",
             "temporal_coverage-0-start": "2013", "temporal_coverage-0-end": "", "save": "go"}  # fmt: skip
    clerk("/dataset/new/roads/3", third, 302)
    fourth = {"documentation": "https://example.org/a\r\nhttps://example.org/b", "quality-shown": "1",
              "quality-0-heading": "timeliness", "quality-0-missing_translated-fr": "2019",
              "quality-0-missing_translated-en": "2019", "save": "go"}  # fmt: skip
    clerk("/dataset/new/roads/4", fourth, 302)
    dataset = call_action("package_show", id="roads")
    assert dataset["title_translated"] == {"fr": "Routes", "en": "Roads"}
    assert dataset["tags_translated"] == {"fr": ["routes", "neige"], "en": ["roads", "snow"]}
    assert dataset["contact"] == [{"name": "Team", "email": "team@example.org"}]
    assert dataset["publisher"][0]["name_translated"] == {"fr": "Ministère", "en": "Ministry"}
    assert dataset["temporal_coverage"] == [{"start": "2013"}]
    assert dataset["documentation"] == ["https://example.org/a", "https://example.org/b"]
    assert dataset["quality"][0]["missing_translated"] == {"fr": "2019", "en": "2019"}


def test_an_error_in_a_group_is_shown_at_its_subfield(clerk: Any) -> None:
    call_action("package_create", name="roads", title_translated={"fr": "Routes", "en": "Roads"})
    sent = {"contact-shown": "1", "contact-0-name": "Team", "contact-0-email": "nobody", "save": "go"}
    answer = page(clerk("/dataset/edit/roads/2", sent))
    link = answer.select_one("#participation-errors a")
    assert link["href"] == "#field-contact-0-email"
    assert answer.select_one("#field-contact-0-email")["value"] == "nobody"
    assert answer.select_one("#field-contact-0-email-error") is not None


def test_editing_shows_what_is_stored_and_saving_unchanged_changes_nothing(clerk: Any) -> None:
    stored = {
        "contact": [{"name": "Team", "uri": "https://example.org/id/team"}],
        "language": ["fr", "https://example.org/language/x"],
        "access_rights": "https://example.org/rights/x",
        "provenance": "Field work",
    }
    call_action("package_create", name="roads", title_translated={"fr": "Routes", "en": "Roads"}, **stored)
    before = call_action("package_show", id="roads")
    form = page(clerk("/dataset/edit/roads/2")).select_one("form:has([name=save])")
    sent: dict[str, Any] = {"save": "go"}
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked"):
            continue
        chosen = field.select_one("option[selected]") if field.name == "select" else None
        value = chosen["value"] if chosen else "" if field.name == "select" else field.get("value", field.text)
        sent.setdefault(field["name"], []).append(value) if field["name"] != "save" else None
    clerk("/dataset/edit/roads/2", sent, 302)
    after = call_action("package_show", id="roads")
    for name in (*stored, "title_translated", "publisher"):
        assert after.get(name) == before.get(name), name


def test_a_file_is_added_in_both_languages(clerk: Any) -> None:
    call_action("package_create", name="roads", title_translated={"fr": "Routes", "en": "Roads"}, state="draft")
    sent = {"id": "", "url": "https://example.org/a.csv", "name_translated-fr": "Fichier", "name_translated-en": "File",
            "data_dictionary-shown": "1", "data_dictionary-0-url": "https://example.org/columns", "language": ["", "fr"],
            "save": "go-metadata"}  # fmt: skip
    clerk("/dataset/roads/resource/new", sent, 302)
    resource = call_action("package_show", id="roads")["resources"][0]
    assert resource["name_translated"] == {"fr": "Fichier", "en": "File"}
    assert resource["data_dictionary"] == [{"url": "https://example.org/columns"}]
    assert not [name for name in resource if "-" in name]


def test_the_dataset_page_marks_the_language_of_a_text_that_is_not_the_pages(clerk: Any) -> None:
    call_action("package_create", name="roads", title_translated={"fr": "Routes"},
                quality_notes_translated={"fr": "Bonne qualité"}, language=["fr"], url="https://example.org")  # fmt: skip
    shown = page(clerk("/dataset/roads"))
    assert shown.find(string=lambda text: "Bonne qualité" in text).find_parent(lang="fr") is not None
    assert shown.find("a", href="https://example.org") is not None


def test_a_resource_page_shows_its_fields(clerk: Any) -> None:
    dataset = call_action("package_create", name="roads", title_translated={"fr": "Routes", "en": "Roads"},
                          resources=[{"url": "https://example.org/a.csv", "size": 1_500_000, "language": ["fr"],
                                      "name_translated": {"fr": "Fichier"}}])  # fmt: skip
    text = page(clerk(f"/fr/dataset/roads/resource/{dataset['resources'][0]['id']}")).text
    assert "1,5\u00a0Mo" in text
    assert "Français" in text


def test_an_organisation_is_made_by_its_form(clerk: Any) -> None:
    sent = {"title_translated-fr": "Transports", "title_translated-en": "Transport", "name": "transport",
            "description_translated-fr": "", "description_translated-en": "", "save": ""}  # fmt: skip
    clerk("/organization/new", sent, 302)
    assert call_action("organization_show", id="transport")["title_translated"] == {"fr": "Transports", "en": "Transport"}
    assert clerk("/fr/organization/about/transport").status_code == 200
    assert clerk("/organization/edit/transport").status_code == 200
