"""Authorities' own forms, and what applies to a child while a plan is written.

Revision: 0017, after 0016. New tables, and a column with a default, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "own_form",
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.Column("kept_by", sa.String(length=36), nullable=False),
        sa.Column("kept_by_name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_own_form")),
    )
    op.create_table(
        "form_in_force",
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("decided_by_name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("authority", "phase", "from_date", name=op.f("pk_form_in_force")),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("circumstances", sa.String(length=200), nullable=False, server_default=sa.text("''"))
        )


def downgrade() -> None:
    """Go back; plans made with an authority's own form cannot be read by the version before."""
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_column("circumstances")
    op.drop_table("form_in_force")
    op.drop_table("own_form")
