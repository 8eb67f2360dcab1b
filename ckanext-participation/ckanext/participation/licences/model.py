"""What the database says of the licences of datasets and files: read only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

BATCH = 500


def datasets() -> Iterator[dict[str, Any]]:
    """Yield every active dataset, as far as its licence goes: `id`, `name`, `license_id`, `extras` and `resources`, ordered by id.

    Private datasets are among them: who may call is for the caller to say.
    """
    last = ""
    while True:
        rows = model.Session.execute(_DATASETS.where(_PACKAGE.c.id > last).order_by(_PACKAGE.c.id).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1].id
        yield from _whole(rows)


def these(ids: Collection[str]) -> list[dict[str, Any]]:
    """Return those of these datasets that are active, as `datasets` gives them."""
    return list(_whole(model.Session.execute(_DATASETS.where(_PACKAGE.c.id.in_(ids))).all()))


_PACKAGE = model.Package.__table__
_DATASETS = sa.select(_PACKAGE.c.id, _PACKAGE.c.name, _PACKAGE.c.license_id, _PACKAGE.c.extras).where(
    _PACKAGE.c.state == "active", _PACKAGE.c.type == "dataset")  # fmt: skip


def _whole(rows: Sequence[Any]) -> Iterator[dict[str, Any]]:
    files = _files([row.id for row in rows])
    for row in rows:
        extras = row.extras if isinstance(row.extras, dict) else {}
        yield {
            "id": row.id, "name": row.name, "license_id": row.license_id or "",
            "extras": [{"key": key, "value": value} for key, value in extras.items()], "resources": files.get(row.id, []),
        }  # fmt: skip


def _files(ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    table = model.Resource.__table__
    found: dict[str, list[dict[str, Any]]] = {}
    statement = sa.select(table.c.package_id, table.c.id, table.c.name, table.c.extras)
    for row in model.Session.execute(
        statement.where(table.c.package_id.in_(ids), table.c.state == "active").order_by(table.c.package_id, table.c.position)
    ):
        extras = row.extras if isinstance(row.extras, dict) else {}
        found.setdefault(row.package_id, []).append({**extras, "id": row.id, "name": row.name or ""})
    return found
