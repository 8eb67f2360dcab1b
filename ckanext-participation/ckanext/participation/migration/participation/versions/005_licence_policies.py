"""Keep which licences an organisation publishes under.

Revision ID: 005
Revises: 004

Only adds a table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.participation.common.migrating import add_table

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    add_table(
        "participation_licence_policy",
        sa.Column("organization_id", sa.Text, primary_key=True),
        sa.Column("allowed", JSONB, nullable=False),
        sa.Column("default_id", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the table: every licence is offered again."""
    op.drop_table("participation_licence_policy")
