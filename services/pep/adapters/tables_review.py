"""Tables of reviews: their records, what they agreed, disagreements, and the social worker's visits."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import Json, UtcDateTime
from shared.platform.mail_queue import queue_columns

review = Table(
    "review",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("authority", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("meet_by", Date, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("asked_by", String(36), nullable=False),
    Column("asked_by_name", String(200), nullable=False),
    Column("meeting_id", String(36), nullable=False),
    Column("starts_at", UtcDateTime),
    Column("meeting_on", Date),
    Column("invitees", Json, nullable=False),
    Column("attended", Json, nullable=False),
    Column("held_on", Date),
    Column("told_on", Date),
    Column("child_there", Boolean),
    Column("conveyed", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("kind IN ('first', 'second', 'later', 'early')", name="has_a_kind"),
    CheckConstraint("state IN ('due', 'dated', 'held', 'recorded', 'withdrawn')", name="has_a_state"),
    CheckConstraint("state <> 'dated' OR meeting_on IS NOT NULL", name="has_a_day_once_dated"),
    CheckConstraint("state NOT IN ('held', 'recorded') OR held_on IS NOT NULL", name="has_a_day_once_held"),
)
Index(None, review.c.child_id)
Index(None, review.c.state, review.c.meeting_on)

review_record = Table(
    "review_record",
    metadata,
    Column("review_id", String(36), ForeignKey(review.c.id), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("child_there", Boolean, nullable=False),
    Column("how", String(20), nullable=False),
    Column("participation", String(3), nullable=False),
    Column("seen_alone", Boolean, nullable=False),
    Column("not_alone_why", Text, nullable=False),
    Column("plan_ready", Boolean),
    Column("decisions", Json, nullable=False),
    Column("written_by", String(36), nullable=False),
    Column("written_by_name", String(200), nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    CheckConstraint("seen_alone OR not_alone_why <> ''", name="says_why_not_alone"),
)
Index(None, review_record.c.child_id)

review_action = Table(
    "review_action",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("review_id", String(36), ForeignKey(review.c.id), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("what", Text, nullable=False),
    Column("owner_id", String(36), nullable=False),
    Column("owner_name", String(200), nullable=False),
    Column("owner_role", String(40), nullable=False),
    Column("by_date", Date, nullable=False),
    Column("for_plan", Boolean, nullable=False),
    Column("state", String(10), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("settled_on", Date),
    Column("settled_by_name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'done', 'not_done')", name="has_a_state"),
    CheckConstraint("state <> 'not_done' OR outcome <> ''", name="says_why_not_done"),
)
Index(None, review_action.c.child_id)
Index(None, review_action.c.review_id)

# What a notice says is gone once it was sent or given up.
review_notice = Table(
    "review_notice",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("review_id", String(36), ForeignKey(review.c.id), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("person_id", String(36), nullable=False),
    *queue_columns(),
    CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state_known"),
)
Index(None, review_notice.c.state, review_notice.c.due_at)
Index(None, review_notice.c.child_id)
Index(None, review_notice.c.review_id)

disagreement = Table(
    "disagreement",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("review_id", String(36), nullable=False),
    Column("about", Text, nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("settle_by", Date, nullable=False),
    Column("steps", Json, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)
Index(None, disagreement.c.child_id)

visit = Table(
    "visit",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("visited_on", Date, nullable=False),
    Column("seen", Boolean, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("why_not", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("recorded_by", String(36), nullable=False),
    Column("recorded_by_name", String(200), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, visit.c.child_id)

visit_pattern = Table(
    "visit_pattern",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("pattern", String(20), nullable=False),
    Column("recorded_by_name", String(200), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, visit_pattern.c.child_id)
