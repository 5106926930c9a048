"""Tables of plans, their sections, targets, views and meetings, of the care plan's education part, and of history."""

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
    UniqueConstraint,
    text,
)

from services.pep.adapters.tables import metadata
from services.pep.adapters.tables_child import child
from shared.platform.db import Json, UtcDateTime

plan = Table(
    "plan",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("authority", String(40), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("term", String(12), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("form_version", String(20), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("meet_by", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("rule", String(40), nullable=False),
    Column("state", String(12), nullable=False),
    Column("held_on", Date),
    Column("no_meeting_reason", Text, nullable=False),
    Column("submission", Integer, nullable=False),
    Column("submitted_on", Date),
    Column("approved_on", Date),
    Column("rating", String(20), nullable=False),
    Column("decision_codes", Json, nullable=False),
    Column("circumstances", String(200), nullable=False, server_default=text("''")),
    Column("version", Integer, nullable=False),
    UniqueConstraint("child_id", "term", "kind"),
    CheckConstraint("kind IN ('first', 'termly', 'early')", name="has_a_kind"),
    CheckConstraint(
        "state IN ('due', 'dated', 'held', 'submitted', 'returned', 'approved', 'superseded')", name="has_a_state"
    ),
    CheckConstraint("submission > 0 OR state NOT IN ('submitted', 'returned', 'approved')", name="is_counted"),
    CheckConstraint("approved_on IS NOT NULL OR state <> 'approved'", name="has_an_approval_date"),
)
Index(None, plan.c.child_id)
Index(None, plan.c.state)

plan_section = Table(
    "plan_section",
    metadata,
    Column("plan_id", String(36), ForeignKey(plan.c.id), primary_key=True),
    Column("key", String(60), primary_key=True),
    Column("answers", Json, nullable=False),
    Column("saved_by", String(36), nullable=False),
    Column("saved_by_name", String(200), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)

kept_version = Table(
    "kept_version",
    metadata,
    Column("plan_id", String(36), ForeignKey(plan.c.id), primary_key=True),
    Column("part", String(60), primary_key=True, comment="section/<key>, target/<id> or views"),
    Column("version", Integer, primary_key=True),
    Column("body", Json, nullable=False),
    Column("saved_by", String(36), nullable=False),
    Column("saved_by_name", String(200), nullable=False),
    Column("acting_as", String(40), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
)

plan_meeting = Table(
    "plan_meeting",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("plan_id", String(36), ForeignKey(plan.c.id), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("mode", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("invitees", Json, nullable=False),
    Column("attended", Json, nullable=False),
    Column("held_on", Date),
    Column("went", Json),
    CheckConstraint("state IN ('arranged', 'put_back', 'cancelled', 'held')", name="has_a_state"),
)
Index(None, plan_meeting.c.plan_id)

target = Table(
    "target",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("plan_id", String(36), ForeignKey(plan.c.id), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("category", String(12), nullable=False),
    Column("what", Text, nullable=False),
    Column("measure", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("by_date", Date),
    Column("how_often", String(200), nullable=False),
    Column("cost_pence", Integer, nullable=False),
    Column("outcome", String(12)),
    Column("outcome_why", Text, nullable=False),
    Column("reviewed_on", Date),
    Column("position", Integer, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("cost_pence >= 0", name="costs_nothing_or_more"),
    CheckConstraint("category IN ('academic', 'other')", name="has_a_category"),
    CheckConstraint("outcome IS NULL OR outcome IN ('met', 'partly', 'not_met')", name="has_a_known_outcome"),
)
Index(None, target.c.plan_id)

child_views = Table(
    "child_views",
    metadata,
    Column("plan_id", String(36), ForeignKey(plan.c.id), primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("answers", Json, nullable=False),
    Column("gathered_by", String(36), nullable=False),
    Column("gathered_by_name", String(200), nullable=False),
    Column("how", String(20), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
)

care_plan_education = Table(
    "care_plan_education",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("child_id", String(36), ForeignKey(child.c.id), nullable=False),
    Column("plan_id", String(36), ForeignKey(plan.c.id), nullable=False),
    Column("submission", Integer, nullable=False),
    Column("term", String(12), nullable=False),
    Column("approved_on", Date, nullable=False),
    Column("rating", String(20), nullable=False),
    Column("agreed", Json, nullable=False),
    Column("targets", Json, nullable=False),
    Column("next_due_on", Date),
    Column("held_on", Date),
    Column("sources", Json, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    UniqueConstraint("plan_id", "submission"),
    sqlite_autoincrement=True,
)
Index(None, care_plan_education.c.child_id)

care_plan_concern = Table(
    "care_plan_concern",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("answer", String(20)),
    Column("action", Text, nullable=False),
    Column("owner_id", String(36), nullable=False),
    Column("owner_name", String(200), nullable=False),
    Column("by_date", Date),
    Column("plan_id", String(36), nullable=False),
    Column("answered_by", String(36), nullable=False),
    Column("answered_by_name", String(200), nullable=False),
    Column("answered_on", Date),
    Column("done_on", Date),
    Column("closed_on", Date),
    Column("outcome", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'answered', 'closed')", name="has_a_state"),
    CheckConstraint("answer IS NOT NULL OR state <> 'answered'", name="has_an_answer"),
    CheckConstraint("answer IS NULL OR by_date IS NOT NULL", name="has_a_date_with_its_answer"),
)
Index(None, care_plan_concern.c.child_id)
Index(None, care_plan_concern.c.owner_id)

history = Table(
    "history",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("name", String(200), nullable=False),
    Column("acting_as", String(60), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("code", String(40), nullable=False),
    Column("facts", Json, nullable=False),
    sqlite_autoincrement=True,
)
Index(None, history.c.child_id)
Index(None, history.c.plan_id)
