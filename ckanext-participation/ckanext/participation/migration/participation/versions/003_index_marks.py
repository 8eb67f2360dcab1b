"""Note what the search does not know yet of what people said, and what it holds.

Revision ID: 003
Revises: 002

Only adds tables. Every conversation that exists is marked, so that the sending process brings it to the search by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ckanext.participation.common.migrating import add_index, add_table

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables and mark every conversation."""
    with op.get_context().autocommit_block():
        add_table(
            "participation_index_mark",
            sa.Column("kind", sa.Text, primary_key=True),
            sa.Column("ref", sa.Text, primary_key=True),
            sa.Column("since", sa.DateTime(timezone=True), nullable=False),
            sa.Column("number", sa.Integer, nullable=False),
        )
        add_index("participation_index_mark_since_idx", "participation_index_mark", ["since"])
        add_table(
            "participation_indexed",
            sa.Column("kind", sa.Text, primary_key=True),
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("about", sa.Text, nullable=False),
            sa.Column("said", sa.Text, nullable=False),
            sa.Column("walking", sa.Text),
            sa.Column("walked", sa.Integer, nullable=False),
        )
        op.execute("INSERT INTO participation_index_mark (kind, ref, since, number) "
                   "SELECT 'thread', CAST(id AS text), now(), 1 FROM participation_thread ON CONFLICT DO NOTHING")


def downgrade() -> None:
    """Drop what was added; nothing that people said is in it."""
    op.drop_table("participation_indexed")
    op.drop_table("participation_index_mark")
