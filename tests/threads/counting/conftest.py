"""Conversations to count, and the job that counts them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.lib.search.common import make_connection
from ckan.tests import helpers

from ckanext.participation.threads import counting

Make = Callable[..., Any]


@pytest.fixture
def ask(person: Make, as_user: Make) -> Callable[..., dict[str, Any]]:
    def make(about: dict[str, Any], **fields: Any) -> dict[str, Any]:
        return as_user(fields.pop("user", None) or person(), "participation_thread_create",
                       **{"subject_id": about["id"], "title": "Why?", "body": "Words.", **fields})

    return make


def counts(about: dict[str, Any]) -> dict[str, int]:
    model.Session.expire_all()
    found = counting.of_datasets([about["id"]]).get(about["id"], {})
    return {name: number for name, number in found.items() if number}


def count() -> int:
    return counting.recount(seconds=0)


def index() -> int:
    """Index what is due and wait until the search shows it."""
    done = counting.index()
    make_connection().commit()
    return done


def search(**params: Any) -> dict[str, Any]:
    return helpers.call_action("package_search", **params)
