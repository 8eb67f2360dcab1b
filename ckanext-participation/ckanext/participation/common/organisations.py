"""What CKAN leaves out beside a dataset: its organisation's title in both languages."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.participation.common import memo


def titles(name: str) -> dict[str, str]:
    """Return `{"fr", "en"}` of the organisation `name`, as far as it has them; one statement per organisation and request."""
    return memo.once(("organisation titles", name), lambda: _titles(name))


def _titles(name: str) -> dict[str, str]:
    table = model.Group.__table__
    kept = model.Session.scalar(
        sa.select(table.c.extras["title_translated"].astext).where(table.c.name == name, table.c.is_organization))
    read: Any = json.loads(kept) if isinstance(kept, str) and kept.startswith("{") else {}
    return {lang: text for lang, text in read.items() if isinstance(text, str)} if isinstance(read, dict) else {}
