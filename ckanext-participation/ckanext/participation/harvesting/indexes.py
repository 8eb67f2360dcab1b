"""The indexes on ckanext-harvest's tables without which a long history makes every page of sources slow.

Migration 009 makes them where these tables are. On a new site they are made after it, in the order of `ckan.plugins`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from ckan import model

from ckanext.participation.common.migrating import add_index

INDEXES = (("participation_harvest_job_source_idx", "harvest_job", ["source_id", "created"]),
           ("participation_harvest_gather_error_job_idx", "harvest_gather_error", ["harvest_job_id"]))
_MISSING = sa.text("SELECT NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(:name) AND indisvalid)")


def ensure() -> list[str]:
    """Make those that are missing, while people read and write; return their names."""
    engine: Any = model.meta.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        missing = [row for row in INDEXES if connection.scalar(_MISSING, {"name": row[0]})]
        with Operations.context(MigrationContext.configure(connection)):
            for name, table, columns in missing:
                add_index(name, table, columns)
    return [name for name, _table, _columns in missing]
