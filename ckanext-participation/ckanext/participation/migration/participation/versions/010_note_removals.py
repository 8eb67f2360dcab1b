"""Keep which datasets a harvest removed, so that what was said about them stays readable.

Revision ID: 010
Revises: 009

Only adds a table. Datasets that were removed before it was there stay as they are: nobody knows any more who removed them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ckanext.participation.common.migrating import add_table

revision = "010"
down_revision = "009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    with op.get_context().autocommit_block():
        add_table(
            "participation_removed_dataset",
            sa.Column("dataset_id", sa.Text, primary_key=True),
            sa.Column("source_id", sa.Text, nullable=False),
            sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("participation_removed_dataset")
