"""Datasets that are removed and made again, and what is said of them then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.tests import factories

from ckanext.participation.common.model import Event

Make = Callable[..., Any]
FILES = [{"url": "https://data.example/a.csv", "name": "A"}, {"url": "https://data.example/b.csv", "name": "B"}]


def purge(dataset_id: str) -> None:
    """Remove a dataset as `harvest source clear` does: with raw SQL, and no signal."""
    for table in ("resource", "package_tag", "member"):
        column = "table_id" if table == "member" else "package_id"
        model.Session.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": dataset_id})
    model.Session.execute(sa.text("DELETE FROM package WHERE id = :id"), {"id": dataset_id})
    model.Session.commit()


def recreate(about: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return factories.Dataset(**{"owner_org": about["owner_org"], "title_translated": {"fr": "Neige", "en": "Snow"}, **fields})


def threads_of(as_user: Make, about: dict[str, Any]) -> list[int]:
    return [row["id"] for row in as_user(None, "participation_thread_list", subject_id=about["id"])["results"]]


def events_of(type_: str) -> list[dict[str, Any]]:
    return [event.data for event in model.Session.scalars(sa.select(Event).where(Event.type == type_).order_by(Event.id))]
