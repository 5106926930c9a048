"""How long records are kept, what stops them from being erased, and what stays of them.

Revision: 0008, after 0007. New tables, and a column that may be empty, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "tombstone",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("approved_by", sa.String(length=36), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tombstone")),
        sa.UniqueConstraint("child_id", name=op.f("uq_tombstone_child_id")),
        sqlite_autoincrement=True,
    )
    op.add_column("child", sa.Column("died_on", sa.Date(), nullable=True))
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=36), nullable=False),
        sa.Column("placed_by_name", sa.String(length=200), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(length=36), nullable=False),
        sa.Column("lifted_by_name", sa.String(length=200), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_legal_hold_child_id_child")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_child_id"), ["child_id"], unique=False)
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_by_name", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("second", sa.String(length=36), nullable=False),
        sa.Column("second_name", sa.String(length=200), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'refused', 'withdrawn')", name=op.f("ck_erasure_request_state_known")),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_erasure_request_child_id_child")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    with op.batch_alter_table("erasure_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_request_child_id"), ["child_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("erasure_request")
    op.drop_table("legal_hold")
    op.drop_column("child", "died_on")
    op.drop_table("tombstone")
