"""With which user name and sealed password a diary on a CalDAV server is read.

Revision: 0023, after 0022. New columns with defaults only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("diary", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account", sa.String(length=254), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("sealed_password", sa.Text(), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("diary", schema=None) as batch_op:
        batch_op.drop_column("sealed_password")
        batch_op.drop_column("account")
