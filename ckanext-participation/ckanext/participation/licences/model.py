"""What the database says of the licences of datasets and files: read only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from ckan import model

BATCH = 500


def datasets() -> Iterator[dict[str, Any]]:
    """Yield every active dataset, as far as its licence goes: `id`, `name`, `license_id`, `extras` and `resources`, ordered by id.

    Private datasets are among them: who may call is for the caller to say.
    """
    package = model.Package.__table__
    last = ""
    while True:
        rows = model.Session.execute(
            sa.select(package.c.id, package.c.name, package.c.license_id, package.c.extras)
            .where(package.c.state == "active", package.c.type == "dataset", package.c.id > last)
            .order_by(package.c.id).limit(BATCH)
        ).all()  # fmt: skip
        if not rows:
            return
        last = rows[-1].id
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
