"""Credit lines in the wording of each licence, openness, the box, the index fields and CKAN's list."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.licences import box, cli, rules
from ckanext.participation.licences.export import ckan_licences, write_licences
from ckanext.participation.licences.index import index_fields
from ckanext.participation.licences.register import Register, bundled_register

NB = "\u00a0"
SOURCE = {
    "publisher": "Canadian Space Agency",
    "title": "Radarsat images",
    "year": "2021",
    "updated": date(2021, 2, 14),
    "url": "https://example.org/dataset/radarsat",
}


def line(register: Register, licence_id: str, lang: str, **given: Any) -> str:
    return rules.credit_line(register.licences[licence_id], lang, **given)


def test_canadas_credit_line_holds_the_sentence_the_licence_prescribes(register: Register) -> None:
    assert line(register, "OGL-Canada-2.0", "en", **SOURCE) == (
        "Canadian Space Agency. “Radarsat images”. 2021. "
        "Contains information licensed under the Open Government Licence – Canada. "
        "Source: https://example.org/dataset/radarsat Licence: https://open.canada.ca/en/open-government-licence-canada"
    )


def test_canadas_credit_line_is_french_for_french_readers(register: Register) -> None:
    assert line(register, "OGL-Canada-2.0", "fr", **SOURCE) == (
        f"Canadian Space Agency. «{NB}Radarsat images{NB}». 2021. "
        "Contient des informations visées par la Licence du gouvernement ouvert – Canada. "
        f"Source{NB}: https://example.org/dataset/radarsat "
        f"Licence{NB}: https://ouvert.canada.ca/fr/licence-du-gouvernement-ouvert-canada"
    )


def test_a_part_of_the_line_whose_value_is_missing_is_left_out(register: Register) -> None:
    assert line(register, "OGL-UK-3.0", "en") == (
        "Contains public sector information licensed under the Open Government Licence v3.0. "
        "Licence: https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
    )


def test_licence_ouverte_names_the_date_of_the_last_update(register: Register) -> None:
    assert line(register, "etalab-2.0", "fr", **SOURCE).startswith(
        f"Canadian Space Agency – Données originales{NB}: «{NB}Radarsat images{NB}», "
        "https://example.org/dataset/radarsat, mise à jour du 14 février 2021."
    )
    assert "updated on February 14, 2021" in line(register, "etalab-2.0", "en", **SOURCE)


def test_the_open_database_licence_names_the_database(register: Register) -> None:
    wanted = (
        "Contains information from Radarsat images, "
        "which is made available here under the Open Database License (ODbL)."
    )
    assert wanted in line(register, "ODbL-1.0", "en", **SOURCE)
    assert "Contains information from this dataset" in line(register, "ODbL-1.0", "en")


def test_creative_commons_names_the_licence_and_its_address(register: Register) -> None:
    text = line(register, "CC-BY-4.0", "en", **SOURCE)
    assert "Licensed under CC BY 4.0." in text
    assert "https://creativecommons.org/licenses/by/4.0/legalcode.en" in text


def test_a_licence_that_is_not_specified_has_no_credit_line(register: Register) -> None:
    assert line(register, "notspecified", "en", **SOURCE) == ""


def test_every_licence_that_asks_for_a_credit_and_whose_terms_are_open_words_one(register: Register) -> None:
    silent = [
        licence.id
        for licence in register
        if "attribution" in licence.duties and not rules.credit_line(licence, "fr", **SOURCE)
    ]  # type: ignore[arg-type]
    assert silent == ["cc-nc", "gfdl"]


@given(
    st.text(), st.text(), st.sampled_from(sorted(bundled_register().licences)), st.sampled_from(["en", "fr"])
)
def test_a_credit_line_is_one_line_whatever_the_values(
    publisher: str, title: str, licence_id: str, lang: str
) -> None:
    text = line(bundled_register(), licence_id, lang, publisher=publisher, title=title)
    assert len(text.splitlines()) <= 1


def test_braces_and_brackets_in_a_title_are_only_text(register: Register) -> None:
    assert "“Data [2020] {publisher}”" in line(
        register, "OGL-Canada-2.0", "en", title="Data [2020] {publisher}"
    )


@pytest.mark.parametrize(
    ("licence_id", "openness"),
    [
        ("OGL-Canada-2.0", "open"),
        ("OGL-UK-3.0", "open"),
        ("CC-BY-4.0", "open"),
        ("CC0-1.0", "open"),
        ("ODbL-1.0", "open"),
        ("etalab-2.0", "open"),
        ("OGL-Toronto", "open"),
        ("US-Government-Works", "open"),
        ("CC-BY-NC-4.0", "not-open"),
        ("CC-BY-ND-4.0", "not-open"),
        ("CC-BY-NC-SA-3.0", "not-open"),
        ("other-closed", "not-open"),
        ("notspecified", "unknown"),
        ("Edmonton-ODTU", "unknown"),
    ],
)
def test_openness_follows_the_open_definition_then_the_terms(
    register: Register, licence_id: str, openness: str
) -> None:
    assert rules.openness(register.licences[licence_id]) == openness


def test_no_licence_has_an_unknown_openness() -> None:
    assert rules.openness(None) == "unknown"


DATASET: dict[str, Any] = {
    "name": "radarsat",
    "license_id": "OGL-Canada-2.0",
    "title": "Radarsat images",
    "title_translated": {"en": "Radarsat images", "fr": "Images Radarsat"},
    "organization": {
        "name": "csa-asc",
        "title": "Canadian Space Agency",
        "title_translated": {"en": "Canadian Space Agency", "fr": "Agence spatiale canadienne"},
    },
    "issued": "2020-01-02",
    "metadata_modified": "2021-02-14T10:00:00",
}


def test_the_box_says_what_one_may_must_and_may_not_do(register: Register) -> None:
    shown = box.contents(register, DATASET, "fr", "https://example.org/dataset/radarsat")
    assert shown["state"] == "known"
    assert shown["name"] == "Licence du gouvernement ouvert – Canada"
    assert shown["openness"] == "open"
    assert "mentionner la source" in [term["text"] for term in shown["must"]]
    assert shown["may"]
    assert shown["may_not"]
    assert shown["credit"].startswith(f"Agence spatiale canadienne. «{NB}Images Radarsat{NB}». 2020. ")
    assert shown["deed_url"] == "https://ouvert.canada.ca/fr/licence-du-gouvernement-ouvert-canada"


def test_the_day_of_a_harvest_is_not_given_as_a_date_of_the_data(register: Register) -> None:
    harvested = {
        "license_id": "etalab-2.0",
        "title": "Rivières",
        "metadata_created": "2026-01-01T00:00:00",
        "metadata_modified": "2026-01-01T00:00:00",
        "extras": [{"key": "harvest_object_id", "value": "1"}],
    }
    assert "2026" not in box.credit_lines(box.of_dataset(register, harvested), harvested, "")["fr"]
    local = {**harvested, "extras": []}
    assert (
        "mise à jour du 1er janvier 2026"
        in box.credit_lines(box.of_dataset(register, local), local, "")["fr"]
    )


@pytest.mark.parametrize(
    "dataset", [{}, {"license_id": None}, {"license_id": "notspecified"}, {"license_id": " "}]
)
def test_a_dataset_without_licence_is_not_specified(register: Register, dataset: dict[str, Any]) -> None:
    shown = box.contents(register, dataset, "en", "")
    assert shown["state"] == "not-specified"
    assert shown["credit"] == ""


def test_a_licence_the_register_does_not_know_is_shown_as_given(register: Register) -> None:
    dataset = {
        "license_id": "phl",
        "license_title": "City of Atlantis License",
        "license_url": "https://example.org/l",
    }
    shown = box.contents(register, dataset, "en", "")
    assert (shown["state"], shown["given_name"], shown["given_url"]) == (
        "unrecognised",
        "City of Atlantis License",
        "https://example.org/l",
    )


def test_the_words_that_a_harvest_kept_are_shown_when_the_licence_is_not_recognised(
    register: Register,
) -> None:
    said = "City of Atlantis License · https://example.org/phl"
    dataset = {"license_id": "notspecified", "extras": [{"key": "licence_as_published", "value": said}]}
    shown = box.contents(register, dataset, "en", "")
    assert (shown["state"], shown["given_name"], shown["given_url"]) == (
        "unrecognised",
        said,
        "https://example.org/phl",
    )
    assert index_fields(dataset)["participation_licence"] == "unrecognised"
    assert index_fields({"license_id": "notspecified", "extras_licence_as_published": said}) == index_fields(
        dataset
    )


@pytest.mark.parametrize(("extra", "name", "url"), [
    ({"key": "licence_title", "value": "Rules of the house"}, "Rules of the house", ""),
    ({"key": "licence_url", "value": "https://example.org/terms"}, "", "https://example.org/terms"),
    ({"key": "licence_url", "value": "javascript:alert(1)"}, "", ""),
])
def test_words_that_stand_in_an_extra_are_shown_too(register: Register, extra: dict[str, str], name: str, url: str) -> None:
    shown = box.contents(register, {"license_id": "", "extras": [extra]}, "en", "")
    assert (shown["state"], shown["given_name"], shown["given_url"]) == ("unrecognised", name, url)


def test_long_words_are_cut_and_say_so(register: Register) -> None:
    shown = box.contents(register, {"license_id": "x " * 5000}, "en", "")["given_name"]
    assert len(shown) <= 301
    assert shown.endswith("x…")


def test_a_licence_learnt_after_the_harvest_is_known_from_the_words_it_kept(register: Register) -> None:
    dataset = {"license_id": "notspecified", "licence_as_published": "Open Government Licence – Toronto"}
    assert box.contents(register, dataset, "en", "")["id"] == "OGL-Toronto"


def test_an_address_that_is_not_a_web_address_is_never_linked(register: Register) -> None:
    shown = box.contents(register, {"license_id": "x", "license_url": "javascript:alert(1)"}, "en", "")
    assert shown["given_url"] == ""


@pytest.mark.parametrize(
    ("dataset", "fields"),
    [
        ({"license_id": "ca-ogl-lgo"}, ("OGL-Canada-2.0", "open")),
        ({"license_id": "CC-BY-NC-4.0"}, ("CC-BY-NC-4.0", "not-open")),
        ({}, ("notspecified", "unknown")),
        ({"license_id": "hdx-other"}, ("unrecognised", "unknown")),
    ],
)
def test_the_index_gets_the_register_id_and_the_openness(
    dataset: dict[str, Any], fields: tuple[str, str]
) -> None:
    assert tuple(index_fields(dataset).values()) == fields
    assert list(index_fields(dataset)) == ["participation_licence", "participation_openness"]


def test_ckans_list_has_every_licence_and_says_that_canadas_is_open(
    register: Register, tmp_path: Path
) -> None:
    listed = json.loads(
        write_licences(tmp_path / "var" / "licences.json", register).read_text(encoding="utf-8")
    )
    by_id = {licence["id"]: licence for licence in listed}
    assert by_id.keys() == register.licences.keys()
    assert by_id["OGL-Canada-2.0"]["od_conformance"] == "approved"
    assert by_id["CC-BY-NC-4.0"]["od_conformance"] == "rejected"
    assert by_id["notspecified"]["od_conformance"] == "not reviewed"
    assert by_id["OGL-UK-2.0"]["status"] == "superseded"
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["licences.json"]


def test_ckan_reads_the_list_and_finds_canadas_licence_open(register: Register) -> None:
    model = pytest.importorskip("ckan.model.license")
    opened = {entry["id"]: model.License(dict(entry)).isopen() for entry in ckan_licences(register)}
    for licence in register:
        assert opened[licence.id] == (rules.openness(licence) == "open")


def test_the_command_line_lists_checks_and_exports(tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert "OGL-Canada-2.0" in run(cli.licences, ["list"]).output
    assert "addresses: well" in run(cli.licences, ["check"]).output
    (tmp_path / "Bad.yaml").write_text("id: Bad\n", encoding="utf-8")
    refused = run(cli.licences, ["check", str(tmp_path)])
    assert refused.exit_code == 1
    assert "Bad.yaml" in refused.output
    assert run(cli.licences, ["export", str(tmp_path / "l.json")]).exit_code == 0
    assert (tmp_path / "l.json").stat().st_size > 1000
