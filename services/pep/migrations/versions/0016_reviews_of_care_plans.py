"""Reviews of care plans: their records, what they agreed, disagreements; and the social worker's visits.

Revision: 0016, after 0015. New tables only, so the version before goes on serving meanwhile.
"""

import sqlalchemy as sa
from alembic import op

from shared.platform.db import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "disagreement",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("settle_by", sa.Date(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_disagreement_child_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disagreement")),
    )
    with op.batch_alter_table("disagreement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disagreement_child_id"), ["child_id"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("meet_by", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("asked_by_name", sa.String(length=200), nullable=False),
        sa.Column("meeting_id", sa.String(length=36), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("meeting_on", sa.Date(), nullable=True),
        sa.Column("invitees", sa.JSON(), nullable=False),
        sa.Column("attended", sa.JSON(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("child_there", sa.Boolean(), nullable=True),
        sa.Column("conveyed", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('first', 'second', 'later', 'early')", name=op.f("ck_review_has_a_kind")),
        sa.CheckConstraint("state <> 'dated' OR meeting_on IS NOT NULL", name=op.f("ck_review_has_a_day_once_dated")),
        sa.CheckConstraint(
            "state IN ('due', 'dated', 'held', 'recorded', 'withdrawn')", name=op.f("ck_review_has_a_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('held', 'recorded') OR held_on IS NOT NULL", name=op.f("ck_review_has_a_day_once_held")
        ),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_review_child_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_state_meeting_on"), ["state", "meeting_on"], unique=False)

    op.create_table(
        "review_notice",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=500), nullable=False),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_review_notice_state_known")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_notice_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_notice")),
    )
    with op.batch_alter_table("review_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_notice_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_notice_review_id"), ["review_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_notice_state_due_at"), ["state", "due_at"], unique=False)

    op.create_table(
        "visit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("why_not", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=36), nullable=False),
        sa.Column("recorded_by_name", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_visit_child_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_visit")),
        sa.UniqueConstraint("id", name=op.f("uq_visit_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_child_id"), ["child_id"], unique=False)

    op.create_table(
        "visit_pattern",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("pattern", sa.String(length=20), nullable=False),
        sa.Column("recorded_by_name", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["child.id"], name=op.f("fk_visit_pattern_child_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_visit_pattern")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("visit_pattern", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_pattern_child_id"), ["child_id"], unique=False)

    op.create_table(
        "review_action",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("owner_name", sa.String(length=200), nullable=False),
        sa.Column("owner_role", sa.String(length=40), nullable=False),
        sa.Column("by_date", sa.Date(), nullable=False),
        sa.Column("for_plan", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_by_name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state <> 'not_done' OR outcome <> ''", name=op.f("ck_review_action_says_why_not_done")),
        sa.CheckConstraint("state IN ('open', 'done', 'not_done')", name=op.f("ck_review_action_has_a_state")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_action_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_action")),
    )
    with op.batch_alter_table("review_action", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_action_child_id"), ["child_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_review_action_review_id"), ["review_id"], unique=False)

    op.create_table(
        "review_record",
        sa.Column("review_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.String(length=36), nullable=False),
        sa.Column("child_there", sa.Boolean(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("participation", sa.String(length=3), nullable=False),
        sa.Column("seen_alone", sa.Boolean(), nullable=False),
        sa.Column("not_alone_why", sa.Text(), nullable=False),
        sa.Column("plan_ready", sa.Boolean(), nullable=True),
        sa.Column("decisions", sa.JSON(), nullable=False),
        sa.Column("written_by", sa.String(length=36), nullable=False),
        sa.Column("written_by_name", sa.String(length=200), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("seen_alone OR not_alone_why <> ''", name=op.f("ck_review_record_says_why_not_alone")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_record_review_id")),
        sa.PrimaryKeyConstraint("review_id", "version", name=op.f("pk_review_record")),
    )
    with op.batch_alter_table("review_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_record_child_id"), ["child_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("review_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_record_child_id"))

    op.drop_table("review_record")
    with op.batch_alter_table("review_action", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_action_review_id"))
        batch_op.drop_index(batch_op.f("ix_review_action_child_id"))

    op.drop_table("review_action")
    with op.batch_alter_table("visit_pattern", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_pattern_child_id"))

    op.drop_table("visit_pattern")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_child_id"))

    op.drop_table("visit")
    op.drop_table("review_notice")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_state_meeting_on"))
        batch_op.drop_index(batch_op.f("ix_review_child_id"))

    op.drop_table("review")
    with op.batch_alter_table("disagreement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_disagreement_child_id"))

    op.drop_table("disagreement")
