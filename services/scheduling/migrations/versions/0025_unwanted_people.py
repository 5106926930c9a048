"""Whom children do not want at their meetings, and why somebody was invited nevertheless.

Revision: 0025, after 0024. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "unwanted_person",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("said_by", sa.String(length=36), nullable=False),
        sa.Column("said_by_name", sa.String(length=250), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unwanted_person")),
    )
    with op.batch_alter_table("unwanted_person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unwanted_person_child_id"), ["child_id"], unique=False)

    op.create_table(
        "invited_nevertheless",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_invited_nevertheless_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "person_id", name=op.f("pk_invited_nevertheless")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("invited_nevertheless")
    op.drop_table("unwanted_person")
