"""Keep what is known of each harvest source's records, so that a run touches only what differs.

Revision ID: 007
Revises: 006

Only adds tables. They are filled by the first run of each source, from its harvest objects.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ckanext.participation.common.migrating import add_index, add_table

revision = "007"
down_revision = "006"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    with op.get_context().autocommit_block():
        add_table(
            "participation_harvest_state",
            sa.Column("source_id", sa.Text, primary_key=True),
            sa.Column("guid", sa.Text, primary_key=True),
            sa.Column("package_id", sa.Text),
            sa.Column("source_modified", sa.Text, nullable=False),
            sa.Column("content_hash", sa.Text, nullable=False),
            sa.Column("mapped_digest", sa.Text, nullable=False),
            sa.Column("mapped_with", sa.Text, nullable=False),
            sa.Column("page", sa.Integer, nullable=False),
            sa.Column("seen_run", sa.BigInteger),
            sa.Column("due", sa.Boolean, nullable=False),
            sa.Column("errors", sa.Integer, nullable=False),
            sa.Column("last_error", sa.Text),
            sa.Column("held_id", sa.BigInteger),
        )
        add_index("participation_harvest_state_package_idx", "participation_harvest_state", ["package_id"])
        add_index("participation_harvest_state_errors_idx", "participation_harvest_state", ["source_id"], "errors > 0")
        add_index("participation_harvest_state_held_idx", "participation_harvest_state", ["held_id"], "held_id IS NOT NULL")
        add_table(
            "participation_harvest_run",
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("source_id", sa.Text, nullable=False),
            sa.Column("job_id", sa.Text, nullable=False, unique=True),
            sa.Column("attempt", sa.BigInteger, nullable=False, server_default="0"),
            sa.Column("started", WHEN, nullable=False),
            sa.Column("gathered", WHEN),
            sa.Column("whole", sa.Boolean, nullable=False),
            sa.Column("by_content", sa.Boolean, nullable=False),
            sa.Column("listed", sa.Integer, nullable=False),
            sa.Column("unchanged", sa.Integer, nullable=False),
            sa.Column("new", sa.Integer, nullable=False),
            sa.Column("changed", sa.Integer, nullable=False),
            sa.Column("retried", sa.Integer, nullable=False),
            sa.Column("gone", sa.Integer, nullable=False),
            sa.Column("requests", sa.Integer, nullable=False),
            sa.Column("bytes", sa.BigInteger, nullable=False),
            sa.Column("expected", sa.Integer),
            sa.Column("read", sa.Integer, nullable=False, server_default="0"),
            sa.Column("written", sa.Integer, nullable=False, server_default="0"),
            sa.Column("errors", sa.Integer, nullable=False, server_default="0"),
            sa.Column("beat", WHEN),
            sa.Column("finished", WHEN),
            sa.Column("stop_asked", sa.Boolean, nullable=False, server_default=sa.false()),
        )
        add_index("participation_harvest_run_source_idx", "participation_harvest_run", ["source_id", "id"])
        add_table(
            "participation_harvest_page",
            sa.Column("source_id", sa.Text, primary_key=True),
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("url", sa.Text, nullable=False),
            sa.Column("etag", sa.Text, nullable=False),
            sa.Column("last_modified", sa.Text, nullable=False),
            sa.Column("content_hash", sa.Text, nullable=False),
            sa.Column("next_url", sa.Text, nullable=False),
        )
        add_table(
            "participation_harvest_held",
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("source_id", sa.Text, nullable=False),
            sa.Column("at", WHEN, nullable=False),
            sa.Column("run_id", sa.BigInteger, nullable=False),
            sa.Column("gone", sa.Integer, nullable=False),
            sa.Column("before", sa.Integer, nullable=False),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("decided_at", WHEN),
            sa.Column("decided_by", sa.BigInteger),
            sa.CheckConstraint("state IN ('open', 'confirmed', 'refused', 'passed')", name="participation_harvest_held_state_check"),
        )
        add_index("participation_harvest_held_open_key", "participation_harvest_held", ["source_id"], "state = 'open'", unique=True)


def downgrade() -> None:
    """Drop the tables: the next run of each source compares everything once more, and held removals are forgotten."""
    for name in ("held", "page", "run", "state"):
        op.drop_table(f"participation_harvest_{name}")
