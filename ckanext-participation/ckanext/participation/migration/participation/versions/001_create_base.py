"""Create people, subjects, events, outbox, idempotency keys, threads and messages.

Revision ID: 001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "001"
down_revision = None
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
STATES = "('visible', 'held', 'hidden', 'removed')"

# An event is never changed. Erasing a person's data (a later issue) sets `participation.erasure` for its own transaction.
KEEP_EVENTS = """
CREATE OR REPLACE FUNCTION participation_keep_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('participation.erasure', true), '') = 'on' THEN
    RETURN coalesce(NEW, OLD);
  END IF;
  RAISE EXCEPTION 'participation_event is append-only';
END $$;
CREATE TRIGGER participation_keep_events BEFORE UPDATE OR DELETE ON participation_event
  FOR EACH ROW EXECUTE FUNCTION participation_keep_events();
"""


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "participation_person",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("user_id", sa.Text, unique=True),
        sa.Column("email", sa.Text, unique=True),
        sa.Column("public_name", sa.Text),
        sa.Column("created", WHEN, nullable=False),
        sa.CheckConstraint("user_id IS NOT NULL OR email IS NOT NULL", name="participation_person_known"),
    )
    op.create_table(
        "participation_subject",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("organization_id", sa.Text),
        sa.Column("guid", sa.Text),
        sa.Column("uri", sa.Text),
        sa.Column("landing_page", sa.Text),
        sa.Column("created", WHEN, nullable=False),
        sa.Column("lost_at", WHEN),
        sa.Column("merged_into", sa.BigInteger),
        sa.UniqueConstraint("type", "ref", name="participation_subject_type_ref_key"),
    )
    op.create_index("participation_subject_lost_idx", "participation_subject", ["lost_at"],
                    postgresql_where=sa.text("lost_at IS NOT NULL"))
    op.create_index("participation_subject_organization_idx", "participation_subject", ["organization_id"])
    op.create_table(
        "participation_event",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("actor_id", sa.BigInteger),
        sa.Column("subject_id", sa.BigInteger),
        sa.Column("target_type", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
    )
    op.create_index("participation_event_actor_idx", "participation_event", ["actor_id", "at"])
    op.create_index("participation_event_target_idx", "participation_event", ["target_type", "target_id"])
    op.create_index("participation_event_subject_idx", "participation_event", ["subject_id", "at"])
    op.execute(KEEP_EVENTS)
    op.create_table(
        "participation_outbox",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("event_id", sa.BigInteger, sa.ForeignKey("participation_event.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("created", WHEN, nullable=False),
        sa.Column("not_before", WHEN, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("done_at", WHEN),
        sa.UniqueConstraint("event_id", "kind", "recipient", name="participation_outbox_once_key"),
    )
    op.create_index("participation_outbox_due_idx", "participation_outbox", ["not_before"],
                    postgresql_where=sa.text("done_at IS NULL"))
    op.create_table(
        "participation_idempotency",
        sa.Column("person_id", sa.BigInteger, primary_key=True),
        sa.Column("action", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("created", WHEN, nullable=False),
        sa.Column("target_id", sa.Text),
    )
    op.create_index("participation_idempotency_created_idx", "participation_idempotency", ["created"])
    _threads()


def _threads() -> None:
    op.create_table(
        "participation_thread",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("subject_id", sa.BigInteger, sa.ForeignKey("participation_subject.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("created", WHEN, nullable=False),
        sa.Column("next_seq", sa.Integer, nullable=False),
        sa.Column("n_visible", sa.Integer, nullable=False),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("last_at", WHEN, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("kind IN ('question', 'problem', 'suggestion', 'thanks')", name="participation_thread_kind_check"),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed', 'locked')", name="participation_thread_state_check"),
        sa.CheckConstraint(f"visibility IN {STATES}", name="participation_thread_visibility_check"),
    )
    op.create_index("participation_thread_subject_idx", "participation_thread", ["subject_id", "last_at", "id"])
    op.create_index("participation_thread_latest_idx", "participation_thread", ["last_at", "id"],
                    postgresql_where=sa.text("visibility = 'visible'"))
    op.create_table(
        "participation_comment",
        sa.Column("thread_id", sa.BigInteger, sa.ForeignKey("participation_thread.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("parent_seq", sa.Integer),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("depth", sa.SmallInteger, nullable=False),
        sa.Column("author_id", sa.BigInteger, nullable=False),
        sa.Column("on_behalf_of", sa.Text),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("created", WHEN, nullable=False),
        sa.Column("edited", WHEN),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("body_html", sa.Text, nullable=False),
        sa.Column("text_version", sa.SmallInteger, nullable=False),
        sa.CheckConstraint(f"state IN {STATES}", name="participation_comment_state_check"),
    )
    op.create_index("participation_comment_page_idx", "participation_comment", ["thread_id", "path"],
                    postgresql_where=sa.text("state <> 'held'"))
    op.create_index("participation_comment_held_idx", "participation_comment", ["created"],
                    postgresql_where=sa.text("state = 'held'"))
    op.create_index("participation_comment_author_idx", "participation_comment", ["author_id"])


def downgrade() -> None:
    """Drop the tables, with everything that people said in them."""
    for table in ("comment", "thread", "idempotency", "outbox", "event", "subject", "person"):
        op.drop_table(f"participation_{table}")
    op.execute("DROP FUNCTION participation_keep_events()")
