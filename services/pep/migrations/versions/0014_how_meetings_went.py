"""How a plan's meeting went, as scheduling told it.

Revision: 0014, after 0013. A new column that may be empty, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("plan_meeting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("went", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("plan_meeting", schema=None) as batch_op:
        batch_op.drop_column("went")
