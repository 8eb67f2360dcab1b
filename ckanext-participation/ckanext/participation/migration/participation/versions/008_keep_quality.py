"""Keep what each dataset lacks, and what became of the addresses of its files.

Revision ID: 008
Revises: 007

Only adds tables. The chore of the sending process fills them within minutes (100,000 datasets: about a minute of one processor).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ckanext.participation.common.migrating import add_index, add_table

revision = "008"
down_revision = "007"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    with op.get_context().autocommit_block():
        add_table(
            "participation_quality",
            sa.Column("package_id", sa.Text, primary_key=True),
            sa.Column("organization_id", sa.Text),
            sa.Column("at", WHEN, nullable=False),
            sa.Column("rules", sa.Integer, nullable=False),
            sa.Column("met", sa.Integer, nullable=False),
            sa.Column("missing", sa.Integer, nullable=False),
            sa.Column("stars", sa.Integer),
            sa.Column("files", sa.Integer, nullable=False),
            sa.Column("machine", sa.Integer, nullable=False),
            sa.Column("dead", sa.Integer, nullable=False),
            sa.Column("follows", sa.Integer, nullable=False),
            sa.Column("messages", sa.Integer, nullable=False),
            sa.Column("views", sa.Integer, nullable=False),
            sa.Column("use", sa.BigInteger, nullable=False),
        )
        add_index("participation_quality_organization_idx", "participation_quality", ["organization_id", "use", "package_id"])
        add_index("participation_quality_at_idx", "participation_quality", ["at"])
        add_table(
            "participation_quality_mark",
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("package_id", sa.Text, nullable=False),
        )
        add_table(
            "participation_link",
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("digest", sa.Text, nullable=False, unique=True),
            sa.Column("url", sa.Text, nullable=False),
            sa.Column("host", sa.Text, nullable=False),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("status", sa.Integer),
            sa.Column("why", sa.Text, nullable=False),
            sa.Column("failures", sa.Integer, nullable=False),
            sa.Column("failed_since", WHEN),
            sa.Column("asked_at", WHEN),
            sa.Column("answered_at", WHEN),
            sa.Column("due_at", WHEN, nullable=False),
            sa.Column("moved_to", sa.Text),
            sa.CheckConstraint("state IN ('new', 'alive', 'moved', 'unknown', 'dead')", name="participation_link_state_check"),
        )
        add_index("participation_link_host_idx", "participation_link", ["host", "due_at"])
        add_table(
            "participation_link_use",
            sa.Column("package_id", sa.Text, primary_key=True),
            sa.Column("link_id", sa.BigInteger, primary_key=True),
        )
        add_index("participation_link_use_link_idx", "participation_link_use", ["link_id"])
        add_table(
            "participation_link_day",
            sa.Column("day", sa.Date, primary_key=True),
            sa.Column("requests", sa.Integer, nullable=False),
        )


def downgrade() -> None:
    """Drop the tables: everything is judged and asked anew after the next upgrade."""
    for name in ("link_day", "link_use", "link", "quality_mark", "quality"):
        op.drop_table(f"participation_{name}")
