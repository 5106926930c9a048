"""Places that parents are not told, and what each invitee was told instead.

Revision: 0011, after 0010. Columns that may be left out, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("meeting", sa.Column("place_sealed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("told_invitee", sa.Column("place", sa.String(length=500), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("told_invitee", schema=None) as batch_op:
        batch_op.drop_column("place")
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_column("place_sealed")
