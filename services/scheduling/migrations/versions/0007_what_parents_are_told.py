"""What each parent may be told of.

Revision: 0007, after 0006. A new table only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    """Go back."""
    op.drop_table("parent_standing")
