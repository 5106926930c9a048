"""The tables of drafts of a term: the draft, a line for each meeting in it, and who is away."""

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
    false,
)

from services.scheduling.adapters.tables import meeting, metadata
from shared.platform.db import Json, UtcDateTime

term_plan = Table(
    "term_plan",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("made_by_name", String(200), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("whole_authority", Boolean, nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("options", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("started_at", UtcDateTime),
    Column("beat_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("stop_asked", Boolean, nullable=False, server_default=false()),
    Column("progress", Json, nullable=False),
    Column("problem", Text, nullable=False),
    Column("sent_by", String(36), nullable=False),
    Column("sent_by_name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('waiting', 'planning', 'ready', 'sending', 'sent', 'discarded')", name="state_known"),
    CheckConstraint("first <= last", name="ends_after_it_starts"),
    CheckConstraint("version >= 1", name="version_counts_up"),
)
Index(None, term_plan.c.authority, term_plan.c.made_at)
Index(None, term_plan.c.state)

term_placement = Table(
    "term_placement",
    metadata,
    Column("term_plan_id", String(36), ForeignKey(term_plan.c.id, ondelete="CASCADE"), primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("state", String(12), nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("locked", Boolean, nullable=False, server_default=false()),
    Column("moved_from", UtcDateTime),
    Column("late", Boolean, nullable=False, server_default=false()),
    Column("hindrance", String(20), nullable=False),
    Column("hindrance_person", String(36), nullable=False),
    Column("opens", Integer, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint(
        "state IN ('planned', 'unplaced', 'left_out', 'to_send', 'sent', 'refused', 'gone')", name="state_known"
    ),
    CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="placed_whole"),
    CheckConstraint("state NOT IN ('planned', 'to_send') OR starts_at IS NOT NULL", name="has_a_time"),
)
Index(None, term_placement.c.meeting_id)
Index(None, term_placement.c.child_id)
Index(None, term_placement.c.term_plan_id, term_placement.c.state)

# Somebody is away: only in a draft, to try what it would mean.
term_day_off = Table(
    "term_day_off",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("term_plan_id", String(36), ForeignKey(term_plan.c.id, ondelete="CASCADE"), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    CheckConstraint("first <= last", name="ends_after_it_starts"),
)
Index(None, term_day_off.c.term_plan_id)
Index(None, term_day_off.c.person_id)
