"""To which authority a mail came.

Revision: 0012, after 0011. A column that may be empty, so the version before goes on serving meanwhile. Until now an
installation served one authority, so every mail came to that one; what the version before takes in meanwhile has none
and counts as the first authority's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("mail_in") as batch_op:
        batch_op.add_column(sa.Column("authority", sa.String(length=40), nullable=True))
    op.execute("UPDATE mail_in SET authority = (SELECT min(meeting.authority) FROM meeting)")


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("mail_in") as batch_op:
        batch_op.drop_column("authority")
