"""Note when the licence of a dataset or of a file changes.

Revision ID: 004
Revises: 003

Only adds a table. Run again, it goes on where it stopped (`common/migrating.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.participation.common.migrating import add_index, add_table

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    with op.get_context().autocommit_block():
        add_table(
            "participation_licence_change",
            sa.Column("id", sa.BigInteger, primary_key=True),
            sa.Column("subject_id", sa.BigInteger, sa.ForeignKey("participation_subject.id"), nullable=False),
            sa.Column("at", WHEN, nullable=False),
            sa.Column("since", WHEN),
            sa.Column("kind", sa.Text, nullable=False),
            sa.Column("via", sa.Text, nullable=False),
            sa.Column("before", sa.Text, nullable=False),
            sa.Column("after", sa.Text, nullable=False),
            sa.Column("before_words", sa.Text, nullable=False),
            sa.Column("after_words", sa.Text, nullable=False),
            sa.Column("files", JSONB),
            sa.Column("actor_id", sa.BigInteger),
            sa.Column("state", sa.Text, nullable=False),
            sa.Column("explanation", sa.Text),
            sa.Column("explanation_lang", sa.Text),
            sa.Column("explained_at", WHEN),
            sa.Column("explained_by", sa.BigInteger),
            sa.Column("explained_for", sa.Text),
            sa.CheckConstraint("kind IN ('stated', 'same', 'widened', 'narrowed', 'mixed', 'dropped', 'unclear')",
                               name="participation_licence_change_kind_check"),
            sa.CheckConstraint("via IN ('edit', 'harvest', 'return')", name="participation_licence_change_via_check"),
            sa.CheckConstraint("state IN ('open', 'explained', 'noted')", name="participation_licence_change_state_check"),
        )
        add_index("participation_licence_change_subject_idx", "participation_licence_change", ["subject_id", "id"])
        add_index("participation_licence_change_open_idx", "participation_licence_change", ["subject_id", "id"], "state = 'open'")


def downgrade() -> None:
    """Drop the table, with what organisations said about changes."""
    op.drop_table("participation_licence_change")
