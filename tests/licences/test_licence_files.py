"""Files that state a licence of their own: kept apart from the dataset's, and shown where they differ."""

from __future__ import annotations

from typing import Any

from ckanext.participation.licences import box, survey
from ckanext.participation.licences.register import Register


def files(register: Register, *own: dict[str, Any], licence: str = "CC-BY-4.0") -> list[dict[str, Any]]:
    resources = [{"id": f"r{number}", "name": f"File {number}", **resource} for number, resource in enumerate(own)]
    shown: list[dict[str, Any]] = box.contents(register, {"license_id": licence, "resources": resources}, "en", "")["files"]
    return shown


def test_a_file_without_a_licence_of_its_own_says_nothing(register: Register) -> None:
    assert files(register, {}, {"license": ""}, {"license": "notspecified"}, {"rights": "Ask at the desk."}, {"license": None}) == []


def test_a_file_under_the_datasets_licence_says_nothing_new(register: Register) -> None:
    assert files(register, {"license": "https://creativecommons.org/licenses/by/4.0/deed.fr"}, {"license": "CC BY 4.0"}) == []


def test_files_that_differ_are_shown_by_licence_the_most_frequent_first(register: Register) -> None:
    shown = files(register, {"license": "odbl"}, {"license": "CC0-1.0"}, {"license": "http://opendatacommons.org/licenses/odbl/"})
    assert [(own["id"], [file["name"] for file in own["files"]]) for own in shown] == [
        ("ODbL-1.0", ["File 0", "File 2"]), ("CC0-1.0", ["File 1"])]  # fmt: skip
    assert shown[0]["openness"] == "open"
    assert shown[0]["name"]


def test_a_files_licence_that_is_not_recognised_is_shown_in_its_own_words(register: Register) -> None:
    (shown,) = files(register, {"license": "The county’s usual terms"})
    assert (shown["state"], shown["said"], shown["openness"]) == ("unrecognised", "The county’s usual terms", "unknown")


def test_the_rights_of_a_file_count_where_they_name_a_licence(register: Register) -> None:
    (shown,) = files(register, {"rights": {"en": "Published under the Open Database License (ODbL)."}})
    assert shown["id"] == "ODbL-1.0"


def test_the_files_never_give_the_dataset_its_licence(register: Register) -> None:
    dataset = {"license_id": "", "resources": [{"id": "r", "license": "CC-BY-4.0"}]}
    found = box.of_dataset(register, dataset)
    assert found.state == "not-specified"
    assert [own.found.licence and own.found.licence.id for own in box.of_files(register, dataset, found)] == ["CC-BY-4.0"]


def test_odd_files_are_passed_over(register: Register) -> None:
    for resources in (None, "x", [None, 3, "y"], [{"license": {"a": [1, {}]}}]):
        box.contents(register, {"license_id": "CC-BY-4.0", "resources": resources}, "fr", "")


def test_extras_of_a_dataset_say_its_licence_when_its_own_fields_do_not(register: Register) -> None:
    extras = [{"key": "licence_url", "value": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"}]
    assert box.index_value(box.of_dataset(register, {"license_id": "", "extras": extras})) == "OGL-UK-3.0"
    granted = [{"key": "use_constraints", "value": "Published under CC BY 4.0."}]
    assert box.index_value(box.of_dataset(register, {"license_id": "notspecified", "extras": granted})) == "CC-BY-4.0"


DATASETS = [
    {"id": "1", "name": "rivers", "license_id": "county-terms"},
    {"id": "2", "name": "lakes", "license_id": "county-terms"},
    {"id": "3", "name": "roads", "license_id": "CC BY 4.0", "resources": [{"id": "r", "license": "MIT and ODbL"}]},
    {"id": "4", "name": "trees", "license_id": "", "extras": [{"key": "licence_as_published", "value": "CC BY 3.0 · CC BY 4.0"}]},
    {"id": "5", "name": "birds", "license_id": "notspecified"},
]


def test_a_survey_counts_what_is_unknown_or_contradictory(register: Register) -> None:
    found = survey.unclear(register, DATASETS)
    assert [(entry.count, entry.level, entry.statement, entry.confidence, entry.examples) for entry in found] == [
        (2, "dataset", "county-terms", "unknown", ["rivers", "lakes"]),
        (1, "dataset", "CC BY 3.0 · CC BY 4.0", "ambiguous", ["trees"]),
        (1, "file", "MIT and ODbL", "ambiguous", ["roads"]),
    ]
    assert found[1].candidates == ("CC-BY-3.0", "CC-BY-4.0")


def test_an_administrators_name_for_a_licence_empties_the_survey(register: Register) -> None:
    extra = {"county terms": "CC-BY-4.0"}
    assert "county-terms" not in [entry.statement for entry in survey.unclear(register, DATASETS, extra)]
    assert [(change.before, change.after, change.ids) for change in survey.changes(register, DATASETS, extra)] == [
        ("county-terms", "CC-BY-4.0", ["1", "2"]), ("CC BY 4.0", "CC-BY-4.0", ["3"])]  # fmt: skip


def test_a_spreadsheet_takes_no_cell_of_a_survey_for_a_formula() -> None:
    assert survey.as_csv(("a",), [("=1+1",), ("\t=1",), ("fine",)]) == "a\n'=1+1\n'\t=1\nfine\n"


def test_the_page_names_the_files_and_shows_words_that_it_does_not_know_as_text(app: Any, register: Register) -> None:
    import ckan.plugins.toolkit as tk

    resources = [{"id": f"r{number}", "name": "", "license": "<b>own</b>"} for number in range(12)]
    resources.append({"id": "x", "name": "Map", "license": "ODbL-1.0"})
    shown = box.contents(register, {"license_id": "CC-BY-4.0", "resources": resources}, "en", "")["files"]
    with app.flask_app.test_request_context("/"):
        html = tk.h.snippet("participation/snippets/licence_files.html", files=shown, part_tag="h3", dataset="rivers")
    assert html.count("<h3") == 1
    assert "&lt;b&gt;own&lt;/b&gt;" in html
    assert "and 2 more files" in html
    assert 'href="/dataset/rivers/resource/x"' in html
    assert 'href="https://opendatacommons.org' in html
