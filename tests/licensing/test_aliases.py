"""An administrator says what a name means that nobody recognises: by API, with its rights, its bad input, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.errors import words_by_field, words_of
from ckanext.participation.common.model import Event
from ckanext.participation.licences import further
from ckanext.participation.licensing import counting
from ckanext.participation.licensing.records import LicenceAlias

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
CREATE, DELETE, LIST = (f"participation_licence_alias_{verb}" for verb in ("create", "delete", "list"))
UNRECOGNISED = "participation_licence_unrecognised_list"


def events(type_: str) -> list[Event]:
    return list(model.Session.scalars(sa.select(Event).where(Event.type == type_)))


def test_a_name_is_kept_with_who_gave_it_and_its_event(root: dict[str, Any], as_user: Make) -> None:
    made = as_user(root, CREATE, text="  County   TERMS ", licence="cc-by-4.0", note="They told us")
    assert (made["text"], made["kind"], made["licence"], made["note"]) == ("County TERMS", "text", "CC-BY-4.0", "They told us")
    assert made["by"]["name"] in {root["name"], root["fullname"]}
    assert as_user(root, LIST)["results"] == [{key: value for key, value in made.items() if key != "recognises_at_once"}]
    (event,) = events("licence.alias_added")
    assert event.data == {"text": "County TERMS", "licence": "CC-BY-4.0"}


def test_a_double_click_adds_it_once(root: dict[str, Any], as_user: Make) -> None:
    first = as_user(root, CREATE, text="County terms", licence="CC-BY-4.0")
    again = as_user(root, CREATE, text="the COUNTY terms!", licence="CC-BY-4.0")
    assert first["id"] == again["id"]
    assert len(events("licence.alias_added")) == 1


def test_what_stands_for_another_licence_names_it(root: dict[str, Any], as_user: Make) -> None:
    as_user(root, CREATE, text="County terms", licence="CC-BY-4.0")
    with pytest.raises(tk.ValidationError) as error:
        as_user(root, CREATE, text="County terms", licence="CC0-1.0")
    assert "Attribution 4.0" in words_of(error.value)


def test_the_same_address_in_another_spelling_is_the_same_name(root: dict[str, Any], as_user: Make) -> None:
    first = as_user(root, CREATE, text="https://www.county.example/terms/", licence="CC-BY-4.0")
    assert first["kind"] == "url"
    assert as_user(root, CREATE, text="http://county.example/Terms", licence="CC-BY-4.0")["id"] == first["id"]


@pytest.mark.parametrize(("given", "field", "words"), [
    ({"licence": "CC-BY-9.9"}, "licence", "CC-BY-9.9"), ({"licence": ""}, "licence", "Choose"), ({"licence": ["CC-BY-4.0"]}, "licence", "no licence"),
    ({"licence": "notspecified"}, "licence", "is no licence"), ({"licence": "x" * 10_000}, "licence", "no licence"),
    ({"text": None}, "text", "Write the name"), ({"text": " \n "}, "text", "Write the name"), ({"text": 7}, "text", "Must be a text"),
    ({"text": "County\x07terms"}, "text", "nobody sees"), ({"text": "County\u200bterms"}, "text", "nobody sees"), ({"text": "County \ud800"}, "text", "nobody sees"),
    ({"text": "…!?"}, "text", "Nothing is left"), ({"text": "the"}, "text", "Nothing is left"), ({"text": "x" * 401}, "text", "Too long"),
    ({"text": "https://county.example/" + "x" * 2_000}, "text", "Too long"), ({"text": "https://county.example/" + "é" * 1_500}, "text", "Too long"),
    ({"text": "CC-BY 4.0"}, "text", "Attribution 4.0"), ({"text": "https://creativecommons.org/licenses/by/4.0/deed.fr"}, "text", "Attribution 4.0"),
    ({"text": "notspecified"}, "text", "recognises this already"), ({"note": "x" * 501}, "note", "500"), ({"note": ["x"]}, "note", "500"),
])  # fmt: skip
def test_bad_input_names_its_field_and_says_what_to_do(
        root: dict[str, Any], as_user: Make, given: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(root, CREATE, **{"text": "County terms", "licence": "CC-BY-4.0", **given})
    assert words in words_by_field(error.value)[field]
    assert as_user(root, LIST)["results"] == []


def test_all_that_is_wrong_is_said_at_once(root: dict[str, Any], as_user: Make) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(root, CREATE, text="!", licence="nothing", note=["x"])
    assert set(error.value.error_dict) == {"text", "licence", "note"}


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": "many"}, {"after": "x"}, {"after": -1}])
def test_bad_paging_is_a_named_error(root: dict[str, Any], as_user: Make, asked: dict[str, Any]) -> None:
    for action in (LIST, UNRECOGNISED):
        with pytest.raises(tk.ValidationError) as error:
            as_user(root, action, **asked)
        assert set(error.value.error_dict) == set(asked)


def test_only_administrators_of_the_site_may(person: Make, dataset: Make, as_user: Make) -> None:
    admin = person()
    about = dataset()
    tk.get_action("organization_member_create")({"ignore_auth": True}, {"id": about["owner_org"], "username": admin["name"], "role": "admin"})
    for reader in (None, person(), admin):
        for action, data in ((CREATE, {"text": "County terms", "licence": "CC0-1.0"}), (DELETE, {"id": 1}), (LIST, {}), (UNRECOGNISED, {})):
            with pytest.raises(tk.NotAuthorized):
                as_user(reader, action, **data)


def test_taking_back_keeps_what_was(root: dict[str, Any], as_user: Make) -> None:
    made = as_user(root, CREATE, text="County terms", licence="CC-BY-4.0")
    for _ in range(2):
        done = as_user(root, DELETE, id=made["id"])
    assert done["taken_back"]["by"] == made["by"]
    assert as_user(root, LIST)["results"] == []
    assert [row["text"] for row in as_user(root, LIST, state="former")["results"]] == ["County terms"]
    assert len(events("licence.alias_taken_back")) == 1
    assert as_user(root, CREATE, text="County terms", licence="CC0-1.0")["licence"] == "CC0-1.0"


@pytest.mark.parametrize(("given", "error"), [({"id": 99}, tk.ObjectNotFound), ({"id": "x"}, tk.ValidationError), ({}, tk.ValidationError)])
def test_taking_back_what_is_not_there_is_said(root: dict[str, Any], as_user: Make, given: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        as_user(root, DELETE, **given)


def test_the_list_goes_on_where_it_ended(root: dict[str, Any], as_user: Make) -> None:
    for number in range(3):
        as_user(root, CREATE, text=f"County terms {number}", licence="CC-BY-4.0")
    first = as_user(root, LIST, limit=2)
    second = as_user(root, LIST, limit=2, after=first["next"])
    assert [row["text"][-1] for row in (*first["results"], *second["results"])] == ["2", "1", "0"]
    assert second["next"] is None


def test_statements_are_counted_with_an_example_and_the_moment(root: dict[str, Any], as_user: Make, saying: Make) -> None:
    assert as_user(root, UNRECOGNISED)["counted_at"] is None
    one, _two = saying("County terms"), saying("County terms", private=True)
    saying("CC BY 3.0 · CC BY 4.0")
    saying("")
    counting.everything()
    found = as_user(root, UNRECOGNISED)
    assert (found["datasets"], found["statements"], found["left_out"]) == (4, 2, 0)
    assert found["counted_at"]
    assert [(row["statement"], row["count"], row["parts"]) for row in found["results"]] == [
        ("County terms", 2, ["County terms"]), ("CC BY 3.0 · CC BY 4.0", 1, [])]
    assert one["id"] in {example["id"] for example in found["results"][0]["examples"]}
    page = as_user(root, UNRECOGNISED, limit=1)
    assert [row["number"] for row in as_user(root, UNRECOGNISED, limit=1, after=page["next"])["results"]] == [2]


def test_a_count_is_bounded_and_says_what_it_left_out(saying: Make, root: dict[str, Any], as_user: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_STATEMENTS", 2)
    for number in range(4):
        saying(f"County terms {number}")
    counting.everything()
    found = as_user(root, UNRECOGNISED)
    assert (found["statements"], found["left_out"]) == (2, 2)


def test_a_new_name_says_how_many_datasets_and_files_it_recognises(
        root: dict[str, Any], as_user: Make, saying: Make) -> None:
    saying("County terms")
    saying("County terms")
    saying("County terms · CC0 1.0")
    saying("CC-BY-4.0", resources=[{"url": "https://example.org/a", "license": "county terms"}])
    assert as_user(root, CREATE, text="Other terms", licence="CC0-1.0")["recognises_at_once"] == {"datasets": 0, "files": 0, "counted_at": None}
    counting.everything()
    made = as_user(root, CREATE, text="County terms", licence="CC-BY-4.0")["recognises_at_once"]
    assert made["counted_at"]
    # The third contradicts itself: it names another licence besides.
    assert (made["datasets"], made["files"]) == (2, 1)
    (row,) = [row for row in as_user(root, UNRECOGNISED)["results"] if row["statement"] == "County terms" and row["level"] == "dataset"]
    assert row["named"] == "CC-BY-4.0"
    counting.everything()
    assert {row["text"]: row["recognises"] for row in as_user(root, LIST)["results"]} == {"County terms": 3, "Other terms": 0}
    assert [row["statement"] for row in as_user(root, UNRECOGNISED)["results"]] == ["County terms · CC0 1.0"]


def test_the_names_are_read_once_a_minute_and_at_once_where_they_change(root: dict[str, Any], as_user: Make) -> None:
    assert dict(further.names()) == {}
    model.Session.add(LicenceAlias(key="quiet terms", text="Quiet terms", kind="text", licence_id="CC0-1.0", actor_id=1))
    model.Session.commit()
    assert dict(further.names()) == {}
    assert dict(further.names(fresh=True)) == {"quiet terms": "CC0-1.0"}
    as_user(root, CREATE, text="County terms", licence="CC-BY-4.0")
    assert dict(further.names()) == {"quiet terms": "CC0-1.0", "county terms": "CC-BY-4.0"}
