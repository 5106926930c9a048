"""The Virtual School's tables: its copies of children, schools, plans and meetings, and its own records."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from shared.platform.db import Json, UtcDateTime
from shared.platform.tables import service_metadata

metadata = service_metadata()

CHILD = Table(
    "child",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("reference", String(40), nullable=False),
    Column("upn", String(13)),
    Column("name", String(200), nullable=False),
    Column("name_folded", String(200), nullable=False),
    Column("phase", String(20), nullable=False),
    Column("year_group", Integer, nullable=False),
    Column("school_urn", String(20)),
    Column("no_school_since", Date),
    Column("entered_care_on", Date, nullable=False),
    Column("left_care_on", Date),
)
Index(None, CHILD.c.reference)
Index(None, CHILD.c.school_urn)

SCHOOL = Table(
    "school",
    metadata,
    Column("urn", String(20), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("phase", String(40), nullable=False),
    Column("town", String(100), nullable=False),
    Column("open", Boolean, nullable=False),
)

PLAN = Table(
    "plan",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey("child.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("term", String(20), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("meet_by", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("state", String(20), nullable=False),
    Column("submission", Integer, nullable=False),
    Column("first_submitted_on", Date),
    Column("submitted_on", Date),
    Column("headings", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("targets", Integer, nullable=False),
    Column("pupil_premium_pence", Integer, nullable=False),
    Column("views_given", Boolean, nullable=False),
    Column("decided_on", Date),
    Column("next_due_on", Date),
    Column("superseded_on", Date),
    Column("superseded_by", String(36)),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('open', 'submitted', 'returned', 'approved', 'superseded')", name="state_known"),
    CheckConstraint("state = 'superseded' OR (state = 'open') = (submission = 0)", name="submission_counts"),
    CheckConstraint("(state = 'superseded') = (superseded_on IS NOT NULL)", name="superseded_has_a_day"),
)
Index(None, PLAN.c.child_id)
Index(None, PLAN.c.state)

# Told by scheduling, so it may arrive before pep has told of the plan: no foreign key.
PLAN_MEETING = Table(
    "plan_meeting",
    metadata,
    Column("plan_id", String(36), primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("meeting_id", String(36), nullable=False),
    Column("starts_at", UtcDateTime),
    Column("held_on", Date),
)

RATING = Table(
    "rating",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("plan_id", String(36), ForeignKey("plan.id"), nullable=False),
    Column("child_id", String(36), nullable=False),
    Column("submission", Integer, nullable=False),
    Column("rating", String(10), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("reasons", Json, nullable=False),
    Column("feedback", String, nullable=False),
    Column("policy_from", Date, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Column("decided_by", String(36), nullable=False),
    Column("decided_by_name", String(200), nullable=False),
    UniqueConstraint("plan_id", "submission"),
    CheckConstraint("rating IN ('red', 'amber', 'green')", name="rating_known"),
    CheckConstraint("decision IN ('approve', 'return')", name="decision_known"),
)
Index(None, RATING.c.child_id)

ATTENDANCE_UPLOAD = Table(
    "attendance_upload",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("source", String(10), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", String(36), nullable=False),
    Column("recorded_by_name", String(200), nullable=False),
    Column("replace", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("replaced", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("problems", Json, nullable=False),
    CheckConstraint("source IN ('form', 'file', 'api')", name="source_known"),
)
Index(None, ATTENDANCE_UPLOAD.c.recorded_by)

# `week` is the Monday of `day`, kept so that both databases can add up weeks in the same words.
MARK = Table(
    "mark",
    metadata,
    Column("child_id", String(36), ForeignKey("child.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("session", String(2), primary_key=True),
    Column("week", Date, nullable=False),
    Column("code", String(2), nullable=False),
    Column("upload_id", String(36), ForeignKey("attendance_upload.id"), nullable=False),
    CheckConstraint("session IN ('AM', 'PM')", name="session_known"),
)

# What a later upload replaced: nothing is overwritten without a trace.
MARK_REPLACED = Table(
    "mark_replaced",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("child_id", String(36), nullable=False),
    Column("day", Date, nullable=False),
    Column("session", String(2), nullable=False),
    Column("code", String(2), nullable=False),
    Column("upload_id", String(36), nullable=False),
    Column("replaced_by", String(36), ForeignKey("attendance_upload.id"), nullable=False),
)
Index(None, MARK_REPLACED.c.child_id)

# A child's sessions added up by week, kept in step with `mark`, so that the cohort page reads 40 rows a child, not 400.
ATTENDANCE_WEEK = Table(
    "attendance_week",
    metadata,
    Column("child_id", String(36), ForeignKey("child.id"), primary_key=True),
    Column("week", Date, primary_key=True),
    Column("possible", Integer, nullable=False),
    Column("attended", Integer, nullable=False),
    Column("authorised", Integer, nullable=False),
    Column("unauthorised", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    CheckConstraint("possible = attended + authorised + unauthorised", name="adds_up"),
)

SUSPENSION = Table(
    "suspension",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey("child.id"), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("sessions", Integer, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("version", Integer, nullable=False),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
    CheckConstraint("permanent OR ends_on IS NOT NULL", name="has_an_end"),
)
Index(None, SUSPENSION.c.child_id)

CONCERN = Table(
    "concern",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), ForeignKey("child.id"), nullable=False),
    Column("rule", String(20), nullable=False),
    Column("cause", String(40), nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("answer", String(20)),
    Column("answered_on", Date),
    Column("owner_id", String(36)),
    Column("by_date", Date),
    Column("closed_on", Date),
    Column("outcome", String(10)),
    Column("closing_evidence", Json),
    Column("version", Integer, nullable=False),
    UniqueConstraint("child_id", "rule", "cause"),
    CheckConstraint("state IN ('raised', 'answered', 'closed')", name="state_known"),
    CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name="closed_has_a_day"),
)
Index(None, CONCERN.c.state)
