"""The times that people are asked about before a meeting is arranged, and what they said.

Revision: 0018, after 0017. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "poll",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("shows_counts", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("chosen", sa.String(length=36), nullable=False),
        sa.Column("told_answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_poll_ended_when_not_open")),
        sa.CheckConstraint("state IN ('open', 'closed', 'decided', 'withdrawn')", name=op.f("ck_poll_state_known")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_poll_meeting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
    )
    with op.batch_alter_table("poll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(
            "ix_poll_one_live",
            ["meeting_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('open', 'closed')"),
            postgresql_where=sa.text("state IN ('open', 'closed')"),
        )
        batch_op.create_index(batch_op.f("ix_poll_state_closes_on"), ["state", "closes_on"], unique=False)

    op.create_table(
        "poll_proposal",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("poll_id", sa.String(length=36), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_poll_proposal_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_poll_proposal_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_proposal")),
        sa.UniqueConstraint("poll_id", "starts_at", "ends_at", name=op.f("uq_poll_proposal_poll_id_starts_at_ends_at")),
    )
    op.create_table(
        "poll_respondent",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("poll_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=10), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "answered_by IN ('', 'link', 'page', 'worker')", name=op.f("ck_poll_respondent_answered_by_known")
        ),
        sa.ForeignKeyConstraint(["poll_id"], ["poll.id"], name=op.f("fk_poll_respondent_poll_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll_respondent")),
        sa.UniqueConstraint("poll_id", "person_id", name=op.f("uq_poll_respondent_poll_id_person_id")),
    )
    with op.batch_alter_table("poll_respondent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_respondent_person_id"), ["person_id"], unique=False)

    op.create_table(
        "poll_link",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("respondent_id", sa.String(length=36), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["respondent_id"], ["poll_respondent.id"], name=op.f("fk_poll_link_respondent_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_poll_link")),
    )
    with op.batch_alter_table("poll_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_poll_link_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_poll_link_respondent_id"), ["respondent_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    for table in ("poll_link", "poll_respondent", "poll_proposal", "poll"):
        op.drop_table(table)
