"""The tables of holding a meeting together: how it was chased, what was changed at short notice, how it went."""

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

from services.scheduling.adapters.tables import meeting, metadata
from shared.platform.db import Json, UtcDateTime

# One row for each meeting that was held: what is told of it besides who came.
meeting_held = Table(
    "meeting_held",
    metadata,
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("quorate", Boolean, nullable=False),
    Column("lacking_roles", Json, nullable=False),
    Column("lacking_others", Integer, nullable=False),
    Column("why_counted", String(20), nullable=False),
    Column("note", Text, nullable=False),
    Column("apologies", Json, nullable=False),
    Column("no_shows", Json, nullable=False),
    Column("child_attended", Boolean),
    Column("child_conveyed", String(20), nullable=False),
    Column("child_under_four", Boolean, nullable=False),
    CheckConstraint("lacking_others >= 0", name="lacks_nobody_or_more"),
)

# A step of the ladder that is behind us; the round is the number of the line of history with which the ladder began.
chase_step = Table(
    "chase_step",
    metadata,
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("taken_on", Date, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("reached", Integer, nullable=False),
    CheckConstraint("outcome IN ('done', 'overtaken', 'not_needed')", name="outcome_known"),
)

# Who is told that a meeting waits for somebody: mailed once, in one mail about all that they are told of.
chase_notice = Table(
    "chase_notice",
    metadata,
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("round", BigInteger, primary_key=True, autoincrement=False),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("person_id", String(36), primary_key=True),
    Column("told_on", Date, nullable=False),
    Column("mailed", Boolean, nullable=False),
)
Index(None, chase_notice.c.mailed)

# A meeting that was moved or called off at short notice, and when it would have been.
late_change = Table(
    "late_change",
    metadata,
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("was_at", UtcDateTime, nullable=False),
    Column("what", String(12), nullable=False),
    Column("reason", String(20), nullable=False),
    CheckConstraint("what IN ('moved', 'cancelled')", name="what_known"),
)
Index(None, late_change.c.was_at)

# What the child and others add to a meeting's agenda; free text, so it never leaves this service.
agenda_point = Table(
    "agenda_point",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("wish", String(20), nullable=False),
    Column("position", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    CheckConstraint("wish IN ('talk', 'worker_only')", name="wish_known"),
)
Index(None, agenda_point.c.meeting_id)

# Whom the child would like to start a meeting, by their role.
agenda_start = Table(
    "agenda_start",
    metadata,
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("role", String(40), nullable=False),
)

# Whom a child does not want at their meetings; taken back by deleting it.
unwanted_person = Table(
    "unwanted_person",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("person_id", String(36), nullable=False),
    Column("name", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("said_by", String(36), nullable=False),
    Column("said_by_name", String(250), nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
)
Index(None, unwanted_person.c.child_id)

# Why somebody was invited although the child does not want them there.
invited_nevertheless = Table(
    "invited_nevertheless",
    metadata,
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), primary_key=True),
    Column("person_id", String(36), primary_key=True),
    Column("why", Text, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
