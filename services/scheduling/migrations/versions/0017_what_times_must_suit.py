"""What times must suit: people's hours, lessons not to be missed, schools' days, rooms.

Revision: 0017, after 0016. New tables and a column that may be empty, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "lesson",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("never", sa.Boolean(), nullable=False),
        sa.Column("childs_wish", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(weekday IS NULL) <> (day IS NULL)", name=op.f("ck_lesson_weekly_or_once")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_lesson_ends_after_it_starts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
    )
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lesson_child_id"), ["child_id"], unique=False)

    op.create_table(
        "room",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("school_urn", sa.String(length=20), nullable=True),
        sa.Column("site", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_room_seats_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_authority_school_urn"), ["authority", "school_urn"], unique=False)

    op.create_table(
        "school_day",
        sa.Column("school_urn", sa.String(length=20), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("lunch_starts", sa.Integer(), nullable=False),
        sa.Column("lunch_ends", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "starts < ends AND lunch_starts < lunch_ends", name=op.f("ck_school_day_ends_after_it_starts")
        ),
        sa.PrimaryKeyConstraint("school_urn", name=op.f("pk_school_day")),
    )
    op.create_table(
        "working_hours",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "from_date", name=op.f("pk_working_hours")),
    )
    op.create_table(
        "room_claim",
        sa.Column("room_id", sa.String(length=36), nullable=False),
        sa.Column("cell", sa.Integer(), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_room_claim_meeting_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_claim_room_id")),
        sa.PrimaryKeyConstraint("room_id", "cell", name=op.f("pk_room_claim")),
    )
    with op.batch_alter_table("room_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_claim_meeting_id"), ["meeting_id"], unique=False)

    op.add_column("meeting", sa.Column("room_id", sa.String(length=36), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.drop_column("room_id")

    with op.batch_alter_table("room_claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_claim_meeting_id"))

    op.drop_table("room_claim")
    op.drop_table("working_hours")
    op.drop_table("school_day")
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_authority_school_urn"))

    op.drop_table("room")
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lesson_child_id"))

    op.drop_table("lesson")
