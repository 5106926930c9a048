"""The tables of what a time must suit: people's hours, a child's lessons, a school's day, rooms."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table

from services.scheduling.adapters.tables import meeting, metadata
from shared.platform.db import Json, UtcDateTime

# From a day on, the stretches of each weekday that suit a person: [weekday, first minute, minute after].
working_hours = Table(
    "working_hours",
    metadata,
    Column("person_id", String(36), primary_key=True),
    Column("from_date", Date, primary_key=True),
    Column("hours", Json, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
)

lesson = Table(
    "lesson",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("child_id", String(36), nullable=False),
    Column("what", String(80), nullable=False),
    Column("weekday", Integer),
    Column("day", Date),
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("until", Date),
    Column("never", Boolean, nullable=False),
    Column("childs_wish", Boolean, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    CheckConstraint("starts < ends", name="ends_after_it_starts"),
    CheckConstraint("(weekday IS NULL) <> (day IS NULL)", name="weekly_or_once"),
)
Index(None, lesson.c.child_id)

school_day = Table(
    "school_day",
    metadata,
    Column("school_urn", String(20), primary_key=True),
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("lunch_starts", Integer, nullable=False),
    Column("lunch_ends", Integer, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    CheckConstraint("starts < ends AND lunch_starts < lunch_ends", name="ends_after_it_starts"),
)

# A room of a school, or of the authority's own at a `site`.
room = Table(
    "room",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("authority", String(40), nullable=False),
    Column("school_urn", String(20)),
    Column("site", String(200), nullable=False),
    Column("name", String(80), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    CheckConstraint("seats >= 0", name="seats_counted"),
)
Index(None, room.c.authority, room.c.school_urn)

# As `claim` for people: no room has two meetings in one quarter of an hour, whoever books first.
room_claim = Table(
    "room_claim",
    metadata,
    Column("room_id", String(36), ForeignKey(room.c.id), primary_key=True),
    Column("cell", Integer, primary_key=True),
    Column("meeting_id", String(36), ForeignKey(meeting.c.id), nullable=False),
)
Index(None, room_claim.c.meeting_id)
