"""Delegates of designated teachers.

Revision: 0012, after 0011. New tables, and columns that may be empty, so the version before serves on.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acts_for", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("parts", sa.JSON(), nullable=True))
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("accountable_id", sa.String(length=36), nullable=False),
        sa.Column("delegate_id", sa.String(length=36), nullable=False),
        sa.Column("every_pupil", sa.Boolean(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("from_date <= until", name=op.f("ck_delegation_ends_after_it_starts")),
        sa.CheckConstraint("accountable_id <> delegate_id", name=op.f("ck_delegation_two_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_accountable_id"), ["accountable_id"], unique=False)
    op.create_table(
        "delegated_place",
        sa.Column("membership_id", sa.String(length=36), nullable=False),
        sa.Column("delegation_id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_delegated_place_child_id_child")),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegation.id"], name=op.f("fk_delegated_place_delegation_id_delegation")
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_delegated_place")),
    )
    with op.batch_alter_table("delegated_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegated_place_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegated_place_delegation_id"), ["delegation_id"], unique=False)


def downgrade() -> None:
    """Go back; whoever was a delegate has no place then, as the version before knows no such role."""
    op.drop_table("delegated_place")
    op.drop_table("delegation")
    op.execute("DELETE FROM membership WHERE role = 'delegate'")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("parts")
        batch_op.drop_column("acts_for")
