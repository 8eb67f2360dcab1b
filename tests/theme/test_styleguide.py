"""The living page of components. No request context around these tests: it would keep who was signed in before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup

pytestmark = [pytest.mark.usefixtures("clean_db")]

Make = Callable[..., dict[str, Any]]
SignIn = Callable[[dict[str, Any]], None]


@pytest.fixture
def sign_in(app: Any) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Sign a user in; the application's client is shared by all tests, so that it is signed out at the end."""
    yield lambda user: app.set_session_user(user["id"])
    app.set_session_user(None)


def test_the_style_guide_is_closed_to_readers(app: Any) -> None:
    assert app.get("/participation/styleguide").status_code == 403


def test_the_style_guide_is_closed_to_a_signed_in_citizen(app: Any, person: Make, sign_in: SignIn) -> None:
    sign_in(person())
    assert app.get("/participation/styleguide").status_code == 403


def test_the_style_guide_shows_every_component_to_an_administrator(app: Any, person: Make, sign_in: SignIn) -> None:
    sign_in(person(sysadmin=True))
    reply = app.get("/participation/styleguide")
    assert reply.status_code == 200
    page = BeautifulSoup(reply.body, "html.parser")
    assert len(page.select("section.pt-section")) >= 15
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
