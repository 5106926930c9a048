"""What each parent may be told of, and who decided it.

Revision: 0007, after 0006. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "parent_standing",
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("matter", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("child_id", "person_id", "matter", name=op.f("pk_parent_standing")),
    )
    op.create_table(
        "parent_decision",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("matter", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("decided_by_name", sa.String(length=200), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("second", sa.String(length=36), nullable=False),
        sa.Column("second_name", sa.String(length=200), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'refused', 'replaced')", name=op.f("ck_parent_decision_state_known")
        ),
        sa.CheckConstraint("second <> decided_by", name=op.f("ck_parent_decision_two_people")),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_parent_decision_child_id_child")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_parent_decision")),
        sa.UniqueConstraint("id", name=op.f("uq_parent_decision_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("parent_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parent_decision_child_id"), ["child_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("parent_decision")
    op.drop_table("parent_standing")
