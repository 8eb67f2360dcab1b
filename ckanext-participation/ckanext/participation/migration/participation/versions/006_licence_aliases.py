"""Keep the names that administrators give to licences, and what datasets say that nobody recognises.

Revision ID: 006
Revises: 005

Only adds tables. Run again, it goes on where it stopped (`common/migrating.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.participation.common.migrating import add_index, add_table

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    with op.get_context().autocommit_block():
        add_table(
            "participation_licence_alias",
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("key", sa.Text, nullable=False),
            sa.Column("text", sa.Text, nullable=False),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("licence_id", sa.Text, nullable=False),
            sa.Column("note", sa.Text, nullable=False),
            sa.Column("at", WHEN, nullable=False),
            sa.Column("actor_id", sa.BigInteger, nullable=False),
            sa.Column("taken_back_at", WHEN),
            sa.Column("taken_back_by", sa.BigInteger),
            sa.Column("applied_at", WHEN),
            sa.CheckConstraint("kind IN ('text', 'url')", name="participation_licence_alias_kind_check"),
        )
        add_index("participation_licence_alias_key_idx", "participation_licence_alias", ["key"], "taken_back_at IS NULL", unique=True)
        add_table(
            "participation_licence_statement",
            sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("level", sa.Text, nullable=False),
            sa.Column("statement", sa.Text, nullable=False),
            sa.Column("count", sa.Integer, nullable=False),
            sa.Column("parts", JSONB, nullable=False),
            sa.Column("keys", JSONB, nullable=False),
            sa.Column("why", sa.Text, nullable=False),
            sa.Column("candidates", JSONB, nullable=False),
            sa.Column("examples", JSONB, nullable=False),
        )
        add_table(
            "participation_licence_count",
            sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
            sa.Column("at", WHEN, nullable=False),
            sa.Column("datasets", sa.Integer, nullable=False),
            sa.Column("statements", sa.Integer, nullable=False),
            sa.Column("left_out", sa.Integer, nullable=False),
            sa.Column("recognised", JSONB, nullable=False),
        )


def downgrade() -> None:
    """Drop the tables, with the names that were added: what they stood for is not recognised any more."""
    op.drop_table("participation_licence_count")
    op.drop_table("participation_licence_statement")
    op.drop_table("participation_licence_alias")
