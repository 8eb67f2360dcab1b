"""The register's files, and what their checks say of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from ckanext.participation.licences.folding import text_key, url_keys
from ckanext.participation.licences.register import (
    Register,
    RegisterError,
    as_dict,
    bundled_folder,
    bundled_register,
    load_register,
)
from ckanext.participation.licences.terms import TERMS

LICENCES = Path(__file__).parents[2] / "licences"
GOOD = """\
id: Test-1.0
family: test
names:
  en: "Test Licence 1.0"
  fr: "Licence d’essai 1.0"
url: "https://example.org/test"
aliases:
  - "test-one"
permissions: [copy]
sources:
  - fact: "all"
    from: "this test"
"""


def problems(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError) as error:
        load_register(folder)
    return [str(problem) for problem in error.value.problems]


def test_every_licence_file_loads(register: Register) -> None:
    assert len(register) == len(list(LICENCES.glob("*.yaml"))) >= 90


def test_the_package_carries_the_same_register(register: Register) -> None:
    assert bundled_folder().resolve() == LICENCES.resolve()
    assert bundled_register().licences.keys() == register.licences.keys()


def test_every_name_and_address_leads_back_to_its_licence(register: Register) -> None:
    for licence in register:
        for text in (licence.id, *licence.names.values()):
            assert register.by_text[text_key(text)] == licence.id, text
        for url in licence.urls:
            assert register.by_url[url_keys(url)[0]] == licence.id, url


def test_every_term_has_words_in_both_languages_and_an_icon() -> None:
    for term in TERMS.values():
        assert term.en
        assert term.fr
        assert term.icon
        assert term.wording("fr_CA") == term.fr
        assert term.wording("de") == term.en


@pytest.mark.parametrize(
    "wanted",
    [
        "OGL-UK-1.0",
        "OGL-UK-2.0",
        "OGL-UK-3.0",
        "OGL-Canada-2.0",
        "OGL-Alberta",
        "OGL-British-Columbia",
        "OGL-Ontario",
        "OGL-Nova-Scotia",
        "OGL-Newfoundland-and-Labrador",
        "OGL-Prince-Edward-Island",
        "OGL-Toronto",
        "OGL-Ottawa",
        "OGL-Vancouver",
        "OGL-Calgary",
        "OGL-Winnipeg",
        "Edmonton-ODTU",
        "etalab-1.0",
        "etalab-2.0",
        "CC-BY-4.0",
        "CC-BY-SA-4.0",
        "CC-BY-NC-4.0",
        "CC-BY-NC-ND-4.0",
        "CC0-1.0",
        "PDDL-1.0",
        "ODC-BY-1.0",
        "ODbL-1.0",
        "CC-PDM-1.0",
        "US-Government-Works",
        "notspecified",
        "other-closed",
        "other-open",
        "other-pd",
        "other-at",
    ],
)
def test_the_register_holds_the_licences_a_catalogue_meets(register: Register, wanted: str) -> None:
    assert wanted in register.licences


def test_canadas_own_id_is_an_alias_of_its_licence(register: Register) -> None:
    licence = register.get("ca-ogl-lgo")
    assert licence is not None
    assert licence.id == "OGL-Canada-2.0"


def test_the_open_government_family_asks_for_a_credit_and_forbids_endorsement(register: Register) -> None:
    family = [licence for licence in register if licence.family == "OGL"]
    assert len(family) > 40
    for licence in family:
        assert "attribution" in licence.duties, licence.id
        assert "no-endorsement" in licence.prohibitions, licence.id
        assert {"copy", "distribute", "adapt", "commercial-use"} <= set(licence.permissions), licence.id


def test_every_licence_says_where_its_facts_come_from(register: Register) -> None:
    assert all(licence.sources for licence in register)


def test_a_licence_can_be_given_as_json(register: Register) -> None:
    shown = as_dict(register.licences["OGL-Canada-2.0"])
    assert {"id": "attribution", "en": "credit the source"}.items() <= shown["duties"][0].items()


def test_an_unknown_term_is_named_with_file_and_line(tmp_path: Path) -> None:
    found = problems(tmp_path, **{"Test-1.0": GOOD.replace("[copy]", "[copy, resell]")})
    assert len(found) == 1
    assert found[0].startswith("Test-1.0.yaml:9: unknown term 'resell'")


def test_a_term_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert (
        "'attribution' is a duty"
        in problems(tmp_path, **{"Test-1.0": GOOD.replace("[copy]", "[attribution]")})[0]
    )


def test_an_alias_that_two_files_claim_is_named_with_both_places(tmp_path: Path) -> None:
    other = GOOD.replace("Test-1.0", "Test-2.0").replace(" 1.0", " 2.0").replace("/test", "/two")
    found = problems(tmp_path, **{"Test-1.0": GOOD, "Test-2.0": other})
    assert found == ["Test-2.0.yaml:8: 'test-one' is already claimed at Test-1.0.yaml:8"]


def test_an_address_that_two_files_claim_is_refused(tmp_path: Path) -> None:
    other = GOOD.replace("Test-1.0", "Test-2.0").replace(" 1.0", " 2.0").replace("test-one", "test-two")
    found = problems(tmp_path, **{"Test-1.0": GOOD, "Test-2.0": other.replace("https://", "http://www.")})
    assert found == ["Test-2.0.yaml:6: 'http://www.example.org/test' is already claimed at Test-1.0.yaml:6"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("family: test", "familly: test"), "field 'family' is required"),
        (("family: test", "family: 3"), "family must be text"),
        (('  fr: "Licence d’essai 1.0"\n', ""), "names lacks fr"),
        (("id: Test-1.0", "id: Other"), "must be called Other.yaml"),
        (("https://example.org/test", "javascript:alert(1)"), "url must be a web address"),
        (("[copy]", "copy"), "permissions must be a list"),
        (("permissions: [copy]", "open_definition: yes-please"), "open_definition must be one of"),
        (("permissions: [copy]", "supersedes: [Nobody]"), "supersedes names 'Nobody'"),
        (("permissions: [copy]", 'attribution: {en: "{name}", fr: "{name}"}'), "unknown placeholder {name}"),
        (("permissions: [copy]", "permissions: ["), "is not YAML"),
        ((GOOD, "- a list"), "must hold one licence"),
        ((GOOD, ""), "must hold one licence"),
    ],
)
def test_a_mistake_in_a_file_is_said_with_its_line(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    found = problems(tmp_path, **{"Test-1.0": GOOD.replace(*change)})
    assert any(message in problem for problem in found), found
    assert all(problem.startswith("Test-1.0.yaml:") for problem in found)


def test_an_empty_folder_is_no_register(tmp_path: Path) -> None:
    assert "holds no licence file" in problems(tmp_path)[0]


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, **{"Test-1.0": GOOD.replace("[copy]", "[a, b, c]")})) == 3
