"""Keep when a source asked to be left alone until, and find a source's jobs and a job's report without reading all of them.

Revision ID: 009
Revises: 008

The indexes are on ckanext-harvest's tables, and are made where these are; the harvest clock makes them on other sites.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ckanext.participation.common.migrating import add_columns, add_index

revision = "009"
down_revision = "008"
branch_labels = None
depends_on = None

INDEXES = (("participation_harvest_job_source_idx", "harvest_job", ["source_id", "created"]),
           ("participation_harvest_gather_error_job_idx", "harvest_gather_error", ["harvest_job_id"]))


def upgrade() -> None:
    """Add the column, and the indexes where there is something to index."""
    with op.get_context().autocommit_block():
        add_columns("participation_harvest_run", sa.Column("not_before", sa.DateTime(timezone=True)))
        for name, table, columns in INDEXES:
            if op.get_bind().scalar(sa.text("SELECT to_regclass(:table)"), {"table": table}):
                add_index(name, table, columns)


def downgrade() -> None:
    """Drop both."""
    with op.get_context().autocommit_block():
        for name, _table, _columns in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute("ALTER TABLE participation_harvest_run DROP COLUMN IF EXISTS not_before")
