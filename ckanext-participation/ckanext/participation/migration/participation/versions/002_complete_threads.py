"""Complete the conversation: problems, answers, edits, support, ratings, pictures, switches of organisations, counters.

Revision ID: 002
Revises: 001

Only adds: the release before keeps reading and posting beside it, also while it runs. Every new column has a default that needs no
rewrite of the table; nobody waits longer than two seconds for a lock; run again, it goes on where it stopped (`common/migrating.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.participation.common.migrating import add_check, add_columns, add_index, add_table

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)
SHOWN = "state <> 'held'"
ROOTS = "state <> 'held' AND depth = 0"


def upgrade() -> None:
    """Add columns and tables."""
    with op.get_context().autocommit_block():
        _threads()
        _comments()
        _new_tables()
        _people()


def _threads() -> None:
    add_columns(
        "participation_thread",
        sa.Column("state_reason", sa.Text), sa.Column("state_at", WHEN), sa.Column("answer_seq", sa.Integer),
        sa.Column("assignee_id", sa.BigInteger), sa.Column("problem_state", sa.Text), sa.Column("problem", JSONB),
        sa.Column("n_changes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("n_untranslated", sa.Integer, nullable=False, server_default="0"))
    add_check("participation_thread_problem_check", "participation_thread", "problem_state IN ('open', 'confirmed', 'fixed', 'wont_fix')")
    add_index("participation_thread_to_do_idx", "participation_thread", ["subject_id", "state", "kind"], "visibility = 'visible'")


def _comments() -> None:
    add_columns(
        "participation_comment",
        sa.Column("signed", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("n_support", sa.Integer, nullable=False, server_default="0"),
        sa.Column("n_against", sa.Integer, nullable=False, server_default="0"),
        sa.Column("n_versions", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attachments", JSONB), sa.Column("translation", JSONB),
        sa.Column("translation_pending", sa.Boolean, nullable=False, server_default=sa.false()))
    for name, columns, where in (
            ("official", ["thread_id", "seq"], "on_behalf_of IS NOT NULL AND state = 'visible'"),
            ("useful", ["thread_id", "n_support", "seq"], SHOWN), ("root", ["thread_id", "seq"], ROOTS),
            ("root_useful", ["thread_id", "n_support", "seq"], ROOTS),
            ("untranslated", ["on_behalf_of", "created"], "translation_pending")):
        add_index(f"participation_comment_{name}_idx", "participation_comment", columns, where)


def _new_tables() -> None:
    add_table(
        "participation_comment_version",
        sa.Column("thread_id", sa.BigInteger, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("lang", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("until", WHEN, nullable=False),
        sa.Column("editor_id", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["thread_id", "seq"], ["participation_comment.thread_id", "participation_comment.seq"]),
    )
    add_table(
        "participation_thread_change",
        sa.Column("thread_id", sa.BigInteger, sa.ForeignKey("participation_thread.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("actor_id", sa.BigInteger, nullable=False),
        sa.Column("official", sa.Boolean, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("link", JSONB),
    )
    add_table(
        "participation_rating",
        sa.Column("subject_id", sa.BigInteger, sa.ForeignKey("participation_subject.id"), primary_key=True),
        sa.Column("person_id", sa.BigInteger, primary_key=True),
        sa.Column("value", sa.SmallInteger, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.CheckConstraint("value BETWEEN 1 AND 5", name="participation_rating_value_check"),
    )
    add_table(
        "participation_read_mark",
        sa.Column("person_id", sa.BigInteger, primary_key=True),
        sa.Column("thread_id", sa.BigInteger, sa.ForeignKey("participation_thread.id"), primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", WHEN, nullable=False),
    )
    add_table(
        "participation_organization_policy",
        sa.Column("organization_id", sa.Text, primary_key=True),
        sa.Column("threads", sa.Text, nullable=False),
        sa.Column("review", sa.Text, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.Column("actor_id", sa.BigInteger, nullable=False),
        sa.CheckConstraint("threads IN ('on', 'members', 'off')", name="participation_organization_policy_threads_check"),
        sa.CheckConstraint("review IN ('after', 'before')", name="participation_organization_policy_review_check"),
    )
    numbers = ("threads", "threads_open", "questions_open", "problems_open", "comments", "answered",
               "stars_1", "stars_2", "stars_3", "stars_4", "stars_5")
    add_table(
        "participation_subject_count",
        sa.Column("subject_id", sa.BigInteger, sa.ForeignKey("participation_subject.id"), primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in numbers),
        sa.Column("counted_at", WHEN, nullable=False),
        sa.Column("indexed_at", WHEN),
    )
    add_index("participation_subject_count_unindexed_idx", "participation_subject_count", ["counted_at"], "indexed_at IS NULL")
    add_table(
        "participation_recount",
        sa.Column("subject_id", sa.BigInteger, sa.ForeignKey("participation_subject.id"), primary_key=True),
        sa.Column("since", WHEN, nullable=False),
    )
    add_table(
        "participation_attachment",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("thread_id", sa.BigInteger),
        sa.Column("seq", sa.Integer),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("created", WHEN, nullable=False),
    )
    add_index("participation_attachment_loose_idx", "participation_attachment", ["created"], "thread_id IS NULL")


def _people() -> None:
    # The dataset of a file: what is said about the file shows on the dataset's page too, and finds it again.
    add_columns("participation_subject", sa.Column("parent_ref", sa.Text))
    add_index("participation_subject_parent_idx", "participation_subject", ["parent_ref"], "parent_ref IS NOT NULL")
    add_table(
        "participation_support",
        sa.Column("target_type", sa.Text, primary_key=True),
        sa.Column("target_id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.BigInteger, primary_key=True),
        sa.Column("value", sa.SmallInteger, nullable=False),
        sa.Column("at", WHEN, nullable=False),
        sa.CheckConstraint("value IN (-1, 1)", name="participation_support_value_check"),
    )
    add_index("participation_support_person_idx", "participation_support", ["person_id"])
    add_table(
        "participation_follow",
        sa.Column("target_type", sa.Text, primary_key=True),
        sa.Column("target_id", sa.Text, primary_key=True),
        sa.Column("person_id", sa.BigInteger, primary_key=True),
        sa.Column("muted", sa.Boolean, nullable=False),
        sa.Column("at", WHEN, nullable=False),
    )
    add_index("participation_follow_person_idx", "participation_follow", ["person_id"])


def downgrade() -> None:
    """Drop what was added, with what people said in it."""
    op.drop_index("participation_subject_parent_idx", "participation_subject")
    op.drop_column("participation_subject", "parent_ref")
    for table in ("follow", "support", "attachment", "recount", "subject_count", "organization_policy", "read_mark", "rating",
                  "thread_change", "comment_version"):
        op.drop_table(f"participation_{table}")
    for index in ("untranslated", "root_useful", "root", "useful", "official"):
        op.drop_index(f"participation_comment_{index}_idx", "participation_comment")
    for name in ("signed", "n_support", "n_against", "n_versions", "attachments", "translation", "translation_pending"):
        op.drop_column("participation_comment", name)
    op.drop_index("participation_thread_to_do_idx", "participation_thread")
    op.drop_constraint("participation_thread_problem_check", "participation_thread")
    for name in ("state_reason", "state_at", "answer_seq", "assignee_id", "problem_state", "problem", "n_changes", "n_untranslated"):
        op.drop_column("participation_thread", name)
