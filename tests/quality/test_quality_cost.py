"""What judging costs when there are many: a new rule must be affordable on 100,000 datasets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from quality.conftest import GOOD
from statements import statements

from ckanext.participation.quality import computing
from ckanext.participation.quality.model import Link, Quality

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "with_request_context")

Make = Callable[..., dict[str, Any]]
MANY = 2000
MOST_A_BATCH = 12
COPIES = """
INSERT INTO package (id, name, title, notes, license_id, type, owner_org, private, state, extras, metadata_created, metadata_modified,
    creator_user_id, author_email, maintainer_email)
SELECT 'p' || n, 'p' || n, title, notes, license_id, type, owner_org, private, state, extras, metadata_created, metadata_modified,
    creator_user_id, author_email, maintainer_email FROM package, generate_series(1, :many) n WHERE id = :id
"""
FILES = """
INSERT INTO resource (id, package_id, url, format, position, state, extras, url_type)
SELECT 'r' || n || '-' || f, 'p' || n, 'https://h' || (n % 50) || '.example.org/' || n || '/' || f, 'CSV', f, 'active', r.extras, r.url_type
FROM resource r, generate_series(1, :many) n, generate_series(1, 3) f WHERE package_id = :id
"""


def test_what_is_asked_of_the_database_depends_on_batches_not_on_datasets(dataset: Make) -> None:
    about = dataset(**GOOD | {"frequency": "http://publications.europa.eu/resource/authority/frequency/MONTHLY", "modified": "2026-01-01"})
    for statement in (COPIES, FILES):
        model.Session.execute(sa.text(statement), {"many": MANY, "id": about["id"]})
    model.Session.commit()
    computing.marked()
    batches = math.ceil((MANY + 1) / computing.BATCH)
    for name in ("first", "again"):
        with statements() as said:
            assert computing.everything() == MANY + 1
        assert len(said) <= MOST_A_BATCH * (batches + 1), name
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Quality)) == MANY + 1
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Link)) == 3 * MANY + 1
