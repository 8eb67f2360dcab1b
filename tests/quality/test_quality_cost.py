"""What judging costs when there are many: a new rule must be affordable on 100,000 datasets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from quality.conftest import GOOD

from ckanext.participation.quality import computing
from ckanext.participation.quality.model import Link, Quality

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "with_request_context")

Make = Callable[..., dict[str, Any]]
MANY = int(os.environ.get("PARTICIPATION_QUALITY_MANY", "2000"))
MOST_MS = 1.0
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


def _seconds_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_dataset_costs_less_than_a_millisecond(dataset: Make) -> None:
    about = dataset(**GOOD | {"frequency": "http://publications.europa.eu/resource/authority/frequency/MONTHLY", "modified": "2026-01-01"})
    for statement in (COPIES, FILES):
        model.Session.execute(sa.text(statement), {"many": MANY, "id": about["id"]})
    model.Session.commit()
    computing.marked()
    for name in ("first", "again"):
        backend = model.Session.scalar(sa.text("SELECT pg_backend_pid()"))
        before, begun = time.process_time() + _seconds_of(backend), time.monotonic()
        assert computing.everything() == MANY + 1
        # The chore keeps one connection, so one backend does its work.
        cost = (time.process_time() + _seconds_of(backend) - before) * 1000 / MANY
        print(f"{name}: {cost:.3f} ms of CPU for a dataset, PostgreSQL's included; {time.monotonic() - begun:.2f} s for {MANY}")
        assert cost < MOST_MS, name
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Quality)) == MANY + 1
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Link)) == 3 * MANY + 1
