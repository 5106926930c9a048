"""In which language people are written to.

Revision: 0015, after 0014. A column that may be empty, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("person") as batch_op:
        batch_op.add_column(sa.Column("language", sa.String(length=10), nullable=True))


def downgrade() -> None:
    """Go back; everybody is written to in English."""
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_column("language")
