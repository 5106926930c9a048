"""Drafts of a term: the draft, a line for each meeting in it, and who is away.

Revision: 0021, after 0020. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "term_plan",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_by_name", sa.String(length=200), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("whole_authority", sa.Boolean(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("beat_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("stop_asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("sent_by", sa.String(length=36), nullable=False),
        sa.Column("sent_by_name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'planning', 'ready', 'sending', 'sent', 'discarded')",
            name=op.f("ck_term_plan_state_known"),
        ),
        sa.CheckConstraint("first <= last", name=op.f("ck_term_plan_ends_after_it_starts")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_term_plan_version_counts_up")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_plan")),
    )
    with op.batch_alter_table("term_plan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_term_plan_authority_made_at"), ["authority", "made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_term_plan_state"), ["state"], unique=False)

    op.create_table(
        "term_day_off",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("term_plan_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_term_day_off_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["term_plan_id"], ["term_plan.id"], name=op.f("fk_term_day_off_term_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_day_off")),
    )
    with op.batch_alter_table("term_day_off", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_term_day_off_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_term_day_off_term_plan_id"), ["term_plan_id"], unique=False)

    op.create_table(
        "term_placement",
        sa.Column("term_plan_id", sa.String(length=36), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("locked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("moved_from", UtcDateTime(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("hindrance", sa.String(length=20), nullable=False),
        sa.Column("hindrance_person", sa.String(length=36), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('planned', 'unplaced', 'left_out', 'to_send', 'sent', 'refused', 'gone')",
            name=op.f("ck_term_placement_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('planned', 'to_send') OR starts_at IS NOT NULL", name=op.f("ck_term_placement_has_a_time")
        ),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_term_placement_placed_whole")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_term_placement_meeting_id")),
        sa.ForeignKeyConstraint(
            ["term_plan_id"], ["term_plan.id"], name=op.f("fk_term_placement_term_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("term_plan_id", "meeting_id", name=op.f("pk_term_placement")),
    )
    with op.batch_alter_table("term_placement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_term_placement_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_term_placement_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_term_placement_term_plan_id_state"), ["term_plan_id", "state"], unique=False
        )


def downgrade() -> None:
    """Go back."""
    op.drop_table("term_placement")
    op.drop_table("term_day_off")
    op.drop_table("term_plan")
