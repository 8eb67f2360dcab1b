"""Datasets whose licence changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest

Make = Callable[..., dict[str, Any]]

OGL, BY, NC, ZERO = "OGL-Canada-2.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC0-1.0"


@pytest.fixture
def change(make_app: Any) -> Callable[..., Any]:
    """Change fields of a dataset as an editor, or as the site itself: `change(about, user, license_id="CC0-1.0")`."""

    def do(about: dict[str, Any], user: dict[str, Any] | None, **fields: Any) -> Any:
        context: Any = {"user": user["name"]} if user else {"user": tk.config["ckan.site_id"], "ignore_auth": True}
        with make_app().flask_app.test_request_context():
            return tk.get_action("package_patch")(context, {"id": about["id"], **fields})

    return do


@pytest.fixture
def history(as_user: Callable[..., Any], make_app: Any) -> Callable[..., list[dict[str, Any]]]:
    """Give the changes of a dataset that a reader sees, the latest first."""

    def read(about: dict[str, Any], reader: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        with make_app().flask_app.test_request_context():
            return as_user(reader, "participation_licence_change_list", id=about["id"])["results"]

    return read


@pytest.fixture
def snow(person: Make, dataset: Make) -> dict[str, Any]:
    """A dataset under the Open Government Licence, with two files and an editor."""
    staff = person()
    about = dataset(staff=staff, license_id=OGL, resources=[
        {"url": "https://example.org/a.csv", "name": "A"}, {"url": "https://example.org/b.csv", "name": "B"}])  # fmt: skip
    return {**about, "staff": staff}


@pytest.fixture
def narrowed(snow: dict[str, Any], change: Callable[..., Any], history: Callable[..., list[dict[str, Any]]]) -> dict[str, Any]:
    """The same dataset after its editor put it under a licence that allows less; `change` is what the history says."""
    change(snow, snow["staff"], license_id=NC)
    return {**snow, "change": history(snow)[0]}


@pytest.fixture
def root(person: Make) -> dict[str, Any]:
    """An administrator of the site."""
    return person(sysadmin=True)


@pytest.fixture
def saying(dataset: Make) -> Callable[..., dict[str, Any]]:
    """Make a dataset whose source said this of its licence, as a harvest keeps it: `saying("County terms")`."""

    def make(words: str, **fields: Any) -> dict[str, Any]:
        extras = [{"key": "licence_as_published", "value": words}] if words else []
        return dataset(license_id="notspecified", extras=extras, **fields)

    return make
