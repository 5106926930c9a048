"""How a meeting went: whether it was quorate, who had sent apologies, how the child took part.

Revision: 0015, after 0014. A new table only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "meeting_held",
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("quorate", sa.Boolean(), nullable=False),
        sa.Column("lacking_roles", sa.JSON(), nullable=False),
        sa.Column("lacking_others", sa.Integer(), nullable=False),
        sa.Column("why_counted", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("apologies", sa.JSON(), nullable=False),
        sa.Column("no_shows", sa.JSON(), nullable=False),
        sa.Column("child_attended", sa.Boolean(), nullable=True),
        sa.Column("child_conveyed", sa.String(length=20), nullable=False),
        sa.Column("child_under_four", sa.Boolean(), nullable=False),
        sa.CheckConstraint("lacking_others >= 0", name=op.f("ck_meeting_held_lacks_nobody_or_more")),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_held_meeting_id")),
        sa.PrimaryKeyConstraint("meeting_id", name=op.f("pk_meeting_held")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("meeting_held")
