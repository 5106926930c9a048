"""Who has opened whose record in an emergency, why, and what was found afterwards.

Revision: 0009, after 0008. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "emergency_opening",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_opening")),
    )
    with op.batch_alter_table("emergency_opening", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_emergency_opening_child_id_person_id"), ["child_id", "person_id"], unique=False
        )
    op.create_table(
        "emergency_account",
        sa.Column("opening_id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("opened_by", sa.String(length=36), nullable=False),
        sa.Column("person_name", sa.String(length=200), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.String(length=36), nullable=False),
        sa.Column("reviewed_by_name", sa.String(length=200), nullable=False),
        sa.Column("reviewed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'right', 'right_with_lesson', 'not_needed', 'breach')",
            name=op.f("ck_emergency_account_outcome_known"),
        ),
        sa.CheckConstraint("(outcome = '') = (reviewed_at IS NULL)", name=op.f("ck_emergency_account_reviewed_whole")),
        sa.CheckConstraint("reviewed_by <> opened_by", name=op.f("ck_emergency_account_two_people")),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_emergency_account_child_id_child")),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["emergency_opening.id"], name=op.f("fk_emergency_account_opening_id_emergency_opening")
        ),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_emergency_account")),
    )
    with op.batch_alter_table("emergency_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_emergency_account_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_emergency_account_outcome"), ["outcome"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("emergency_account")
    op.drop_table("emergency_opening")
