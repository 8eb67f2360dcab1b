"""The register's files, and what their checks say of a mistake."""

from __future__ import annotations

import csv
import json
import re
from itertools import pairwise
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
from ckanext.participation.licences.register.terms import TERMS

LICENCES = Path(__file__).parents[2] / "licences"
LISTS = Path(__file__).parents[3] / "shared" / "data"
with_lists = pytest.mark.skipif(not LISTS.is_dir(), reason="the recorded licence lists are not on this machine")
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


def test_every_label_of_a_licence_statement_names_an_entry(register: Register) -> None:
    with (Path(__file__).parent / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"]]
    known = {*register.licences, "none", "other", "ambiguous"}
    assert len(rows) > 1_000
    assert [row["row"] for row in rows if not {row["label"], *row["candidates"].split()} <= known] == []
    assert [row["row"] for row in rows if (row["label"] == "other") != bool(row["names"])] == []


@with_lists
def test_spdx_ids_are_those_of_the_spdx_list(register: Register) -> None:
    listed = json.loads((LISTS / "C" / "spdx" / "spdx.json").read_text(encoding="utf-8"))
    assert [licence.id for licence in register if licence.spdx and licence.spdx not in listed] == []
    assert [licence.id for licence in register if licence.id in listed and licence.spdx != licence.id] == []


@with_lists
def test_an_address_in_the_eu_vocabulary_is_one_that_a_recorded_list_shows(register: Register) -> None:
    shown = "".join(
        path.read_text(encoding="utf-8")
        for path in (*(LISTS / "C" / "belgium").iterdir(), *(LISTS / "E" / "ckanext-dcat" / "examples" / "dcat").iterdir())
    )
    stated = {licence.eu_uri for licence in register if licence.eu_uri}
    assert len(stated) > 20
    assert {address for address in stated if not re.search(rf"{re.escape(address)}\b", shown)} == set()


@pytest.mark.parametrize(
    ("licence_id", "term", "clause"),
    [
        ("CC-BY-4.0", "attribution", "3(a)(1)"),
        ("CC-BY-SA-4.0", "share-alike", "3(b)(1)"),
        ("CC-BY-NC-4.0", "no-commercial-use", "2(a)(1)"),
        ("CC-BY-ND-4.0", "no-derivatives", "2(a)(1)(B)"),
        ("CC-BY-SA-3.0", "share-alike", "4(b)"),
        ("CC-BY-NC-SA-3.0", "attribution", "4(d)"),
        ("CC-BY-3.0-AU", "no-endorsement", "4B(f)"),
        ("CC0-1.0", "no-patents-trademarks", "4(a)"),
        ("PDDL-1.0", "copy", "3.1"),
        ("ODC-BY-1.0", "attribution", "4.3"),
        ("ODbL-1.0", "share-alike", "4.4"),
        ("OGL-UK-1.0", "no-endorsement", "You must"),
        ("OGL-UK-3.0", "no-endorsement", "Non-endorsement"),
        ("OGL-Canada-2.0", "no-personal-data", "Exemptions"),
        ("NCGL-UK-1.0", "no-commercial-use", "You are not permitted to"),
        ("etalab-2.0", "state-date", "Sous réserve de"),
        ("DL-DE-BY-2.0", "indicate-changes", "(3)"),
        ("NLOD-2.0", "no-misleading", "6"),
        ("IODL-1.0", "share-alike", "2"),
        ("CDLA-Sharing-1.0", "share-alike", "3.1(a), 3.3"),
        ("GFDL-1.3-only", "combine", "5"),
        ("GPL-3.0-only", "share-alike", "5(c)"),
    ],
)
def test_each_family_says_which_clause_allows_or_forbids(register: Register, licence_id: str, term: str, clause: str) -> None:
    assert register.licences[licence_id].clauses[term] == clause


def test_only_a_database_stays_under_the_open_database_licence(register: Register) -> None:
    share = register.licences["ODbL-1.0"].share_alike
    assert share is not None
    assert (share.binds, share.later, share.also) == ("database", True, ())


def test_the_first_creative_commons_share_alike_allows_no_later_version(register: Register) -> None:
    first, second = register.licences["CC-BY-SA-1.0"].share_alike, register.licences["CC-BY-SA-2.0"].share_alike
    assert first is not None
    assert second is not None
    assert (first.later, second.later) == (False, True)


def test_creative_commons_covers_database_rights_since_version_4(register: Register) -> None:
    unported = [licence for licence in register if re.fullmatch(r"CC-BY.*-\d\.0|CC-BY.*-2\.5", licence.id)]
    assert len(unported) == 30
    assert all(("database" in licence.rights) == (licence.version == "4.0") for licence in unported)


def test_each_creative_commons_licence_supersedes_the_version_before(register: Register) -> None:
    for kind in ("BY", "BY-SA", "BY-ND", "BY-NC", "BY-NC-SA", "BY-NC-ND"):
        for earlier, later in pairwise(("1.0", "2.0", "2.5", "3.0", "4.0")):
            assert register.licences[f"CC-{kind}-{later}"].supersedes == (f"CC-{kind}-{earlier}",)


def test_a_ported_licence_has_the_elements_of_the_unported_one(register: Register) -> None:
    elements = {"attribution", "share-alike", "no-commercial-use", "no-derivatives"}
    ports = [licence for licence in register if licence.port_of]
    assert len(ports) > 60
    for licence in ports:
        unported = register.licences[licence.port_of]
        assert licence.version == unported.version
        assert elements & {*licence.duties, *licence.prohibitions} == elements & {*unported.duties, *unported.prohibitions}, licence.id
        assert set(licence.permissions) <= set(unported.permissions), licence.id


def test_a_licence_without_terms_says_that_nobody_read_it(register: Register) -> None:
    silent = [licence for licence in register if not (licence.permissions or licence.duties or licence.prohibitions)]
    unread = [licence for licence in silent if any("has not been read" in source["fact"] for source in licence.sources)]
    assert len(unread) > 60
    assert not any(licence.clauses or licence.share_alike for licence in unread)


def test_every_fact_has_a_date(register: Register) -> None:
    assert all(source.get("date") for licence in register for source in licence.sources)


def test_a_licence_can_be_given_as_json(register: Register) -> None:
    shown = as_dict(register.licences["OGL-Canada-2.0"])
    assert {"id": "attribution", "en": "credit the source"}.items() <= shown["duties"][0].items()


def test_json_says_where_a_term_stands_and_what_share_alike_binds(register: Register) -> None:
    shown = as_dict(register.licences["CC-BY-SA-4.0"])
    assert shown["share_alike"] == {"binds": "adaptation", "later": True, "also": ["GPL-3.0-only", "LAL-1.3"]}
    assert shown["clauses"]["share-alike"] == "3(b)(1)"
    assert shown["rights"] == ["copyright", "database"]
    assert as_dict(register.licences["CC-BY-4.0"])["share_alike"] is None
    assert as_dict(register.licences["CC-BY-3.0-DE"])["port_of"] == "CC-BY-3.0"
    assert as_dict(register.licences["OGL-UK-3.0"])["compatible_with"] == ["CC-BY-4.0", "ODC-BY-1.0"]


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
        (("permissions: [copy]", "permissions: [copy]\nclauses: {copi: 2(a)}"), "yaml:10: clauses has an unknown term 'copi'"),
        (("permissions: [copy]", "permissions: [copy]\nclauses:\n  adapt: 2(a)"), "yaml:11: clauses has 'adapt', which is not among"),
        (("permissions: [copy]", "clauses: 2(a)"), "yaml:9: clauses must hold texts by term"),
        (("permissions: [copy]", "rights: [copyright, moral]"), "yaml:9: unknown right 'moral'; rights may name: copyright, database"),
        (("permissions: [copy]", "duties: [share-alike]"), "yaml:9: the duty share-alike needs the field share_alike"),
        (("permissions: [copy]", "share_alike: {binds: adaptation, later: true}"), "yaml:9: share_alike says how the duty"),
        (("permissions: [copy]", "share_alike: {binds: work, later: true}"), "share_alike: binds must be one of adaptation, database"),
        (("permissions: [copy]", "share_alike: {binds: database}"), "share_alike: later must be true or false"),
        (("permissions: [copy]", "share_alike: {binds: database, later: true, also: X}"), "share_alike: also must be a list"),
        (("permissions: [copy]", "share_alike: {binds: database, later: true, too: X}"), "share_alike must hold binds, later"),
        (("permissions: [copy]", "compatible_with: [Nobody]"), "yaml:9: compatible_with names 'Nobody', which has no file"),
        (("permissions: [copy]", "port_of: Nobody"), "yaml:9: port_of names 'Nobody', which has no file"),
        (("permissions: [copy]", "port_of: Test-1.0"), "yaml:9: port_of names the licence itself"),
        (
            ("permissions: [copy]", "duties: [share-alike]\nshare_alike: {binds: adaptation, later: true, also: [Nobody]}"),
            "yaml:10: share_alike names 'Nobody', which has no file",
        ),
        (('    from: "this test"', '    from: "this test"\n    date: "May"'), "yaml:13: 'May' is not a date"),
        (('    from: "this test"', '    from: "this test"\n    by: "me"'), "yaml:13: sources has an unknown field 'by'"),
        (('    from: "this test"', "    from: 3"), "yaml:10: sources must be a list of {fact, from}"),
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


LONG = "https://example.org/" + "a" * 100_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("https://example.org/test", LONG), "Test-1.0.yaml:6: url must be a web address, at most 2000 characters long"),
        (("permissions: [copy]", f'urls: ["{LONG}"]'), "Test-1.0.yaml:9: 'https://example.org/aaa"),
        (("test-one", LONG), "Test-1.0.yaml:8: 'https://example.org/aaa"),
        (("test-one", "a" * 401), "is not a usable name (at most 400 characters)"),
        (("test-one", "--"), "Test-1.0.yaml:8: '--' is not a usable name"),
        (("test-one", "test\\0one"), "Test-1.0.yaml:8: 'test\\x00one' holds the control character U+0000"),
        (("test-one", "test\\none"), "Test-1.0.yaml:8: 'test\\none' holds the control character U+000A"),
        (("Test Licence", "Test \u202eLicence"), "Test-1.0.yaml:4: 'Test \\u202eLicence 1.0' holds the control character U+202E"),
        (("Test Licence", "Test \x07Licence"), "Test-1.0.yaml:4: holds a control character"),
        (("Test Licence", "Test \udcffLicence"), "Test-1.0.yaml:4: is not UTF-8 text"),
        (("family: test", "family: test\nfamily: other"), "Test-1.0.yaml:3: 'family' stands here a second time (first on line 2)"),
        (("family: test", "family: &family test"), "Test-1.0.yaml:2: has a YAML anchor or alias"),
        (("permissions: [copy]", "permissions: &all [*all]"), "Test-1.0.yaml:9: has a YAML anchor or alias"),
        ((GOOD, "&whole\nid: *whole\n"), "Test-1.0.yaml:1: has a YAML anchor or alias"),
        (("permissions: [copy]", "permissions: " + "[" * 100_000), "Test-1.0.yaml:9: is nested deeper than"),
        (("family: test", "family: 2024-13-45"), "Test-1.0.yaml:2: '2024-13-45' is no value that YAML knows"),
        (("family: test", "family: !!python/name:os.system"), "Test-1.0.yaml:2: is not YAML"),
        (("family: test", "? [family]\n: test"), "Test-1.0.yaml:2: is not YAML"),
        (("family: test", "1: test"), "Test-1.0.yaml:2: unknown field 1"),
        (("family: test", "family: test\n---\n"), "Test-1.0.yaml:3: is not YAML"),
        ((GOOD, "just text"), "Test-1.0.yaml:1: must hold one licence"),
        ((GOOD, GOOD + "#" * 1_000_000), "Test-1.0.yaml:1: is larger than a licence file may be"),
    ],
    ids=lambda value: None if isinstance(value, tuple) else value[:60],
)
def test_a_file_that_may_come_from_anywhere_gives_a_problem_with_a_line_and_a_short_message(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    (tmp_path / "Test-1.0.yaml").write_text(GOOD.replace(*change), encoding="utf-8", errors="surrogateescape")
    found = problems(tmp_path)
    assert any(message in problem for problem in found), found
    assert all(len(problem) < 300 for problem in found)


def test_a_licence_that_supersedes_itself_through_another_is_refused(tmp_path: Path) -> None:
    first = GOOD.replace("[copy]", "[copy]\nsupersedes: [Test-2.0]")
    second = GOOD.replace("Test-1.0", "Test-2.0").replace(" 1.0", " 2.0").replace("test-one", "test-two").replace("/test", "/two")
    found = problems(tmp_path, **{"Test-1.0": first, "Test-2.0": second.replace("[copy]", "[copy]\nsupersedes: [Test-1.0]")})
    assert found == [
        "Test-1.0.yaml:10: supersedes leads back to the licence itself",
        "Test-2.0.yaml:10: supersedes leads back to the licence itself",
    ]


def test_a_port_of_a_port_is_refused(tmp_path: Path) -> None:
    def other(number: str, port_of: str) -> str:
        text = GOOD.replace("Test-1.0", f"Test-{number}.0").replace(" 1.0", f" {number}.0").replace("test-one", f"test-{number}")
        return text.replace("/test", f"/{number}").replace("[copy]", f"[copy]\nport_of: {port_of}")

    found = problems(tmp_path, **{"Test-1.0": GOOD, "Test-2.0": other("2", "Test-1.0"), "Test-3.0": other("3", "Test-2.0")})
    assert found == ["Test-3.0.yaml:10: port_of names 'Test-2.0', which is a ported licence itself"]


def test_a_file_with_mistakes_is_not_said_to_be_missing(tmp_path: Path) -> None:
    other = GOOD.replace("Test-1.0", "Test-2.0").replace(" 1.0", " 2.0").replace("test-one", "test-two").replace("/test", "/two")
    found = problems(tmp_path, **{"Test-1.0": GOOD.replace("family: test\n", ""), "Test-2.0": other + "supersedes: [Test-1.0]\n"})
    assert found == ["Test-1.0.yaml: field 'family' is required"]


def test_an_empty_folder_is_no_register(tmp_path: Path) -> None:
    assert "holds no licence file" in problems(tmp_path)[0]


def test_all_mistakes_are_said_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, **{"Test-1.0": GOOD.replace("[copy]", "[a, b, c]")})) == 3
