"""The administrators' page on licences that nobody recognises, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

from ckanext.participation.licensing import counting

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
PAGE = "/participation/licences/unrecognised"
WORDS = "The rules of our house"


@pytest.fixture
def page_of(app: Any) -> Make:
    """Read a page as somebody: `page_of(user, path)`."""
    def read(user: dict[str, Any] | None, path: str, **expected: Any) -> BeautifulSoup:
        app.client = app.test_client()
        if user:
            app.set_session_user(user["id"])
        return BeautifulSoup(app.get(path, **expected).body, "html.parser")
    return read


def token(page: Any) -> dict[str, str]:
    return {"_csrf_token": page.find("input", attrs={"name": "_csrf_token"})["value"]}


@pytest.mark.parametrize("path", [PAGE, f"/fr{PAGE}", f"{PAGE}/name"])
def test_the_page_is_for_administrators_of_the_site(person: Make, page_of: Make, path: str) -> None:
    page_of(None, path, status=401)
    page_of(person(), path, status=403)


def test_the_administration_leads_to_it(root: dict[str, Any], page_of: Make) -> None:
    assert page_of(root, "/ckan-admin/").find("a", href=PAGE)


def test_before_the_first_count_and_with_nothing_to_show_it_says_so(root: dict[str, Any], page_of: Make) -> None:
    assert "Nothing is counted yet" in page_of(root, PAGE).text
    counting.everything()
    page = page_of(root, PAGE)
    assert "Every licence is recognised" in page.text
    assert "None yet." in page.text


def test_an_administrator_names_a_licence_and_takes_it_back(root: dict[str, Any], saying: Make, page_of: Make, app: Any) -> None:
    one = saying(WORDS)
    saying(WORDS)
    saying("CC BY 3.0 · CC BY 4.0")
    counting.everything()
    page = page_of(root, PAGE)
    card = page.find("article")
    assert WORDS in card.text
    assert "2 datasets" in card.text
    assert "Only the publisher can say which one holds." in page.find_all("article")[1].text
    assert card.find("a", string=lambda text: bool(text and text.startswith("test_dataset"))) or one["name"] in card.text
    form = page_of(root, card.select_one(".pt-actions a")["href"])
    assert form.find("input", attrs={"name": "text"})["value"] == WORDS
    sent = app.post(f"{PAGE}/name", data={"text": WORDS, "licence": "CC-BY-4.0", "note": "They said", **token(form)}, follow_redirects=True)
    after: Any = BeautifulSoup(sent.body, "html.parser")
    assert "Datasets that it recognises: 2. Files: 0." in after.text
    assert "You said what it means" in after.find("article").text
    (name,) = after.select("#names article")
    assert "They said" in name.text
    app.post(f"{PAGE}/take-back", data={"id": name.find("input", attrs={"name": "id"})["value"], **token(form)}, follow_redirects=False)
    gone = page_of(root, PAGE)
    assert not gone.select("#names article")
    assert WORDS in gone.select_one("#names details").text


def test_several_names_in_one_statement_are_offered_each_and_what_it_could_be_stands_first(
        root: dict[str, Any], saying: Make, page_of: Make) -> None:
    saying("House rules · https://house.example/rules")
    counting.everything()
    links = page_of(root, PAGE).select("article li a")
    assert [link.text for link in links] == ["House rules", "https://house.example/rules"]
    options = page_of(root, links[0]["href"] + "&could=CC-BY-3.0&could=CC-BY-4.0").select("select[name=licence] option")
    assert {option["value"] for option in options[1:3]} == {"CC-BY-3.0", "CC-BY-4.0"}
    assert len(options) > 100


@pytest.mark.parametrize(("typed", "field"), [
    ({"text": WORDS, "licence": ""}, "licence"), ({"text": "CC0", "licence": "CC-BY-4.0"}, "text"), ({"text": "…", "licence": "CC-BY-4.0"}, "text"),
    ({"text": WORDS, "licence": "CC-BY-4.0", "note": "n" * 501}, "note")])
def test_an_error_keeps_what_was_typed(root: dict[str, Any], page_of: Make, app: Any, typed: dict[str, str], field: str) -> None:
    form = page_of(root, f"{PAGE}/name")
    refused = app.post(f"{PAGE}/name", data={"note": "Because", **typed, **token(form)}, status=409)
    again: Any = BeautifulSoup(refused.body, "html.parser")
    assert again.find("input", attrs={"name": "text"})["value"] == typed["text"]
    assert again.find("input", attrs={"name": "note"})["value"] == typed.get("note", "Because")
    assert [option["value"] for option in again.select("select[name=licence] option[selected]")] in ([typed["licence"]], [])
    assert again.select_one(f".pt-errors a[href='#field-{field}']")


def test_whose_session_ended_keeps_what_was_typed(root: dict[str, Any], page_of: Make, app: Any) -> None:
    form = page_of(root, f"{PAGE}/name")
    data = {"text": WORDS, "licence": "CC-BY-4.0", **token(form)}
    app.client = app.test_client()
    refused = app.post(f"{PAGE}/name", data=data, follow_redirects=False)
    assert refused.status_code in {400, 403}
    again: Any = BeautifulSoup(refused.body, "html.parser")
    assert again.find("input", attrs={"name": "text"})["value"] == WORDS


@pytest.mark.parametrize(("path", "status"), [("?after=x", 400), ("?names=-1", 400), ("?after=999999999999", 200), ("/name?text=%00", 200)])
def test_an_address_with_nonsense_is_answered(root: dict[str, Any], page_of: Make, path: str, status: int) -> None:
    page_of(root, PAGE + path, status=status)


def test_what_is_not_there_can_not_be_taken_back(root: dict[str, Any], page_of: Make, app: Any) -> None:
    form = page_of(root, f"{PAGE}/name")
    app.post(f"{PAGE}/take-back", data={"id": "99", **token(form)}, status=404)
    app.post(f"{PAGE}/take-back", data={"id": "x", **token(form)}, status=400)
