"""What pages of conversations have in common: where one is, whose words are in which language, what one began oneself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

pytestmark = [pytest.mark.usefixtures("clean_db", "clean_index")]

Make = Callable[..., Any]


@pytest.fixture
def read(make_app: Any) -> Make:
    """Read a page as somebody: `read(user, "/participation/person")`."""

    def get(user: dict[str, Any] | None, path: str, status: int = 200) -> BeautifulSoup:
        reply = make_app().get(path, headers={"Authorization": user["token"]} if user else {}, status=status)
        return BeautifulSoup(reply.body, "html.parser")

    return get


@pytest.fixture
def asked(person: Make, dataset: Make, as_user: Make, make_app: Any) -> dict[str, Any]:
    """A question in English about a dataset, who asked it, and who answers for the dataset."""
    staff, reader = person(), person()
    about = dataset(staff=staff)
    with make_app().flask_app.test_request_context():
        thread = as_user(reader, "participation_thread_create", subject_id=about["id"], title="Where is 2019?", body="Words.", lang="en")
    return {"thread": thread, "reader": reader, "staff": staff, "about": about}


def test_ones_own_page_lists_the_conversations_that_one_began(asked: dict[str, Any], read: Make) -> None:
    assert "Where is 2019?" in read(asked["reader"], "/participation/person").select_one("#own-threads").get_text()
    assert "Where is 2019?" not in read(asked["staff"], "/participation/person").select_one("#own-threads").get_text()


@pytest.mark.parametrize("end", ["manage", "1/edit", "1/delete", "1/history"])
def test_the_trail_ends_with_the_page_itself_and_names_the_language_of_the_title(asked: dict[str, Any], read: Make, end: str) -> None:
    trail = read(asked["reader"], f"/fr/participation/thread/{asked['thread']['id']}/{end}").select_one(".pt-crumbs")
    here = trail.select("li")[-1]
    assert (here["aria-current"], here.find("a")) == ("page", None)
    assert trail.find("a", string="Where is 2019?")["lang"] == "en"


def test_a_refused_page_says_why_and_where_to_sign_in(asked: dict[str, Any], read: Make) -> None:
    page = read(None, f"/participation/thread/{asked['thread']['id']}/manage", status=401)
    assert "This page may be for members of an organisation only." in page.select_one("#error-content").get_text()
    assert page.select_one("#error-content a.btn-primary")["href"].startswith("/user/login")


def test_a_list_shows_that_a_mended_problem_is_locked(asked: dict[str, Any], as_user: Make, read: Make, make_app: Any) -> None:
    with make_app().flask_app.test_request_context():
        problem = as_user(asked["reader"], "participation_thread_create", subject_id=asked["about"]["id"], kind="problem", title="Wrong",
                          body="Words.", lang="en")
        as_user(asked["staff"], "participation_thread_problem_set", id=problem["id"], state="fixed", reason="Mended.")
        as_user(asked["staff"], "participation_thread_state_set", id=problem["id"], state="locked", reason="Done.")
    for path in (f"/participation/dataset/{asked['about']['name']}/threads", "/participation/conversations", f"/dataset/{asked['about']['name']}"):
        tags = next(title.find_previous(class_="pt-thread-line__tags") for title in read(None, path).select(".pt-thread-line__title")
                    if title.get_text(strip=True) == "Wrong")
        assert [tag.get_text(strip=True) for tag in tags.select(".pt-tag")] == ["Problem report", "Fixed", "Locked"], path


def test_a_list_says_that_ones_own_conversation_waits_for_a_look(asked: dict[str, Any], as_user: Make, read: Make, make_app: Any) -> None:
    with make_app().flask_app.test_request_context():
        links = " ".join(f"https://a.example/{number}" for number in range(20))
        as_user(asked["reader"], "participation_thread_create", subject_id=asked["about"]["id"], title="Links", body=links, lang="en")
    tags = read(asked["reader"], "/participation/person").find("a", string="Links").find_previous(class_="pt-thread-line__tags")
    assert "Waiting for review" in tags.get_text()
