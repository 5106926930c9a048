"""The addresses that mail comes back from.

Revision: 0005, after 0004. A new table only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "failing_address",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("diagnosis", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_failing_address")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("failing_address")
