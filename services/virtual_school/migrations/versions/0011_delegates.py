"""Delegates of designated teachers, as pep tells of them.

Revision: 0011, after 0010. New columns that may be empty, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acts_for", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("parts", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back; whoever was a delegate has no place then, as the version before knows no such role."""
    op.execute("DELETE FROM membership WHERE role = 'delegate'")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("parts")
        batch_op.drop_column("acts_for")
