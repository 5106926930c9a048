"""Forms that came after their person was signed out, kept until they sign in again.

Revision: 0006, after 0005. A new table only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "kept_form",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("kept_form")
