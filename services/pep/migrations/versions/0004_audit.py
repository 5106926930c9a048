"""The audit: who looked at, changed or was refused what, chained by seals.

Revision: 0004, after 0003. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("acting_as", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("way", sa.String(length=8), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("authority", "number", name=op.f("uq_audit_entry_authority_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entry_child_id"), "audit_entry", ["child_id"])
    not_sealed = sa.text("number IS NULL")
    op.create_index(
        "ix_audit_entry_not_sealed",
        "audit_entry",
        ["authority", "id"],
        postgresql_where=not_sealed,
        sqlite_where=not_sealed,
    )
    op.create_table(
        "audit_head",
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("authority", name=op.f("pk_audit_head")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("audit_head")
    op.drop_table("audit_entry")
