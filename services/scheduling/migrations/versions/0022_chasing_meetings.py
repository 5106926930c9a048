"""How meetings are chased, what was changed at short notice, who stands in for whom and how people take part.

Revision: 0022, after 0021. New tables, and columns with a default, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "chase_notice",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("round", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_chase_notice_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "round", "days", "person_id", name=op.f("pk_chase_notice")),
    )
    with op.batch_alter_table("chase_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chase_notice_mailed"), ["mailed"], unique=False)

    op.create_table(
        "chase_step",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("round", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'overtaken', 'not_needed')", name=op.f("ck_chase_step_outcome_known")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_chase_step_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "round", "days", name=op.f("pk_chase_step")),
    )
    op.create_table(
        "late_change",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("was_at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.CheckConstraint("what IN ('moved', 'cancelled')", name=op.f("ck_late_change_what_known")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_late_change_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", "at", name=op.f("pk_late_change")),
    )
    with op.batch_alter_table("late_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_late_change_was_at"), ["was_at"], unique=False)

    with op.batch_alter_table("invitee", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stands_in_for", sa.String(length=36), server_default="", nullable=False))
        batch_op.add_column(sa.Column("joins", sa.String(length=10), server_default="", nullable=False))

    with op.batch_alter_table("told_invitee", schema=None) as batch_op:
        batch_op.add_column(sa.Column("joins", sa.String(length=10), server_default="", nullable=False))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("told_invitee", schema=None) as batch_op:
        batch_op.drop_column("joins")
    with op.batch_alter_table("invitee", schema=None) as batch_op:
        batch_op.drop_column("joins")
        batch_op.drop_column("stands_in_for")
    for table in ("late_change", "chase_step", "chase_notice"):
        op.drop_table(table)
