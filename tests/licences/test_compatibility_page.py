"""The page and the action that say whether several datasets may be mixed, in a running CKAN."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")]

PAGE = "/participation/licences/compatibility"
Make = Callable[..., Any]


def text_of(reply: Any) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", reply.body)))


# The action.

def test_datasets_and_licences_are_answered_together(as_user: Make, dataset: Make) -> None:
    rivers = dataset(license_id="CC-BY-4.0")
    answer = as_user(None, "participation_licence_compatibility", id=rivers["name"], licence=["ca-ogl-lgo"])
    assert answer["verdict"] == "allowed"
    assert answer["outbound"][0] == "CC-BY-4.0"
    assert [(row["ref"], row["licence"], row["name"]) for row in answer["inputs"]] == [
        (rivers["id"], "CC-BY-4.0", rivers["name"]), ("OGL-Canada-2.0", "OGL-Canada-2.0", None)]
    assert [row["dataset"] for row in answer["credit_lines"]] == [rivers["id"]]
    assert "CC BY 4.0" in answer["credit_lines"][0]["lines"]["en"]


def test_one_dataset_by_id_and_by_name_counts_once(as_user: Make, dataset: Make) -> None:
    rivers = dataset(license_id="CC-BY-4.0")
    answer = as_user(None, "participation_licence_compatibility", id=[rivers["name"], rivers["id"]])
    assert len(answer["inputs"]) == 1


def test_a_dataset_without_licence_makes_the_answer_unknown(as_user: Make, dataset: Make) -> None:
    answer = as_user(None, "participation_licence_compatibility", id=[dataset(license_id="CC0-1.0")["id"], dataset(license_id="")["id"]])
    assert answer["verdict"] == "unknown"
    assert sorted(row["state"] for row in answer["inputs"]) == ["known", "not-specified"]


def test_a_licence_that_is_not_recognised_is_unknown(as_user: Make, dataset: Make) -> None:
    answer = as_user(None, "participation_licence_compatibility", id=dataset(license_id="our own terms")["id"])
    assert (answer["verdict"], answer["inputs"][0]["state"]) == ("unknown", "unrecognised")


@pytest.mark.parametrize(("data", "field", "words"), [
    ({}, "id", "at least one"),
    ({"id": [], "licence": []}, "id", "at least one"),
    ({"id": "no-such-dataset"}, "id", "no dataset “no-such-dataset”"),
    ({"licence": "no-such-licence"}, "licence", "no licence “no-such-licence”"),
    ({"id": [f"a{number}" for number in range(100)]}, "id", "At most 20"),
    ({"id": "x" * 100_000}, "id", "characters"),
    ({"id": ["a", {"b": 1}]}, "id", "text"),
    ({"licence": 5}, "licence", "text"),
    ({"id": "a\x00"}, "id", "control"),
])
def test_bad_input_names_its_field(as_user: Make, data: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_licence_compatibility", **data)
    assert words in str(error.value.error_dict[field])


def test_a_private_dataset_looks_like_one_that_does_not_exist(as_user: Make, dataset: Make, person: Make) -> None:
    editor = person()
    hidden, shown = dataset(private=True, staff=editor, license_id="CC-BY-4.0"), dataset(license_id="CC-BY-4.0")
    said = []
    for name in (hidden["name"], "no-such-dataset"):
        # A dataset that may be seen stands before it: it must not answer for the next one.
        with pytest.raises(tk.ValidationError) as error:
            as_user(None, "participation_licence_compatibility", id=[shown["name"], name])
        said.append(str(error.value.error_dict).replace(name, "NAME"))
    assert said[0] == said[1]
    assert as_user(editor, "participation_licence_compatibility", id=[shown["name"], hidden["name"]])["verdict"] == "allowed"


def test_the_right_to_see_one_dataset_gives_none_to_see_the_next(dataset: Make) -> None:
    shown, hidden = dataset(), dataset(private=True)
    with pytest.raises(tk.NotAuthorized):
        tk.check_access("participation_licence_compatibility", {"user": ""}, {"id": [shown["id"], hidden["id"]]})


def test_the_api_takes_several_ids_in_an_address(app: Any, dataset: Make) -> None:
    ids = [dataset(license_id="CC-BY-SA-4.0")["id"], dataset(license_id="ODbL-1.0")["id"]]
    reply = app.get("/api/3/action/participation_licence_compatibility", query_string={"id": ids})
    assert reply.json["result"]["verdict"] == "not-allowed"
    assert reply.json["result"]["collection"]["verdict"] == "allowed"


# The page.

def test_an_empty_page_says_what_to_do(app: Any) -> None:
    words = text_of(app.get(PAGE, status=200))
    assert "No dataset is picked yet" in words
    assert "Find datasets to add" in words


def test_the_answer_names_licence_reason_credit_and_duties(app: Any, dataset: Make) -> None:
    one, two = dataset(license_id="CC-BY-4.0", title_translated={"en": "Rivers", "fr": "Rivières"}), dataset(license_id="OGL-Canada-2.0")
    words = text_of(app.get(PAGE, query_string={"id": [one["name"], two["name"]]}, status=200))
    assert "Yes: you may mix these data and publish the result" in words
    assert "The licence that leaves most freedom is Creative Commons Attribution 4.0 International" in words
    assert "Rivers" in words
    assert "Contains information licensed under the Open Government Licence – Canada." in words
    assert "suggest that the publisher supports you or your work" in words
    assert "Publish them side by side" in words


def test_the_page_speaks_french(app: Any, dataset: Make) -> None:
    one, two = dataset(license_id="CC-BY-SA-4.0"), dataset(license_id="ODbL-1.0")
    words = text_of(app.get(f"/fr{PAGE}", query_string={"id": [one["name"], two["name"]]}, status=200))
    assert "aucune licence ne convient donc aux deux" in words
    assert "et votre travail" not in words
    assert "no licence fits both" not in words


def test_a_refusal_names_the_clause(app: Any, dataset: Make) -> None:
    from ckanext.participation.licences.register import bundled_register

    one, two = dataset(license_id="CC-BY-SA-4.0"), dataset(license_id="ODbL-1.0")
    words = text_of(app.get(PAGE, query_string={"id": [one["name"], two["name"]]}, status=200))
    assert "No: you may not mix these data and publish the result" in words
    assert f"CC BY-SA 4.0 (clause {bundled_register().licences['CC-BY-SA-4.0'].clauses['share-alike']})" in words


def test_what_is_unknown_leads_to_the_organisation(app: Any, dataset: Make) -> None:
    one = dataset(license_id="")
    reply = app.get(PAGE, query_string={"id": one["name"]}, status=200)
    assert "Not known" in text_of(reply)
    assert tk.url_for("participation_conversations.new", subject_type="dataset", subject_id=one["id"]) in reply.body


def test_names_and_addresses_may_be_pasted(app: Any, dataset: Make) -> None:
    one, two, three = (dataset(license_id="CC-BY-4.0") for _ in range(3))
    typed = f"{one['name']}\r\n\r\n  https://data.example/fr/dataset/{two['name']}/resource/12?x=1  "
    reply = app.get(PAGE, query_string={"id": three["name"], "names": typed}, follow_redirects=False)
    assert reply.status_code == 302
    assert reply.location.endswith(f"{PAGE}?id={three['name']}&id={one['name']}&id={two['name']}")


def test_a_wrong_line_keeps_what_was_typed_and_what_was_picked(app: Any, dataset: Make) -> None:
    picked, typed = dataset(license_id="CC-BY-4.0"), dataset(license_id="CC-BY-4.0")
    reply = app.get(PAGE, query_string={"id": picked["name"], "names": f"{typed['name']}\nno-such-<b>"}, status=400)
    assert "There is no dataset “no-such-<b>”, or you may not see it." in html.unescape(reply.body)
    assert f"{typed['name']}\nno-such-&lt;b&gt;</textarea>" in reply.body
    assert f'<input type="hidden" name="id" value="{picked["name"]}">' in reply.body
    assert "No answer yet" in text_of(reply)


def test_a_wrong_id_in_the_address_is_kept_for_mending(app: Any, dataset: Make) -> None:
    good = dataset(license_id="CC-BY-4.0")
    reply = app.get(PAGE, query_string={"id": [good["name"], "nonesuch"]}, status=400)
    assert "nonesuch</textarea>" in reply.body


def test_a_private_dataset_is_unknown_to_strangers_on_the_page(app: Any, dataset: Make) -> None:
    hidden = dataset(private=True, license_id="CC-BY-4.0", title_translated={"en": "Secret plans", "fr": "Plans secrets"})
    reply = app.get(PAGE, query_string={"id": hidden["name"]}, status=400)
    assert "Secret plans" not in reply.body


@pytest.mark.parametrize("query", [
    {"id": [f"a{number}" for number in range(100)]},
    {"id": ["x" * 3000]},
    {"id": ["a\x00b", "../../etc", "'; DROP", "\u202e"]},
    {"names": "\n".join(f"https://[{number}" for number in range(60))},
])
def test_garbage_gets_a_named_error(app: Any, query: dict[str, Any]) -> None:
    assert "There is a problem" in text_of(app.get(PAGE, query_string=query, status=400))


@pytest.mark.parametrize("words", ["snow", "id:(", '"', "*:*", "a AND", "\\", "{!join}", "\x00", "+" * 150])
def test_any_words_may_be_searched(app: Any, dataset: Make, words: str) -> None:
    dataset()
    for address in (PAGE, f"{PAGE}/find"):
        app.get(address, query_string={"q": words}, status=200)


def test_a_search_finds_what_can_be_added(app: Any, dataset: Make) -> None:
    one = dataset(license_id="CC-BY-4.0", title_translated={"en": "Snowfall", "fr": "Chutes de neige"})
    picked = dataset(license_id="CC-BY-4.0", title_translated={"en": "Snowfall of last year", "fr": "Chutes de neige"})
    for address in (PAGE, f"{PAGE}/find"):
        reply = app.get(address, query_string={"q": "snowfall", "id": picked["name"]}, status=200)
        assert f"{PAGE}?id={picked['name']}&amp;id={one['name']}" in reply.body
        assert f"id={picked['name']}&amp;id={picked['name']}" not in reply.body


def test_the_beginning_of_a_word_finds_it_while_somebody_types(app: Any, dataset: Make) -> None:
    one = dataset(title_translated={"en": "Snowfall", "fr": "Chutes de neige"})
    assert f"{PAGE}?id={one['name']}" in app.get(f"{PAGE}/find", query_string={"q": "snowf"}, status=200).body


def test_a_search_finds_nothing_private(app: Any, dataset: Make) -> None:
    dataset(private=True, title_translated={"en": "Snowfall", "fr": "Chutes de neige"})
    for words in ("snowfall", "snowf"):
        assert "No dataset says this" in text_of(app.get(PAGE, query_string={"q": words}, status=200))


def test_too_many_words_are_named(app: Any) -> None:
    assert "At most 200 characters" in text_of(app.get(PAGE, query_string={"q": "x" * 500}, status=200))


def test_a_full_list_offers_no_more(app: Any, dataset: Make) -> None:
    names = [dataset(license_id="CC-BY-4.0")["name"] for _ in range(20)]
    words = text_of(app.get(PAGE, query_string={"id": names}, status=200))
    assert "These are 20" in words
    assert "Find datasets to add" not in words


# Files under another licence than their dataset's.

@pytest.fixture
def maps(dataset: Make) -> dict[str, Any]:
    """A dataset under the Open Government Licence, with a map that may not be sold."""
    return dataset(license_id="OGL-Canada-2.0", title_translated={"en": "Maps", "fr": "Cartes"}, resources=[
        {"url": "https://example.org/a.csv", "name": "Table"},
        {"url": "https://example.org/b.pdf", "name": "Map", "license": "CC-BY-NC-SA-4.0"}])


def test_files_under_another_licence_count_as_data_of_their_own(as_user: Make, dataset: Make, maps: dict[str, Any]) -> None:
    shared = dataset(license_id="CC-BY-SA-4.0")
    answer = as_user(None, "participation_licence_compatibility", id=[maps["id"], shared["id"]])
    assert answer["verdict"] == "not-allowed"
    [part] = [row for row in answer["inputs"] if row["files"]]
    assert (part["licence"], part["counted"], part["dataset"], [file["name"] for file in part["files"]]) == (
        "CC-BY-NC-SA-4.0", True, maps["id"], ["Map"])
    assert part["ref"] in next(row["inputs"] for row in answer["because"] if row["effect"] == "refuses")
    assert [row["ref"] for row in answer["credit_lines"]] == [maps["id"], part["ref"], shared["id"]]


def test_one_dataset_with_such_a_file_is_never_allowed_without_its_terms(as_user: Make, maps: dict[str, Any]) -> None:
    answer = as_user(None, "participation_licence_compatibility", id=maps["id"])
    assert answer["outbound"] == ["CC-BY-NC-SA-4.0"]
    [note] = [row for row in answer["because"] if row["term"] == "files"]
    assert "CC BY-NC-SA 4.0" in note["en"]
    assert "CC BY-NC-SA 4.0" in note["fr"]


def test_whoever_leaves_these_files_out_is_told_so(as_user: Make, dataset: Make, maps: dict[str, Any]) -> None:
    other = dataset(license_id="CC-BY-4.0")
    answer = as_user(None, "participation_licence_compatibility", id=[maps["id"], other["id"]], files=False)
    assert answer["verdict"] == "allowed"
    assert [row["counted"] for row in answer["inputs"] if row["files"]] == [False]
    assert "are left out: CC BY-NC-SA 4.0" in next(row["en"] for row in answer["because"] if row["term"] == "files")


def test_a_file_that_nobody_recognises_makes_the_answer_unknown(as_user: Make, dataset: Make) -> None:
    about = dataset(license_id="CC-BY-4.0", resources=[{"url": "https://example.org/a", "license": "The county’s usual terms"}])
    assert as_user(None, "participation_licence_compatibility", id=about["id"])["verdict"] == "unknown"


def test_a_dataset_that_leaves_it_to_its_files_is_its_files(as_user: Make, dataset: Make) -> None:
    file = {"url": "https://example.org/a", "license": "CC-BY-4.0"}
    answer = as_user(None, "participation_licence_compatibility", id=dataset(license_id="", resources=[file, file])["id"])
    assert (answer["verdict"], [row["counted"] for row in answer["inputs"]]) == ("allowed", [False, True])
    answer = as_user(None, "participation_licence_compatibility", id=dataset(license_id="", resources=[file, {"url": "https://x.example"}])["id"])
    assert answer["verdict"] == "unknown"


@pytest.mark.parametrize("value", ["maybe", [1], {}, 7])
def test_the_choice_of_files_is_true_or_false(as_user: Make, maps: dict[str, Any], value: Any) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(None, "participation_licence_compatibility", id=maps["id"], files=value)
    assert list(error.value.error_dict) == ["files"]


def test_the_page_names_these_files_and_offers_to_leave_them_out(app: Any, dataset: Make, maps: dict[str, Any]) -> None:
    other = dataset(license_id="CC-BY-4.0")
    reply = app.get(PAGE, query_string={"id": [maps["name"], other["name"]]}, status=200)
    words = text_of(reply)
    assert "1 file: Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International" in words
    assert "Some files are not under the licence of their dataset: CC BY-NC-SA 4.0." in words
    assert "Maps (1 file)" in words
    assert f"{PAGE}?id={maps['name']}&amp;id={other['name']}&amp;files=false" in reply.body
    without = app.get(PAGE, query_string={"id": [maps["name"], other["name"]], "files": "false"}, status=200)
    assert "Yes: you may mix these data" in text_of(without)
    assert "The answer holds for the other files only." in text_of(without)
    assert '<input type="hidden" name="files" value="false">' in without.body
