"""The tables of holding a meeting together: how it went."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from services.scheduling.adapters.tables import meeting, metadata
from shared.platform.db import Json

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
