"""The licence actions, helpers and box, in a running CKAN."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [
    pytest.mark.usefixtures("with_plugins"),
]


def call(action: str, user: str = "", **data: Any) -> Any:
    from ckan.tests.helpers import call_action

    return call_action(action, {"user": user, "ignore_auth": False}, **data)


def test_anyone_may_list_the_register() -> None:
    listed = call("participation_licence_list", family="OGL", openness="open")
    assert "OGL-Canada-2.0" in [licence["id"] for licence in listed]
    assert {licence["family"] for licence in listed} == {"OGL"}


def test_a_licence_is_shown_by_its_alias() -> None:
    shown = call("participation_licence_show", id="ca-ogl-lgo")
    assert shown["id"] == "OGL-Canada-2.0"
    assert shown["openness"] == "open"


def test_an_unknown_licence_is_not_found() -> None:
    import ckan.plugins.toolkit as tk

    with pytest.raises(tk.ObjectNotFound):
        call("participation_licence_show", id="no-such-licence")


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        ("participation_licence_list", {"openness": "wide"}, "openness"),
        ("participation_licence_show", {}, "id"),
        ("participation_licence_show", {"id": ["a"]}, "id"),
        ("participation_licence_recognise", {"url": "x" * 100_000}, "url"),
        ("participation_licence_recognise", {"title": {"a": 1}}, "title"),
        ("participation_licence_recognise", {"title": 5}, "title"),
        ("participation_licence_credit", {"id": "a\x00b"}, "id"),
        ("participation_licence_credit", {"id": ""}, "id"),
    ],
)
def test_bad_input_names_its_field(action: str, data: dict[str, Any], field: str) -> None:
    import ckan.plugins.toolkit as tk

    with pytest.raises(tk.ValidationError) as error:
        call(action, **data)
    assert field in error.value.error_dict


def test_recognition_says_why() -> None:
    found = call("participation_licence_recognise", url="https://creativecommons.org/licenses/by/4.0/deed.fr")
    assert (found["id"], found["confidence"]) == ("CC-BY-4.0", "certain")
    assert found["why"]


@pytest.mark.usefixtures("non_clean_db")
def test_a_dataset_gets_its_credit_line_in_both_languages() -> None:
    from ckan.tests import factories

    dataset = factories.Dataset(license_id="OGL-Canada-2.0", title="Rivers")
    credit = call("participation_licence_credit", id=dataset["name"])
    assert credit["required"]
    assert "Open Government Licence – Canada." in credit["lines"]["en"]
    assert "Licence du gouvernement ouvert – Canada." in credit["lines"]["fr"]


@pytest.mark.usefixtures("non_clean_db")
def test_the_credit_line_of_a_private_dataset_is_not_for_everybody() -> None:
    import ckan.plugins.toolkit as tk
    from ckan.tests import factories

    owner = factories.Organization()
    dataset = factories.Dataset(license_id="OGL-Canada-2.0", private=True, owner_org=owner["id"])
    with pytest.raises(tk.NotAuthorized):
        call("participation_licence_credit", id=dataset["id"])


@pytest.mark.parametrize(
    ("licence_id", "words"),
    [
        (
            "OGL-Canada-2.0",
            ["Open licence", "You may", "You must", "You may not", "Credit line", "Read the licence"],
        ),
        ("CC-BY-NC-4.0", ["Not an open licence", "use the data mainly for commercial gain"]),
        ("", ["No licence stated", "Ask the organisation about the licence"]),
        ("<b>odd</b>", ["Licence not recognised", "&lt;b&gt;odd&lt;/b&gt;"]),
    ],
)
def test_the_box_says_it_in_words(app: Any, licence_id: str, words: list[str]) -> None:
    import ckan.plugins.toolkit as tk

    with app.flask_app.test_request_context("/"):
        html = tk.h.snippet(
            "participation/snippets/licence_box.html",
            pkg_dict={"name": "rivers", "title": "Rivers", "license_id": licence_id},
            ask_url="/ask",
        )
    for word in words:
        assert word in html
    assert html.count("<h2") == 1
    assert "style=" not in html
    assert "<script" not in html
