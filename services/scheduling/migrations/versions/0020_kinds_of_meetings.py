"""What kind of meeting one is: about a plan, or the review of the care plan.

Revision: 0020, after 0019. A column that may be left out, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("meeting", sa.Column("kind", sa.String(length=10), server_default="pep", nullable=False))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_column("kind")
