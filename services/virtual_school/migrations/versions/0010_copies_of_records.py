"""Copies of a child's record: what is withheld, and which were released to whom.

Revision: 0010, after 0009. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "withheld_passage",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("entry", sa.String(length=200), nullable=False),
        sa.Column("part", sa.String(length=100), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("ground", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("marked_by", sa.String(length=36), nullable=False),
        sa.Column("marked_by_name", sa.String(length=200), nullable=False),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.Column("taken_back_by", sa.String(length=36), nullable=True),
        sa.Column("taken_back_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld_passage")),
    )
    with op.batch_alter_table("withheld_passage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_withheld_passage_child_id"), ["child_id"], unique=False)
    op.create_table(
        "released_copy",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("released_to", sa.String(length=500), nullable=False),
        sa.Column("released_by", sa.String(length=36), nullable=False),
        sa.Column("released_by_name", sa.String(length=200), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("second", sa.String(length=36), nullable=False),
        sa.Column("second_name", sa.String(length=200), nullable=False),
        sa.Column("second_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_released_copy")),
        sa.UniqueConstraint("child_id", "number", name=op.f("uq_released_copy_child_id_number")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("released_copy")
    op.drop_table("withheld_passage")
