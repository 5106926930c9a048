"""When people are busy, by the diaries they publish.

Revision: 0014, after 0013. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "diary",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("problem", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_diary")),
    )
    with op.batch_alter_table("diary", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_diary_tried_at"), ["tried_at"], unique=False)
    op.create_table(
        "diary_busy",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_diary_busy_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["diary.person_id"], name=op.f("fk_diary_busy_person_id_diary"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "starts_at", name=op.f("pk_diary_busy")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("diary_busy")
    op.drop_table("diary")
