"""a later plan replaces a plan.

Revision: 0002, after: 0001
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What the table holds before this revision and after it.
COLUMNS = (
    "id, child_id, kind, term, opened_on, meet_by, due_on, state, submission, first_submitted_on, submitted_on, "
    "headings, answered, targets, pupil_premium_pence, views_given, decided_on, next_due_on, version"
)


def upgrade() -> None:
    """Go forward."""
    with _plans_set_aside(), op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.add_column(sa.Column("superseded_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("superseded_by", sa.String(length=36), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_plan_state_known"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_plan_submission_counts"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_plan_state_known"),
            "state IN ('open', 'submitted', 'returned', 'approved', 'superseded')",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_plan_submission_counts"),
            "state = 'superseded' OR (state = 'open') = (submission = 0)",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_plan_superseded_has_a_day"),
            "(state = 'superseded') = (superseded_on IS NOT NULL)",
        )


def downgrade() -> None:
    """Go back: a replaced plan is again what it was when it was replaced, as its submissions and ratings tell."""
    op.execute(
        """
        UPDATE plan SET superseded_on = NULL, superseded_by = NULL, state = CASE
            WHEN submission = 0 THEN 'open'
            ELSE coalesce((
                SELECT CASE rating.decision WHEN 'approve' THEN 'approved' ELSE 'returned' END
                FROM rating WHERE rating.plan_id = plan.id AND rating.submission = plan.submission
            ), 'submitted')
        END
        WHERE state = 'superseded'
        """
    )
    with _plans_set_aside(), op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_plan_superseded_has_a_day"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_plan_submission_counts"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_plan_state_known"), type_="check")
        batch_op.create_check_constraint(
            batch_op.f("ck_plan_state_known"), "state IN ('open', 'submitted', 'returned', 'approved')"
        )
        batch_op.create_check_constraint(batch_op.f("ck_plan_submission_counts"), "(state = 'open') = (submission = 0)")
        batch_op.drop_column("superseded_by")
        batch_op.drop_column("superseded_on")


@contextmanager
def _plans_set_aside() -> Iterator[None]:
    """Empty the table while SQLite makes it anew, as dropping it with rows would leave the ratings without a plan.

    The foreign keys are checked at the end of the transaction, when every plan is back. PostgreSQL changes the table
    where it stands.
    """
    if op.get_context().dialect.name != "sqlite":
        yield
        return
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TEMPORARY TABLE plan_set_aside AS SELECT {COLUMNS} FROM plan")  # nosec B608  # noqa: S608 - the names above
    op.execute("DELETE FROM plan")
    yield
    op.execute(f"INSERT INTO plan ({COLUMNS}) SELECT {COLUMNS} FROM plan_set_aside")  # nosec B608  # noqa: S608 - the names above
    op.execute("DROP TABLE plan_set_aside")
